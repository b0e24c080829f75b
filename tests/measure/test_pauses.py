"""Waits that Retry-After asked for: honoured, violated, capped, of a scope or of one request."""

from harness.measure.counters import Counters
from harness.measure.pauses import ASKED_CAP_NS, Pauses
from harness.units import NS_PER_S


def test_a_send_at_the_asked_instant_honours_and_one_before_violates():
    kept, broken = Pauses(), Pauses()
    for pauses in (kept, broken):
        pauses.ask(("tracking", "shop"), 2 * NS_PER_S, NS_PER_S)
    kept.send(("tracking", "shop"), 3 * NS_PER_S)
    broken.send(("tracking", "shop"), 3 * NS_PER_S - 1)
    broken.send(("tracking", "shop"), 3 * NS_PER_S)
    assert (kept.asked, kept.honoured, kept.violated) == (1, 1, 0)
    assert (broken.asked, broken.honoured, broken.violated) == (1, 0, 1)


def test_another_scope_may_send_on():
    pauses = Pauses()
    pauses.ask(("tracking", "shop"), NS_PER_S, 0)
    pauses.send(("tracking", "web"), 1)
    assert pauses.violated == 0


def test_a_shorter_ask_does_not_end_a_longer_one():
    pauses = Pauses()
    pauses.ask(("tracking", "shop"), 5 * NS_PER_S, 0)
    pauses.ask(("tracking", "shop"), 1 * NS_PER_S, 0)
    pauses.send(("tracking", "shop"), 2 * NS_PER_S)
    assert pauses.violated == 1


def test_an_ask_beyond_the_cap_binds_for_the_cap():
    pauses = Pauses()
    pauses.ask(("tracking", "shop"), 10 * ASKED_CAP_NS, 0)
    pauses.send(("tracking", "shop"), ASKED_CAP_NS)
    assert (pauses.honoured, pauses.violated) == (1, 0)


def test_an_ask_after_which_nothing_was_sent_was_honoured():
    pauses = Pauses()
    pauses.ask(("tracking", "shop"), NS_PER_S, 0)
    pauses.end()
    assert pauses.honoured == 1


def test_each_pause_is_told_with_how_long_was_asked_and_waited():
    scope, pauses = ("tracking", "shop"), Pauses()
    pauses.ask(scope, 2 * NS_PER_S, NS_PER_S)
    pauses.ask(scope, 2 * NS_PER_S, NS_PER_S + 500)
    pauses.send(scope, 4 * NS_PER_S)
    pauses.ask(scope, NS_PER_S, 5 * NS_PER_S)
    pauses.send(scope, 5 * NS_PER_S + 1)
    pauses.ask(("tracking", "web"), NS_PER_S, 6 * NS_PER_S)
    pauses.end()
    second = Counters()
    pauses.take(second, NS_PER_S)
    assert second.pauses == [
        ("tracking", "shop", 0, 2 * NS_PER_S + 500, 3 * NS_PER_S, 2, True),
        ("tracking", "shop", 4 * NS_PER_S, NS_PER_S, 1, 1, False),
        ("tracking", "web", 5 * NS_PER_S, NS_PER_S, None, 1, True),
    ]
    read = Counters()
    read.add(second.to_json())
    assert read.pauses == second.pauses
    assert (read.retry_after_asked, read.retry_after_honoured, read.retry_after_violated) == (4, 3, 1)
    pauses.take(second, 0)
    assert len(second.pauses) == 3


def test_another_answer_asks_its_own_request_alone_to_wait():
    pauses = Pauses()
    pauses.ask_one(7, 2 * NS_PER_S, NS_PER_S)
    pauses.ask_one(8, 2 * NS_PER_S, NS_PER_S)
    pauses.ask_one(9, 2 * NS_PER_S, NS_PER_S)
    pauses.send(("tracking", "shop"), NS_PER_S + 1)
    pauses.send_again(7, 3 * NS_PER_S)
    pauses.send_again(8, 3 * NS_PER_S - 1)
    pauses.end()
    assert (pauses.asked, pauses.honoured, pauses.violated) == (3, 2, 1)
    assert pauses.over == []
