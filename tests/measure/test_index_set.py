"""A set of indexes in bits."""

from hypothesis import given
from hypothesis import strategies as st

from harness.measure.index_set import IndexSet

INDEXES = st.integers(0, 5_000)


@given(st.sets(INDEXES, max_size=40), st.sets(INDEXES, max_size=40))
def test_it_holds_what_was_added_and_nothing_else(added, others):
    indexes = IndexSet()
    for index in added:
        indexes.add(index)
    assert all(index in indexes for index in added)
    assert not any(index in indexes for index in others - added)
    assert "1" not in indexes
