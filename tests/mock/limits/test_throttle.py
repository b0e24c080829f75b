"""All limits together: who is let through, who waits, who is refused, and what they are told."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.mock.limits.presets import preset_rules
from harness.mock.limits.rule import LimitRule
from harness.mock.limits.throttle import Admission, Limits, Scopes
from tests.mock.limits.scripts import MS, S

ALGORITHMS = {
    "sliding-log": {"algorithm": "sliding-log"},
    "fixed-window": {"algorithm": "fixed-window"},
    "gcra": {"algorithm": "gcra", "burst": 3},
}


class Mock:
    """Limits on a clock that stands still until told."""

    def __init__(self, *rules: LimitRule, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.limits = Limits(rules, self.clock)

    def call(self, source="s", *, workspace="w", space="p", token="t", api="tracking", path="/v1/track", n=1):
        scopes = Scopes(source, workspace, space, token)
        return self.limits.admit(api, path, scopes, n, self.clock.now_ns())

    def is_let_through(self, source="s", **call) -> bool:
        admission = self.call(source, **call)
        return admission is None or not admission.refused

    def admitted(self, calls: int, source="s", **call) -> int:
        return sum(self.is_let_through(source, **call) for _ in range(calls))


def told(admission: Admission | None) -> dict[str, str]:
    assert admission is not None
    return dict(admission.headers)


def test_the_documented_limits_admit_exactly_their_counts_while_the_clock_stands():
    mock = Mock(*preset_rules("documented"))
    callers = [mock.is_let_through(f"key{n % 2}") for n in range(64 * 30)]
    assert callers.count(True) == 2 * 500
    assert mock.admitted(300, api="profile", path="/") == 100
    assert mock.admitted(300, api="config", path="/sources") == 100
    assert [row["throttled"] for row in mock.limits.report()] == [920, 200, 200]
    mock.clock.advance(S)
    assert mock.admitted(600, "key0") == 500
    assert mock.admitted(300, api="profile") == 100
    assert mock.admitted(300, api="config") == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_over_many_windows_the_rate_is_exact(algorithm):
    mock = Mock(LimitRule(count=30, **algorithm))
    admitted = 0
    for _ in range(10 * 1_000):  # ten seconds of a call each millisecond
        admitted += mock.is_let_through()
        mock.clock.advance(MS)
    assert admitted == 300 + (2 if "burst" in algorithm else 0)


def test_an_api_without_rules_is_let_through_with_nothing_to_say():
    assert Mock(LimitRule(count=1)).call(api="profile") is None
    assert Mock().call() is None


def test_a_call_let_through_by_a_quiet_rule_has_nothing_to_say_either():
    assert Mock(LimitRule(), LimitRule(scope="workspace")).call() is None


RULES = (
    LimitRule(count=3, window_s=1e-7),
    LimitRule(count=5, window_s=1e-7, scope="workspace", unit="messages"),
    LimitRule(count=2, window_s=2e-7, endpoint="/v1/batch", scope="token"),
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 80),
            st.sampled_from("ab"),
            st.sampled_from("xy"),
            st.sampled_from(["/v1/track", "/v1/batch"]),
            st.integers(1, 5),
        ),
        max_size=80,
    )
)
@settings(max_examples=100, deadline=None)
def test_of_several_rules_all_are_charged_or_none(script):
    mock, logs = Mock(*RULES), [[] for _ in RULES]
    for pause_ns, source, token, path, messages in script:
        now_ns = mock.clock.advance(pause_ns)
        facts = []
        for log, rule, scope in zip(logs, RULES, (source, "w", token), strict=True):
            cost = messages if rule.unit == "messages" else 1
            used = sum(c for of, at, c in log if of == scope and at > now_ns - rule.window_ns)
            if rule.endpoint in {None, path}:
                facts.append((log, (scope, now_ns, cost), used + cost <= rule.count))
        fits = all(fact[2] for fact in facts)
        assert mock.is_let_through(source, token=token, path=path, n=messages) == fits
        if fits:
            for log, entry, _ in facts:
                log.append(entry)


@given(
    algorithm=st.sampled_from(list(ALGORITHMS.values())),
    unit=st.sampled_from(["requests", "messages"]),
    script=st.lists(st.tuples(st.integers(0, 700), st.sampled_from("ab"), st.integers(0, 6)), max_size=60),
)
@settings(max_examples=100, deadline=None)
def test_the_quick_way_of_one_rule_decides_as_the_slow_way_of_several(algorithm, unit, script):
    rule = LimitRule(count=4, unit=unit, **algorithm)
    quick, slow = Mock(rule), Mock(rule, LimitRule(count=1_000_000))
    for pause_ms, source, messages in script:
        for mock in (quick, slow):
            mock.clock.advance(pause_ms * MS)
        assert quick.call(source, n=messages) == slow.call(source, n=messages)
    assert quick.limits.report()[0] == slow.limits.report()[0]


@given(
    algorithm=st.sampled_from(list(ALGORITHMS.values())),
    script=st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 4)), min_size=1, max_size=40),
)
@settings(max_examples=100, deadline=None)
def test_after_the_seconds_it_asked_for_it_admits_and_a_second_before_it_does_not(algorithm, script):
    mock = Mock(LimitRule(count=3, window_s=4.0, unit="messages", **algorithm))
    for pause_ms, messages in script:
        mock.clock.advance(pause_ms * MS)
        admission = mock.call(n=messages)
        if admission is None:
            continue
        assert admission.refused
        seconds = int(told(admission)["Retry-After"])
        assert told(admission)["X-RateLimit-Reset"] == str(seconds)
        assert seconds >= 1
        if admission.wait_ns > S:
            mock.clock.advance((seconds - 1) * S)
            assert not mock.is_let_through(n=messages)
            seconds = 1
        mock.clock.advance(seconds * S)
        assert mock.is_let_through(n=messages)


def test_the_longest_wait_of_several_rules_is_the_one_told():
    mock = Mock(
        LimitRule(name="short", count=1), LimitRule(name="long", count=1, window_s=60.0, scope="token")
    )
    mock.call()
    mock.clock.advance(S // 2)
    admission = mock.call()
    assert admission is not None
    assert (admission.rule.name, told(admission)["Retry-After"]) == ("long", "60")
    assert [row["throttled"] for row in mock.limits.report()] == [0, 1]


@pytest.mark.parametrize("scope", Scopes._fields)
def test_a_scope_is_limited_by_itself(scope):
    mock = Mock(LimitRule(count=2, scope=scope))
    for whose in ("one", "two"):
        calls = {name: whose if name == scope else "shared" for name in Scopes._fields}
        assert mock.admitted(5, **calls) == 2
    others = {name: "else" for name in Scopes._fields if name != scope}
    assert mock.admitted(5, **others, **{scope: "one"}) == 0


def test_a_limit_of_messages_counts_what_a_batch_carries():
    mock = Mock(LimitRule(count=500, unit="events"))
    assert mock.admitted(10, n=100) == 5
    assert mock.admitted(10, n=1) == 0
    assert mock.admitted(10, n=0) == 10
    assert mock.limits.report()[0]["peak_in_window"] == 500


def test_a_batch_larger_than_the_limit_is_let_through_alone_and_counted():
    mock = Mock(LimitRule(count=500, unit="messages"))
    assert mock.is_let_through(n=1)
    assert not mock.is_let_through(n=600)
    mock.clock.advance(S)
    assert mock.is_let_through(n=600)
    mock.clock.advance(S)
    assert [mock.is_let_through(n=401), mock.is_let_through(n=400)] == [False, True]
    assert mock.limits.report()[0]["oversized"] == 1


def test_a_rule_of_an_endpoint_adds_to_those_of_the_whole_api():
    mock = Mock(LimitRule(count=5), LimitRule(count=2, endpoint="/v1/import/"))
    assert mock.admitted(4, path="/v1/import") == 2
    assert mock.admitted(9, path="/v1/track") == 3


@pytest.mark.parametrize("path", ["/v1/import", "/v1/import/"])
def test_a_slash_at_the_end_is_the_same_endpoint(path):
    assert Mock(LimitRule(count=2, endpoint="/v1/import")).admitted(4, path=path) == 2


def test_a_pattern_is_the_same_whatever_its_parameter_is_called():
    mock = Mock(LimitRule(api="config", count=2, endpoint="/sources/{sourceId}"))
    assert mock.admitted(4, api="config", path="/sources/{source_id}") == 2
    assert mock.admitted(4, api="config", path="/sources") == 4


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_a_queue_delays_instead_of_refusing_and_keeps_the_rate(algorithm):
    mock = Mock(LimitRule(count=10, action="queue", queue_longest_s=30.0, **algorithm))
    served = []
    for _ in range(100):
        admission = mock.call()
        served.append(mock.clock.now_ns() + (admission.wait_ns if admission is not None else 0))
        mock.clock.advance(10 * MS)
    assert served == sorted(served)
    burst = algorithm.get("burst", 10)
    for first in range(len(served) - burst):
        # A fixed window may serve twice its count across an edge; then the next ones are a window later.
        more = 2 * burst if algorithm["algorithm"] == "fixed-window" else burst
        if first + more < len(served):
            assert served[first + more] - served[first] >= (S if burst == 10 else S // 10)
    assert served[-1] >= 9 * S
    row = mock.limits.report()[0]
    assert (row["throttled"], row["queued"]) == (0, sum(a > b * 10 * MS for b, a in enumerate(served)))
    assert row["peak_in_window"] == burst
    assert row["queued_longest_s"] == max(a - b * 10 * MS for b, a in enumerate(served)) / S


def test_who_would_queue_too_long_is_refused_until_the_queue_is_short_enough():
    mock = Mock(LimitRule(count=1, action="queue", queue_longest_s=2.5))
    waits = [mock.call() for _ in range(4)]
    assert [a and (a.refused, a.wait_ns, a.headers) for a in waits[:3]] == [
        None,
        (False, S, ()),
        (False, 2 * S, ()),
    ]
    assert waits[3] is not None
    assert (waits[3].refused, waits[3].wait_ns) == (True, S // 2)
    mock.clock.advance(S // 2 - 1)
    assert not mock.is_let_through()
    mock.clock.advance(1)
    admission = mock.call()
    assert admission is not None
    assert (admission.refused, admission.wait_ns) == (False, 2_500 * MS)


def test_a_refusal_names_the_rule_that_stands_in_the_way_longest_after_the_queue_is_counted_in():
    rules = (
        LimitRule(name="refuses", count=1, window_s=5.0),
        LimitRule(name="queues", count=1, window_s=10.0, action="queue", queue_longest_s=9.0),
    )
    for order in (rules, rules[::-1]):
        mock = Mock(*order)
        mock.call()
        admission = mock.call()
        assert admission is not None
        assert (admission.rule.name, admission.wait_ns) == ("refuses", 5 * S)


def test_a_call_that_another_rule_refuses_takes_no_place_in_the_queue():
    mock = Mock(LimitRule(count=1, action="queue"), LimitRule(count=2, window_s=60.0, scope="token"))
    assert mock.admitted(2) == 2
    assert mock.admitted(50) == 0
    admission = mock.call(token="other")
    assert admission is not None
    assert admission.wait_ns == 2 * S


def test_two_queues_hold_a_call_until_its_later_turn():
    rules = (
        LimitRule(count=1, action="queue"),
        LimitRule(count=1, scope="token", window_s=3.0, action="queue"),
    )
    mock = Mock(*rules)
    waits = [admission.wait_ns if admission else 0 for admission in (mock.call() for _ in range(3))]
    assert waits == [0, 3 * S, 6 * S]
    assert [row["queued"] for row in mock.limits.report()] == [0, 2]


def test_the_public_api_tells_of_its_limit_on_every_answer_and_truly():
    mock = Mock(LimitRule(api="config", count=5, window_s=60.0))
    said = []
    for _ in range(5):
        admission = mock.call(api="config")
        assert admission is not None
        assert (admission.refused, admission.wait_ns) == (False, 0)
        said.append(told(admission))
        mock.clock.advance(1_500 * MS)
    assert [(h["X-RateLimit-Consumed"], h["X-RateLimit-Remaining"]) for h in said] == [
        (str(n), str(5 - n)) for n in range(1, 6)
    ]
    refused = mock.call(api="config")
    assert refused is not None
    assert refused.refused
    assert (refused.consumed, refused.remaining) == (6, 0)
    assert told(refused)["X-RateLimit-Remaining"] == "0"
    assert told(refused)["Retry-After"] == "53"
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=mock.clock.wall_ns() // 1_000)
    reset = parsedate_to_datetime(told(refused)["X-RateLimit-Reset"])
    mock.clock.advance((reset - now) // timedelta(microseconds=1) * 1_000)
    assert mock.admitted(9, api="config") == 5


def test_of_two_rules_that_tell_the_one_nearest_to_its_end_does():
    mock = Mock(
        LimitRule(count=10, headers="legacy"),
        LimitRule(count=3, window_s=60.0, headers="legacy", endpoint="/v1/batch"),
        LimitRule(count=1_000),
    )
    assert told(mock.call(path="/v1/batch"))["RateLimit-Limit"] == "3"
    assert told(mock.call())["RateLimit-Limit"] == "10"


def test_a_queued_call_hears_the_headers_too():
    mock = Mock(LimitRule(count=1, action="queue"), LimitRule(count=10, headers="ietf", name="ten"))
    mock.call()
    admission = mock.call()
    assert admission is not None
    assert admission.wait_ns == S
    assert told(admission)["RateLimit"] == '"ten";r=8;t=1'


def test_windows_are_aligned_to_the_clock_on_the_wall():
    half_past = 1_735_689_630 * S  # 2025-01-01T00:00:30Z
    mock = Mock(
        LimitRule(count=2, window_s=60.0, algorithm="fixed-window"), clock=ManualClock(7 * S, half_past)
    )
    assert mock.admitted(3) == 2
    assert told(mock.call())["Retry-After"] == "30"
    mock.clock.advance(30 * S - 1)
    assert not mock.is_let_through()
    mock.clock.advance(1)
    assert mock.admitted(3) == 2


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_a_clock_that_steps_back_neither_opens_a_limit_nor_keeps_it_shut(algorithm):
    mock = Mock(LimitRule(count=3, **algorithm), clock=ManualClock(3_600 * S))
    assert mock.admitted(9) == 3
    mock.clock = ManualClock(5 * S)
    assert mock.admitted(9) == 0
    assert mock.limits.usage(mock.clock.now_ns()) == [3]
    mock.clock.advance(S)
    assert mock.admitted(9) == 3


def test_a_reset_forgets_everything_and_keeps_the_rules():
    mock = Mock(LimitRule(count=2), LimitRule(count=3, scope="workspace"))
    before = mock.limits.report()
    mock.admitted(9)
    mock.limits.reset()
    assert mock.limits.report() == before
    assert mock.admitted(9) == 2


def test_a_reset_of_one_source_leaves_the_others_and_what_they_share():
    mock = Mock(LimitRule(count=2), LimitRule(count=7, scope="workspace"))
    assert [mock.admitted(5, source, workspace="a") for source in "ab"] == [2, 2]
    mock.limits.reset("a")
    assert [mock.admitted(5, source, workspace="a") for source in "ab"] == [2, 0]
    mock.limits.reset("a")
    assert mock.admitted(5, "a", workspace="a") == 1


def test_other_rules_begin_with_nothing():
    mock = Mock(LimitRule(count=2))
    mock.admitted(5)
    mock.limits.replace([LimitRule(count=4), LimitRule(api="profile", count=1)])
    assert [rule.count for rule in mock.limits.rules()] == [4, 1]
    assert (mock.admitted(9), mock.admitted(9, api="profile")) == (4, 1)
    mock.limits.replace([])
    assert mock.limits.report() == []
    assert mock.admitted(9) == 9


def test_the_report_says_what_a_rule_is_and_what_it_did():
    mock = Mock(LimitRule(count=2, name="two", origin="docs, 2025-11", endpoint="/v1/track"))
    mock.admitted(5)
    mock.admitted(1, "other")
    (row,) = mock.limits.report()
    assert row == {
        "api": "tracking",
        "name": "two",
        "endpoint": "/v1/track",
        "count": 2,
        "window_s": 1.0,
        "unit": "requests",
        "scope": "source",
        "algorithm": "sliding-log",
        "burst": None,
        "retry_after_s": None,
        "action": "refuse",
        "queue_longest_s": None,
        "headers": "segment",
        "origin": "docs, 2025-11",
        "throttled": 3,
        "peak_in_window": 2,
        "queued": 0,
        "queued_s": 0.0,
        "queued_longest_s": 0.0,
        "oversized": 0,
        "scopes": 2,
        "crowded": 0,
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
def test_usage_is_that_of_the_fullest_scope_and_falls_to_nothing(algorithm):
    mock = Mock(LimitRule(count=3, **algorithm), LimitRule(count=9, scope="workspace"))
    mock.admitted(2, "a")
    mock.admitted(1, "b")
    usage = [mock.limits.usage(mock.clock.now_ns() + ahead * S // 10) for ahead in range(12)]
    assert usage[0] == [2, 3]
    assert usage[-1] == [0, 0]
    assert all(later[0] <= sooner[0] for sooner, later in pairwise(usage))
    assert mock.limits.report()[0]["scopes"] == 0


def test_no_key_is_in_what_a_person_may_read():
    mock = Mock(LimitRule(count=1))
    key = "k" * 32
    mock.admitted(3, key)
    assert key not in repr((mock.limits.report(), mock.limits, mock.limits._gates, mock.call(key)))
