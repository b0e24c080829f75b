from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BadLineError
from harness.transform.multiply import copy_shifts, multiply, recorded_item
from tests.engine.fakes import S, item


def told(items):
    return [(each.index, each.at_ns, each.keys) for each in items]


def test_copies_without_a_spread_come_at_the_same_instant_each_with_keys_of_its_own():
    two = [item(0, keys=["u:ann"], at_ns=5), item(1, keys=["u:bob", "a:1"], at_ns=7, group=("f", 1))]
    made = list(multiply(lambda: two, (0, 0)))
    assert told(made) == [
        (0, 5, ("u:ann",)),
        (1, 5, ("1~u:ann",)),
        (2, 7, ("u:bob", "a:1")),
        (3, 7, ("1~u:bob", "1~a:1")),
    ]
    assert [each.group for each in made] == [None, None, ("f", 1), (1, ("f", 1))]


@settings(max_examples=60)
@given(
    gaps=st.lists(st.integers(0, 5), max_size=20),
    shifts=st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda rest: (0, *sorted(rest))),
)
def test_a_spread_pass_is_all_copies_merged_by_their_shifted_instants(gaps, shifts):
    recorded = [item(i, keys=[f"u:{i % 3}"], at_ns=sum(gaps[: i + 1])) for i in range(len(gaps))]
    made = list(multiply(lambda: recorded, shifts))
    copies = len(shifts)
    expected = sorted(
        (each.at_ns + shifts[copy], each.index * copies + copy) for each in recorded for copy in range(copies)
    )
    assert [(each.at_ns, each.index) for each in made] == expected
    for copy in range(copies):
        own = [each for each in made if each.index % copies == copy]
        assert [recorded_item(each, copies).keys for each in own] == [each.keys for each in recorded]


def test_a_copy_is_read_from_where_it_can_be_next_and_not_earlier():
    opened = []

    def open_pass():
        opened.append(len(given_out))
        return iter([item(i, at_ns=i * S) for i in range(10)])

    given_out: list = []
    given_out.extend(multiply(open_pass, (0, 4 * S)))
    assert opened == [0, 4]


def test_items_without_a_time_take_turns():
    made = multiply(lambda: [item(i) for i in range(3)], (0, 5, 9))
    assert [each.index for each in made] == list(range(9))


def test_a_bad_line_is_told_when_all_copies_of_what_stood_before_it_were_given():
    def open_pass():
        yield item(0, at_ns=0)
        yield item(1, at_ns=S)
        raise BadLineError("a.ndjson:3: no item")

    made: list = []
    with pytest.raises(BadLineError, match="3"):
        made.extend(multiply(open_pass, (0, 10 * S)))
    assert [each.index for each in made] == [0, 2, 1, 3]


def test_shifts_are_one_in_each_part_of_the_spread_and_the_recording_stays_where_it_is():
    shifts = copy_shifts(11, 100 * S, Random("a"))
    assert shifts[0] == 0
    assert [shift // (10 * S) for shift in shifts[1:]] == list(range(10))
    assert shifts == copy_shifts(11, 100 * S, Random("a")) != copy_shifts(11, 100 * S, Random("b"))
    assert copy_shifts(1, 100 * S, Random("a")) == (0,)
    assert copy_shifts(3, 0, Random("a")) == (0, 0, 0)
