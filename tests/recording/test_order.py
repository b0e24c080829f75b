"""The window sorts as far as it reaches, and says when it cannot."""

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Item, Place
from harness.recording.order import Window

_PLACE = Place("a", 1, 0, 0, -1, None)


def _item(index: int, at_ns: int) -> Item:
    return Item(index, "tracking", "track", "", at_ns, 0, (), None, _PLACE)


def _through(window: Window, times: list[int]) -> tuple[list[Item], list[Item]]:
    given_back, late = [], []
    for index, at_ns in enumerate(times):
        if not window.put(at_ns, item := _item(index, at_ns)):
            late.append(item)
        elif window.full and (ready := window.take()) is not None:
            given_back.append(ready)
    while (ready := window.take()) is not None:
        given_back.append(ready)
    return given_back, late


@given(st.lists(st.integers(0, 20), max_size=60))
def test_a_window_that_holds_everything_sorts_exactly_and_stably(times):
    given_back, late = _through(Window(100), times)
    assert not late
    assert given_back == sorted(given_back, key=lambda item: (item.at_ns, item.index))
    assert len(given_back) == len(times)


@given(st.lists(st.integers(0, 30), max_size=80), st.integers(1, 8))
def test_nothing_is_lost_and_what_comes_back_is_in_order(times, size):
    given_back, late = _through(Window(size), times)
    assert sorted(item.index for item in given_back + late) == list(range(len(times)))
    instants = [item.at_ns or 0 for item in given_back]
    assert instants == sorted(instants)


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(6, 9))
def test_items_displaced_by_less_than_the_window_are_never_late(jitters, size):
    times = [index + jitter for index, jitter in enumerate(jitters)]
    _, late = _through(Window(size), times)
    assert not late


def test_only_what_came_out_of_order_is_counted_as_put_in_order():
    window = Window(10)
    _through(window, [1, 2, 5, 3, 4, 6, 6])
    assert window.resorted == 2


def test_an_item_behind_what_was_given_back_is_late():
    given_back, late = _through(Window(2), [10, 20, 30, 5, 40])
    assert [item.at_ns for item in late] == [5]
    assert [item.at_ns for item in given_back] == [10, 20, 30, 40]
