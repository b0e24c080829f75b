"""Sums: two accounts of the same items, and what is said when they differ."""

from harness.measure.sums import Sums, add_up

MAPPED = dict.fromkeys(
    ("unread", "filtered", "accepted", "rejected", "abandoned", "dropped", "cancelled", "pending"), 0
)


def test_a_clean_run_adds_up():
    counted = {"messages.selected": 3, "messages.filtered": 1, "messages.accepted": 3}
    messages, calls, disagreements = add_up(
        counted, MAPPED | {"filtered": 1, "accepted": 3}, recorded=4, closed=True
    )
    assert messages == Sums(recorded=4, filtered=1, selected=3, accepted=3)
    assert calls == Sums()
    assert disagreements == ()


def test_calls_are_taken_off_the_map():
    counted = {"messages.selected": 1, "messages.accepted": 1, "calls.filtered": 2}
    messages, calls, disagreements = add_up(
        counted, MAPPED | {"filtered": 2, "accepted": 1}, recorded=3, closed=True
    )
    assert (messages.filtered, calls.filtered, calls.recorded, messages.recorded) == (0, 2, 2, 1)
    assert disagreements == ()


def test_an_item_that_the_reader_saw_and_nobody_placed_is_missed():
    _, _, disagreements = add_up(
        {"messages.selected": 3, "messages.accepted": 3}, MAPPED | {"accepted": 3}, recorded=4, closed=True
    )
    assert disagreements == ("4 messages recorded, but 3 selected + 0 filtered",)


def test_an_item_selected_twice_or_settled_twice_is_noticed():
    counted = {"messages.selected": 4, "messages.accepted": 4}
    _, _, disagreements = add_up(counted, MAPPED | {"accepted": 3}, recorded=4, closed=True)
    assert "4 messages selected, but 3 ended in some state" in disagreements
    assert "4 items counted as accepted, but 3 in the delivery map" in disagreements


def test_after_a_kill_the_map_alone_speaks():
    messages, _, disagreements = add_up(
        {"messages.selected": 1}, MAPPED | {"accepted": 2, "pending": 1}, recorded=None, closed=False
    )
    assert messages == Sums(recorded=3, selected=3, accepted=2, pending=1)
    assert disagreements == ()


def test_more_ends_than_selected_calls_are_said():
    assert "2 calls more ended than were selected" in Sums(pending=-2).disagreements("calls")


def test_without_a_map_the_counts_speak():
    messages, _, _ = add_up(
        {"messages.selected": 3, "messages.accepted": 1}, None, recorded=None, closed=False
    )
    assert (messages.accepted, messages.pending) == (1, 2)
