"""Fresh people for each pass: keys that never meet, indexes that stay, and the way back to the recording."""

from hypothesis import given
from hypothesis import strategies as st

from harness.transform.renew import Rounds, recorded_before, renewed
from tests.measure.sends import an_item


def test_no_two_passes_share_a_person_and_each_leads_back():
    recorded = [an_item(0, keys=("u:1", "a:2")), an_item(1, keys=("17~u:1",)), an_item(2, keys=())]
    passes = [list(renewed(recorded, copy)) for copy in (1, 17)]
    keys = [{key for item in items for key in item.keys} for items in passes]
    assert not keys[0] & keys[1]
    for copy, items in zip((1, 17), passes, strict=True):
        assert [item.index for item in items] == [0, 1, 2]
        assert [recorded_before(item, copy).keys for item in items] == [item.keys for item in recorded]


def test_what_was_one_batch_stays_one_and_joins_no_other_pass():
    recorded = [an_item(0)._replace(group=("line", 1)), an_item(1)]
    (one, single), (other, _) = (renewed(recorded, copy) for copy in (1, 2))
    assert one.group != other.group
    assert single.group is None


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 1_000))
def test_each_index_belongs_to_the_copy_of_its_pass(sizes, first_copy):
    rounds = Rounds(first_copy)
    begins = [sum(sizes[:place]) for place in range(len(sizes))]
    for place, begin in enumerate(begins):
        assert rounds.begin(begin) == first_copy + place
    for place, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        assert rounds.copy_of(begin) == rounds.copy_of(begin + size - 1) == first_copy + place
    assert rounds.next_copy == first_copy + len(sizes)
