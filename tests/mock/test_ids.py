"""A set of ids in little memory does what a set does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.mock.ids import IdSet

FEW = st.text("ab", max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "discard"]), st.lists(FEW, max_size=5)), max_size=30)


@given(STEPS, st.integers(0, 6))
def test_it_does_what_a_set_does_whatever_is_old(steps, generation):
    known: set[str] = set()
    compact = IdSet(generation)
    for verb, texts in steps:
        if verb == "add":
            fits = known.isdisjoint(texts) and len(set(texts)) == len(texts)
            assert compact.add_all(texts) is fits
            known.update(texts if fits else ())
        else:
            compact.discard(texts)
            known.difference_update(texts)
        assert len(compact) == len(known)
    assert all((text in compact) is (text in known) for text in ["", "a", "b", "ab", "ba", "aaa", *known])


def test_old_ids_that_share_a_bucket_are_told_apart_and_taken_out():
    crowd = [_Fixed(number << 40 | 5) for number in range(1, 60)]
    compact = IdSet(generation=0)
    assert compact.add_all(crowd)
    assert compact.add_all([_Fixed(100 << 40 | 5)])
    assert not compact.add_all([_Fixed(99 << 40 | 5), crowd[3]])
    for gone in crowd[::2]:
        compact.discard([gone])
        assert gone not in compact
    assert all(text in compact for text in crowd[1::2])
    assert len(compact) == len(crowd[1::2]) + 1


@pytest.mark.parametrize("generation", [0, 5_000, 1_000_000])
def test_a_hundred_thousand_are_all_known_and_no_other(generation):
    compact = IdSet(generation)
    for start in range(0, 100_000, 1_000):
        assert compact.add_all([f"id-{number}" for number in range(start, start + 1_000)])
    assert len(compact) == 100_000
    assert all(f"id-{number}" in compact for number in range(0, 100_000, 7))
    assert not any(f"no-{number}" in compact for number in range(10_000))
    assert not compact.add_all(["new", "id-0"])
    assert not compact.add_all(["new", "id-99999"])
    compact.clear()
    assert (len(compact), "id-1" in compact) == (0, False)
    assert compact.add_all(["id-1"])


class _Fixed(str):
    """An id with a digest of our choice."""

    __slots__ = ("digest",)

    def __new__(cls, digest):
        self = super().__new__(cls, digest)
        self.digest = digest
        return self

    def __hash__(self):
        return self.digest
