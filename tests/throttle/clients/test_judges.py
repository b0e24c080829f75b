"""Each judge on paper: what passes, what fails, what stays open."""

from dataclasses import replace

import pytest

from harness.throttle.clients import backing_off, flowing, keeping, retrying, waiting
from harness.throttle.clients.sight import EXITED, OUTLIVED, QUIET, Attempt, Ending, SeenMessage, Sight
from harness.units import NS_PER_MS, NS_PER_S

START = 1_700_000_000 * NS_PER_S
OK = Ending(EXITED, 0, 5 * NS_PER_S)
SILENT = Ending(OUTLIVED, None, 20 * NS_PER_S)


def message(number, *, stored=True, id_=None, **body):
    class_ = "stored" if stored else "faulted"
    return SeenMessage(id_ or f"m{number}", number, class_, stored, {"userId": "u", **body})


def attempt(at_s, status, *numbers, retry_after=None, count=None, messages=None):
    stored = status is not None and 200 <= status < 300
    held = messages or tuple(message(number, stored=stored) for number in numbers)
    at_ns = START + round(at_s * NS_PER_S)
    return Attempt(at_ns, "POST", "/v1/batch", status, retry_after, count, held, 100)


def sight(*attempts, ending=OK, events=None, **more):
    numbers = {m.number for a in attempts for m in a.messages}
    return Sight(events or len(numbers), START, attempts, ending, played=1, **more)


def verdict(judge, *sights):
    return judge(sights).verdict


REFUSED = attempt(0.1, 429, 1, 2, retry_after="2")


@pytest.mark.parametrize(
    ("at_s", "expected"),
    [(2.1, "pass"), (2.2, "pass"), (2.0999, "fail"), (0.2, "fail"), (13.0, "fail")],
)
def test_a_wait_is_kept_exactly_from_below_and_widely_from_above(at_s, expected):
    seen = sight(REFUSED, attempt(at_s, 200, 1, 2))
    assert verdict(waiting.waits_as_asked, seen) == expected


@pytest.mark.parametrize(
    ("waited_s", "stall_s", "expected"),
    [(1, 0, "pass"), (0.9, 0, "fail"), (4.9, 0, "pass"), (5, 0, "fail"), (6, 1, "fail"), (5, 3, "pass")],
)
def test_the_latest_wait_holds(waited_s, stall_s, expected):
    waits = [attempt(0, 429, 1, retry_after="5"), attempt(5, 429, 1, retry_after="1")]
    seen = sight(*waits, attempt(5 + waited_s, 200, 1), stall_ns=stall_s * NS_PER_S)
    assert verdict(waiting.takes_the_latest, seen) == expected


def test_a_stalled_machine_widens_the_upper_bound_alone():
    late = sight(REFUSED, attempt(13, 200, 1, 2), stall_ns=2 * NS_PER_S)
    assert verdict(waiting.waits_as_asked, late) == "pass"
    early = sight(REFUSED, attempt(2.0, 200, 1, 2), stall_ns=2 * NS_PER_S)
    assert verdict(waiting.waits_as_asked, early) == "fail"


def test_a_clock_that_was_set_leaves_it_open():
    seen = sight(REFUSED, attempt(2.0, 200, 1, 2), drift_ns=NS_PER_S)
    assert verdict(waiting.waits_as_asked, seen) == "inconclusive"


def test_what_never_comes_again_fails_when_it_is_over_and_is_open_else():
    assert verdict(retrying.sends_again, sight(REFUSED)) == "fail"
    assert verdict(retrying.sends_again, sight(REFUSED, ending=SILENT)) == "inconclusive"
    assert verdict(waiting.waits_as_asked, sight(REFUSED, ending=SILENT)) == "inconclusive"
    assert verdict(retrying.sends_again, sight(REFUSED, attempt(1, 200, 1), attempt(2, 200, 2))) == "pass"


def test_nothing_is_judged_where_nothing_was_seen():
    nothing = sight(events=3)
    for judge in (retrying.sends_again, keeping.loses_nothing, backing_off.grows, flowing.recovers):
        ruling = judge([nothing])
        assert ruling.verdict == "inconclusive"
        assert "HARNESS_URL" in ruling.evidence
    elsewhere = replace(nothing, elsewhere=2)
    assert "another write key" in keeping.loses_nothing([elsewhere]).evidence
    assert verdict(retrying.sends_again, replace(sight(REFUSED), played=0)) == "inconclusive"
    crashed = sight(REFUSED, ending=Ending(EXITED, -11, NS_PER_S))
    assert "it crashed" in retrying.sends_again([crashed]).evidence
    assert verdict(retrying.sends_again, replace(sight(REFUSED), lost_sight=True)) == "inconclusive"


def test_a_refused_request_that_is_split_is_no_repetition():
    whole = attempt(0.1, 400, 1, 2)
    assert verdict(retrying.sends_once, sight(whole, attempt(0.2, 400, 1), attempt(0.3, 400, 2))) == "pass"
    assert verdict(retrying.sends_once, sight(whole, attempt(0.2, 400, 1, 2))) == "fail"
    assert verdict(retrying.sends_once, sight(whole, attempt(0.2, 400, 1, 2, 3))) == "fail"
    assert verdict(retrying.sends_once, sight(whole, ending=SILENT)) == "inconclusive"


def test_a_pause_excuses_what_was_under_way_and_nothing_later():
    fine = sight(REFUSED, attempt(0.15, 200, 3), attempt(2.2, 200, 1, 2))
    assert verdict(waiting.pauses_all, fine) == "pass"
    assert verdict(waiting.pauses_all, sight(REFUSED, attempt(1, 200, 3), attempt(2.2, 200, 1, 2))) == "fail"
    assert verdict(waiting.pauses_all, sight(REFUSED, attempt(2.2, 200, 1, 2))) == "n/a"


def test_a_loop_is_five_of_one_message_within_a_breath():
    def tries(gap_s):
        refused = [attempt(0.1 + gap_s * n, 429, 1, retry_after="0") for n in range(4)]
        return sight(*refused, attempt(0.1 + gap_s * 4, 200, 1))

    assert verdict(waiting.does_not_loop, tries(0.01)) == "fail"
    assert verdict(waiting.does_not_loop, tries(0.5)) == "pass"
    gave_up = [attempt(0.1 + n, 429, 1, retry_after="0") for n in range(3)]
    assert verdict(waiting.does_not_loop, sight(*gave_up)) == "fail"
    assert verdict(waiting.does_not_loop, sight(*gave_up, ending=OK._replace(code=1))) == "pass"


def test_waits_that_double_grow_and_equal_ones_do_not():
    def copy(*gaps):
        at, attempts = 0.1, []
        for gap in gaps:
            attempts.append(attempt(at, 500, 1))
            at += gap
        return sight(*attempts, attempt(at, 200, 1))

    assert verdict(backing_off.grows, copy(0.5, 1, 2, 4), copy(0.4, 1, 2, 3.5)) == "pass"
    assert verdict(backing_off.grows, copy(1, 1, 1, 1), copy(1.1, 0.9, 1, 1)) == "fail"
    assert verdict(backing_off.grows, copy(1, 1)) == "n/a"
    assert verdict(backing_off.differs, copy(0.5, 1, 2), copy(0.5, 1, 2)) == "fail"
    assert verdict(backing_off.differs, copy(0.5, 1, 2), copy(0.5, 1.2, 2)) == "pass"
    assert verdict(backing_off.breathes_first, copy(0.005, 1, 2)) == "fail"


def test_copies_that_come_again_together_are_a_herd():
    def copy(at_s):
        return sight(REFUSED, attempt(at_s, 200, 1, 2))

    assert verdict(backing_off.scatters, copy(2.101), copy(2.11), copy(2.12)) == "fail"
    assert verdict(backing_off.scatters, copy(2.1), copy(2.3), copy(2.6)) == "pass"
    slow = replace(copy(2.3), jolt_ns=NS_PER_S)
    assert verdict(backing_off.scatters, copy(2.1), slow) == "inconclusive"
    assert verdict(backing_off.scatters, copy(0.3), copy(0.9)) == "n/a"


def test_losses_are_told_by_number_whether_counted_from_0_or_from_1():
    from_one = sight(attempt(0.1, 200, 1, 2, 4), events=4)
    assert "(3)" in keeping.loses_nothing([from_one]).evidence
    from_zero = sight(attempt(0.1, 200, 0, 1, 3), events=4)
    assert "(2)" in keeping.loses_nothing([from_zero]).evidence
    assert verdict(keeping.loses_nothing, sight(attempt(0.1, 200, 1, 2, 3))) == "pass"


def test_without_numbers_nothing_is_said_of_losses_unless_they_are_listed():
    bare = sight(attempt(0.1, 200, messages=(SeenMessage("a", None, "stored", True, {}),)), events=2)
    assert verdict(keeping.loses_nothing, bare) == "n/a"
    assert verdict(keeping.loses_nothing, replace(bare, produced=frozenset({"a"}))) == "pass"
    assert verdict(keeping.loses_nothing, replace(bare, produced=frozenset({"a", "b"}))) == "fail"


def test_what_is_given_up_has_to_be_said():
    refused = attempt(0.1, 400, 1, 2)
    assert verdict(keeping.says_what_it_lost, sight(refused)) == "fail"
    assert verdict(keeping.says_what_it_lost, sight(refused, ending=OK._replace(code=1))) == "pass"
    warned = sight(refused, ending=OK._replace(errors="giving up 2 messages"))
    assert verdict(keeping.says_what_it_lost, warned) == "pass"
    as_ever = replace(warned, facts={"plain_errors": "giving up 12 messages"})
    assert verdict(keeping.says_what_it_lost, as_ever) == "fail"
    assert verdict(keeping.says_what_it_lost, sight(refused, dropped=frozenset({1, 2}))) == "pass"
    assert verdict(keeping.says_what_it_lost, sight(refused, dropped=frozenset({1}))) == "fail"
    assert verdict(keeping.says_what_it_lost, sight(refused, dropped=frozenset({"m1", "m2"}))) == "pass"
    service = sight(refused, ending=Ending(QUIET, None, NS_PER_S))
    assert verdict(keeping.says_what_it_lost, service) == "n/a"


def test_a_repetition_is_the_same_message_under_the_same_id():
    refused = attempt(0.1, None, messages=(message(1, stored=True, timestamp="t"),))
    same = attempt(0.5, 200, messages=(message(1, timestamp="t", sentAt="later"),))
    assert verdict(keeping.keeps_content, sight(refused, same)) == "pass"
    assert verdict(keeping.keeps_ids, sight(refused, same)) == "pass"
    other = attempt(0.5, 200, messages=(message(1, id_="n1", timestamp="u"),))
    assert verdict(keeping.keeps_content, sight(refused, other)) == "fail"
    assert verdict(keeping.keeps_ids, sight(refused, other)) == "fail"
    assert verdict(keeping.keeps_ids, sight(same)) == "n/a"


def test_tries_are_counted_from_the_second_on():
    def tries(*counts):
        return sight(*(attempt(n, 500, 1, count=count) for n, count in enumerate(counts)))

    assert verdict(keeping.counts_its_tries, tries(None, "1", "2")) == "pass"
    assert verdict(keeping.counts_its_tries, tries("0", "1", "2")) == "fail"
    assert verdict(keeping.counts_its_tries, tries(None, None)) == "fail"


def test_a_queue_is_judged_by_what_twice_as_many_messages_take():
    def held(events, peak):
        ending = OK._replace(peak_bytes=peak)
        return sight(REFUSED, ending=ending, events=events, facts={"plain_bytes": 20_000_000})

    few = held(20_000, 40_000_000)
    assert verdict(keeping.bounds_its_queue, few, held(40_000, 60_000_000)) == "fail"
    assert verdict(keeping.bounds_its_queue, few, held(40_000, 41_000_000)) == "pass"
    assert verdict(keeping.bounds_its_queue, few, held(40_000, None)) == "n/a"


def test_an_end_by_the_signal_itself_is_no_answer_to_it():
    def ended(code, stop_s):
        stop_ns = None if stop_s is None else round(stop_s * NS_PER_S)
        return sight(REFUSED, ending=Ending(EXITED, code, NS_PER_S, stop_ns=stop_ns))

    assert verdict(keeping.ends_when_told, ended(1, 0.2)) == "pass"
    assert verdict(keeping.ends_when_told, ended(0, 0.2)) == "fail"
    assert verdict(keeping.ends_when_told, ended(-15, 0.2)) == "fail"
    assert verdict(keeping.ends_when_told, ended(1, 40)) == "fail"
    assert verdict(keeping.ends_when_told, sight(REFUSED, ending=SILENT)) == "fail"


def test_a_wait_without_end_is_one_beyond_five_minutes():
    huge = attempt(0.1, 429, 1, retry_after="86400")
    assert verdict(waiting.caps_waits, sight(huge, attempt(301, 200, 1))) == "pass"
    assert verdict(waiting.caps_waits, sight(huge, attempt(900, 200, 1))) == "fail"
    long = Ending(OUTLIVED, None, 400 * NS_PER_S)
    assert verdict(waiting.caps_waits, sight(huge, ending=long)) == "fail"
    assert verdict(waiting.caps_waits, sight(huge, ending=SILENT)) == "inconclusive"


def test_the_refused_must_not_wait_for_all_that_is_new():
    refused = attempt(0.1, 429, 1, retry_after="1")
    fresh = [attempt(1.2 + n / 2, 200, 10 + n) for n in range(9)]
    last = attempt(6, 200, 1)
    assert verdict(flowing.starves_nobody, sight(refused, *fresh, last)) == "fail"
    soon = attempt(1.15, 200, 1)
    assert verdict(flowing.starves_nobody, sight(refused, soon, *fresh)) == "pass"
    assert verdict(flowing.starves_nobody, sight(refused, soon)) == "n/a"


def test_requests_under_way_together_are_counted():
    many = [attempt(0.1 + n * 0.001, 200, n + 1) for n in range(100)]
    assert verdict(flowing.is_modest, sight(*many, facts={"answer_s": 0.3})) == "fail"
    few = [attempt(0.1 + n * 0.31, 200, n + 1) for n in range(10)]
    assert verdict(flowing.is_modest, sight(*few, facts={"answer_s": 0.3})) == "pass"


@pytest.mark.parametrize("text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"])
def test_a_date_is_read_as_the_time_until_then(text):
    early = attempt(0, 429, 1, retry_after=text)._replace(at_ns=784_111_770 * NS_PER_S + NS_PER_MS)
    assert waiting.asked_ns(early) == 7 * NS_PER_S - NS_PER_MS
    assert waiting.asked_ns(attempt(0, 429, 1, retry_after="soon")) is None
