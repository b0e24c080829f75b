"""Every check fails the server that is wrong in just that, and passes the one that is right."""

import re
from pathlib import Path

import pytest

from harness.check_limits import AskedCheck, check_limits, limits_asked
from harness.limit_target import Confirmed
from harness.model import Limit
from harness.throttle.servers.checks import CHECKS
from harness.units import NS_PER_MS, NS_PER_S
from tests.throttle.servers import limiters as bad

MUTANTS = [
    ("under", bad.Half, "fail"),
    ("at", bad.Low, "fail"),
    ("burst", bad.Low, "fail"),
    ("burst", bad.Even, "fail"),
    ("over", bad.High, "fail"),
    ("over", bad.Unlimited, "fail"),
    ("over", bad.Failing, "inconclusive"),
    ("windows", bad.Early, "fail"),
    ("windows", bad.Starving, "fail"),
    ("edge", bad.Fixed, "fail"),
    ("edge", bad.FromFirst, "fail"),
    ("at-once", bad.Racy, "fail"),
    ("at-once", bad.Low, "fail"),
    ("announces", bad.Silent, "fail"),
    ("announces", bad.OfInstant, "fail"),
    ("announces", bad.Milliseconds, "fail"),
    ("announces", bad.Word, "fail"),
    ("announces", bad.Nought, "fail"),
    ("announces", bad.ResetIsInstant, "fail"),
    ("announces", bad.Date, "warn"),
    ("admits-then", bad.TooShort, "fail"),
    ("not-before", bad.TooLong, "fail"),
    ("remaining", bad.Boasting, "fail"),
    ("recovers", bad.Forgetful, "fail"),
    ("free", bad.CountsRefused, "fail"),
    ("isolation", bad.OneForAll, "fail"),
    ("unit", bad.CountsMessages, "fail"),
    ("size", bad.CountsBytes, "fail"),
    ("leaves-nothing", bad.StoresRefused, "fail"),
    ("leaves-nothing", bad.LosesAdmitted, "fail"),
]


def asked(limiter, url, *only, **more):
    window_ns = limiter.window_ns
    limit = Limit("tracking", "ten", limiter.count, window_ns, "requests", "source", "test")
    return AskedCheck(apis=("tracking",), target=(url,), only=only, limits=(limit,), **more)


def judged(limiter, *only, **more):
    with bad.serving(limiter) as url:
        done = check_limits(asked(limiter, url, *only, **more), lambda _: None)
    return {result.check.id: result for result in done.results}, done


@pytest.mark.parametrize(
    ("check", "server", "level"), MUTANTS, ids=[f"{row[0]}-{row[1].__name__}" for row in MUTANTS]
)
def test_a_check_sees_the_server_that_is_wrong_in_just_that(check, server, level):
    limiter = server(window_ns=getattr(server, "window_s", 1) * NS_PER_S)
    results, _ = judged(limiter, check)
    assert results[check].level == level, results[check].evidence


def test_every_check_has_a_server_that_fails_it():
    assert {check for check, _, level in MUTANTS if level == "fail"} == {check.id for check in CHECKS}


@pytest.mark.parametrize(("count", "window_s"), [(10, 60), (1, 1), (40, 2)])
def test_a_server_that_is_right_passes_every_check(count, window_s):
    results, done = judged(bad.Limiter(count, window_s * NS_PER_S))
    assert {id_: result for id_, result in results.items() if result.level not in {"pass", "n/a"}} == {}
    assert done.verdict == "pass"
    assert {id_ for id_, result in results.items() if result.level == "n/a"} <= {"under", "unit", "size"}


def test_windows_with_fixed_edges_can_be_allowed():
    for server in (bad.Fixed, bad.FromFirst):
        results, _ = judged(server(), "edge", "over", "windows", counting="fixed")
        assert {result.level for result in results.values()} == {"pass"}


def test_a_server_that_queues_stays_open_with_what_was_seen():
    results, done = judged(bad.Queueing(window_ns=200 * NS_PER_MS), "over")
    assert results["over"].level == "inconclusive"
    assert "it queues" in results["over"].evidence
    assert results["over"].advice.startswith("It holds back")
    assert done.exit_code == 4


def test_a_server_beyond_this_machine_is_asked_for_80_percent_and_no_more(monkeypatch):
    monkeypatch.setenv("SEGMENT_WRITE_KEY", "a-made-up-write-key-1234")
    limiter = bad.Another(window_ns=100 * NS_PER_MS)
    said = Confirmed(hosts=("127.0.0.1",), sources=("key:1234",))
    results, _ = judged(limiter, confirmed=said, loopback=lambda _: False)
    assert limiter.asked == 1 + 8  # one to see that it answers at all
    assert {id_ for id_, result in results.items() if result.level != "n/a"} == {"under"}
    assert results["over"].evidence.endswith("--confirm-workspace NAME allows that.")


def test_beyond_this_machine_a_higher_limit_is_no_failure(monkeypatch):
    monkeypatch.setenv("SEGMENT_WRITE_KEY", "a-made-up-write-key-1234")
    monkeypatch.setenv("SEGMENT_WORKSPACE", "staging")
    said = Confirmed(hosts=("127.0.0.1",), sources=("key:1234",), workspace="staging")
    limiter = bad.AnotherUnlimited(window_ns=100 * NS_PER_MS)
    results, _ = judged(limiter, "over", confirmed=said, loopback=lambda _: False)
    assert results["over"].level == "inconclusive"
    assert "A contract may allow more" in results["over"].evidence


def test_what_is_beyond_the_bounds_is_not_asked():
    limiter = bad.Limiter()
    results, done = judged(limiter, "under", "at", requests_most=11)
    assert [result.level for result in results.values()] == ["pass", "inconclusive"]
    assert "11 are allowed" in results["at"].evidence
    assert done.requests == limiter.asked == 11


def test_without_a_limit_what_hangs_on_a_refusal_stays_open():
    results, _ = judged(bad.Unlimited())
    failed = {id_ for id_, result in results.items() if result.level == "fail"}
    assert failed == {"over", "windows", "edge", "at-once", "remaining"}
    for name in ("announces", "admits-then", "recovers", "free", "isolation", "leaves-nothing"):
        assert results[name].evidence == "Nothing was refused, so there was nothing to see."


def test_a_server_that_knows_nobody_is_asked_once():
    limiter = bad.Stranger()
    results, done = judged(limiter, "under", "at", "remaining")
    assert {result.evidence for result in results.values()} == {"A request answered 401."}
    assert (limiter.asked, done.exit_code) == (1, 4)


def test_a_server_that_falls_silent_is_given_up():
    results, _ = judged(bad.Silenced(), "under", "burst", standing_answer_s=0.1)
    assert {result.level for result in results.values()} == {"inconclusive"}


def test_the_page_lists_every_check_as_it_is_called():
    page = (Path(__file__).resolve().parents[3] / "docs" / "check-limits.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE)
    assert rows == [(check.id, check.claim) for check in CHECKS]


def test_a_limit_can_be_written_in_messages():
    (limit,) = [each for each in limits_asked(["tracking=30messages/s"]) if each.api == "tracking"]
    assert (limit.count, limit.unit, limit.name) == (30, "messages", "Tracking 30 messages/s per source")


def test_a_server_without_bursts_fails_in_that_alone():
    results, _ = judged(bad.Even())
    assert {id_ for id_, result in results.items() if result.level == "fail"} == {"burst", "at-once"}


def test_what_queues_is_not_asked_again_and_again():
    limiter = bad.Queueing(window_ns=200 * NS_PER_MS)
    results, _ = judged(limiter, "over", "edge", "recovers")
    assert {result.evidence for result in results.values()} == {results["over"].evidence}
    assert limiter.asked == 1 + 15


def test_a_server_in_real_time_is_never_blamed_for_a_slow_host():
    limiter = bad.Another(window_ns=200 * NS_PER_MS)
    results, _ = judged(limiter, "under", "over", "edge", "at-once")
    assert {result.level for result in results.values()} <= {"pass", "inconclusive"}
