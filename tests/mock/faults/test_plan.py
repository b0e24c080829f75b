"""Which calls meet a fault: exact quotas, chances from a seed, and an account that adds up."""

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.mock.faults.latency import Latency
from harness.mock.faults.occasion import Occasion
from harness.mock.faults.plan import RULES_MOST, Faults, Played
from harness.mock.faults.rule import FaultRule

S = 1_000_000_000
KEY = "k" * 28 + "x9Qd"
CALL = Occasion("tracking", "/v1/track", "POST", KEY, ("track",))


def played_at(calls: int, seed: int = 0, **fields) -> list[int]:
    """The numbers, from 1, of the calls at which one rule plays."""
    faults = Faults([FaultRule(name="a", status=500, **fields)], seed)
    return [number for number in range(1, calls + 1) if faults.choose(CALL, number)]


def names(played: Played | None) -> tuple[str, ...]:
    return () if played is None else played.names


@pytest.mark.parametrize(
    ("quota", "calls"),
    [
        ({}, [*range(1, 13)]),
        ({"first": 3}, [1, 2, 3]),
        ({"every": 3}, [3, 6, 9, 12]),
        ({"every": 1}, [*range(1, 13)]),
        ({"uses": 2}, [1, 2]),
        ({"skip": 10}, [11, 12]),
        ({"skip": 2, "first": 3}, [3, 4, 5]),
        ({"skip": 1, "every": 4}, [5, 9]),
        ({"skip": 1, "first": 8, "every": 4, "uses": 1}, [5]),
        ({"every": 5, "uses": 1}, [5]),
        ({"first": 4, "every": 4}, [4]),
        ({"probability": 0}, []),
        ({"probability": 1}, [*range(1, 13)]),
    ],
)
def test_a_quota_is_exact(quota, calls):
    assert played_at(12, **quota) == calls


def test_calls_that_do_not_match_use_nothing_up():
    faults = Faults([FaultRule(status=500, first=2, method="POST")])
    calls = [CALL._replace(method=method) for method in ("GET", "POST", "GET", "POST", "POST")]
    assert [bool(faults.choose(call, 0)) for call in calls] == [False, True, False, True, False]


def test_a_window_is_open_from_its_start_to_just_before_its_end():
    faults = Faults([FaultRule(status=500, from_s=1.5, until_s=2, first=2)], started_ns=7 * S)
    at_s = (0, 7, 8.499999999, 8.5, 8.6, 8.7, 9, 10)
    assert [bool(faults.choose(CALL, round(at * S))) for at in at_s] == [
        False, False, False, True, True, False, False, False,
    ]  # fmt: skip
    told = faults.report(10 * S)[0]
    assert (told["matched"], told["used"], told["outside_window"], told["exhausted"]) == (3, 2, 5, True)


def test_a_window_that_has_passed_is_exhausted_and_one_to_come_is_not():
    faults = Faults([FaultRule(status=500, from_s=1, until_s=2)])
    assert [faults.report(round(at * S))[0]["exhausted"] for at in (0, 1, 1.999, 2)] == [
        False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("quota", [{"first": 2}, {"uses": 2}, {"skip": 1, "first": 1}])
def test_a_quota_that_is_used_up_is_exhausted_at_once(quota):
    faults = Faults([FaultRule(status=500, **quota)])
    seen = []
    for _ in range(3):
        seen.append(faults.report(0)[0]["exhausted"])
        faults.choose(CALL, 0)
    assert seen == [False, False, True]


@pytest.mark.parametrize("probability", [0.01, 0.3, 0.9])
@pytest.mark.parametrize("seed", [0, 1, 20_261_123])
def test_a_chance_comes_as_often_as_a_binomial_count_allows(probability, seed):
    calls = 1_000
    used = len(played_at(calls, seed, probability=probability))

    def tail(counts: range) -> float:
        odds: list[float] = [
            comb(calls, k) * probability**k * (1 - probability) ** (calls - k) for k in counts
        ]
        return sum(odds)

    assert tail(range(used + 1)) > 1e-4
    assert tail(range(used, calls + 1)) > 1e-4


def test_the_same_seed_gives_the_same_faults_and_another_gives_others():
    first = played_at(300, 1, probability=0.5)
    assert played_at(300, 1, probability=0.5) == first
    assert played_at(300, 2, probability=0.5) != first


def test_two_rules_of_one_seed_have_chances_of_their_own():
    faults = Faults([FaultRule(name=n, latency=Latency(ms=1), probability=0.5) for n in "ab"], 4)
    together = [names(faults.choose(CALL, 0)) for _ in range(200)]
    assert {(), ("a",), ("b",), ("a", "b")} == set(together)


def test_a_rule_put_before_another_does_not_move_its_chances_or_its_delays():
    rule = FaultRule(name="b", probability=0.4, latency=Latency(lower_ms=1, upper_ms=9))
    alone = Faults([rule], 9)
    beside = Faults([FaultRule(name="a", status=500, probability=0.5), rule], 9)

    def delays(faults: Faults) -> list[int]:
        chosen = [faults.choose(CALL, 0) for _ in range(200)]
        return [played.delay_ns if played and "b" in played.names else -1 for played in chosen]

    assert delays(alone) == delays(beside)


def test_latencies_add_up_and_the_first_outcome_plays():
    faults = Faults(
        [
            FaultRule(name="slow", latency=Latency(ms=10)),
            FaultRule(name="error", status=503, latency=Latency(ms=5), when="after"),
            FaultRule(name="late", outcome="empty", latency=Latency(ms=1_000)),
            FaultRule(name="slower", latency=Latency(ms=3)),
        ]
    )
    played = faults.choose(CALL, 0)
    assert played is not None
    assert (played.names, played.delay_ns) == (("slow", "error", "slower"), 18_000_000)
    assert (played.after, played.reason, played.status_seen()) == (True, "error", 503)
    late = faults.report(0)[2]
    assert (late["matched"], late["used"], late["overshadowed"], late["effects"]) == (1, 0, 1, {})
    assert faults.totals() == {"latency": 3, "status 503": 1}


def test_uses_follow_each_other_while_first_counts_what_matched():
    follow = Faults([FaultRule(status=500, uses=2), FaultRule(status=503, uses=2)])
    match = Faults([FaultRule(status=500, first=2), FaultRule(status=503, first=2)])

    def statuses(faults: Faults) -> list[int | None]:
        chosen = [faults.choose(CALL, 0) for _ in range(5)]
        return [played.status_seen() if played else 200 for played in chosen]

    assert statuses(follow) == [500, 500, 503, 503, 200]
    assert statuses(match) == [500, 500, 200, 200, 200]


def test_a_latency_alone_leaves_the_ledger_its_course():
    played = Faults([FaultRule(latency=Latency(ms=2))]).choose(CALL, 0)
    assert played is not None
    assert (played.after, played.outcome, played.reason, played.status_seen(400)) == (True, None, None, 400)


@pytest.mark.parametrize(
    ("outcome", "seen"),
    [("drip", 207), ("reset-after-body", 207), ("reset-before-head", None), ("reset-before-body", None),
     ("empty", None), ("truncated", None), ("garbage", None), ("malformed-chunk", None), ("hang", None)],
)  # fmt: skip
def test_the_status_seen_is_the_mocks_own_where_its_whole_answer_leaves(outcome, seen):
    played = Faults([FaultRule(outcome=outcome)]).choose(CALL, 0)
    assert played is not None
    assert played.status_seen(207) == seen
    assert not played.after


def test_without_rules_there_is_nothing_to_ask():
    faults = Faults()
    assert faults.rules == ()
    assert faults.choose(CALL, 0) is None
    assert (faults.report(0), faults.totals(), faults.wants_kinds) == ([], {}, False)


def test_kinds_are_wanted_while_a_rule_asks_for_a_type():
    faults = Faults([FaultRule(name="a", status=500, message_type="track")])
    assert faults.wants_kinds
    faults.remove("a")
    assert not faults.wants_kinds


def test_rules_are_numbered_by_their_place_past_names_that_are_taken():
    faults = Faults([FaultRule(status=500), FaultRule(name="fault-1", status=500), FaultRule(status=500)])
    assert [rule.name for rule in faults.rules] == ["fault-2", "fault-1", "fault-3"]
    faults.remove("fault-1")
    faults.add([FaultRule(status=500)], 0)
    assert [rule.name for rule in faults.rules] == ["fault-2", "fault-3", "fault-4"]


def test_a_name_stands_for_one_rule():
    faults = Faults([FaultRule(name="a", status=500)])
    with pytest.raises(UsageError, match='fault "a": name is given twice'):
        faults.add([FaultRule(name="b", status=500), FaultRule(name="a", status=500)], 0)
    with pytest.raises(UsageError, match='fault "c": name is given twice'):
        faults.replace([FaultRule(name="c", status=500)] * 2, 0)
    assert [rule.name for rule in faults.rules] == ["a"]


def test_there_may_only_be_so_many_rules():
    faults = Faults([FaultRule(status=500)] * RULES_MOST)
    with pytest.raises(UsageError, match="There would be 1001 faults, at most 1000 are kept"):
        faults.add([FaultRule(status=500)], 0)
    assert len(faults.rules) == RULES_MOST


def test_rules_added_later_count_their_window_from_then_and_leave_other_counts_alone():
    faults = Faults([FaultRule(name="a", latency=Latency(ms=1))])
    faults.choose(CALL, 0)
    faults.add([FaultRule(name="b", status=500, until_s=1)], 5 * S)
    assert names(faults.choose(CALL, 5 * S)) == ("a", "b")
    assert names(faults.choose(CALL, 6 * S)) == ("a",)
    assert [told["used"] for told in faults.report(0)] == [3, 1]


def test_what_rules_did_is_remembered_when_they_are_gone():
    faults = Faults([FaultRule(name="a", status=500)], 3)
    faults.choose(CALL, 0)
    faults.replace([FaultRule(name="b", outcome="empty")], 0)
    faults.choose(CALL, 0)
    assert faults.remove("b")
    assert not faults.remove("b")
    assert faults.rules == ()
    assert faults.totals() == {"status 500": 1, "empty": 1}
    assert faults.seed == 3
    faults.replace([], 0, seed=4)
    assert faults.seed == 4


def test_a_reset_starts_counts_chances_and_windows_over():
    rules = [FaultRule(name="a", status=500, probability=0.5, until_s=1), FaultRule(status=503, uses=1)]
    faults = Faults(rules, 8)
    first = [names(faults.choose(CALL, 0)) for _ in range(60)]
    faults.reset(10 * S)
    assert faults.totals() == {}
    assert [names(faults.choose(CALL, 10 * S)) for _ in range(60)] == first


def test_a_partition_is_reset_and_cleared_without_touching_its_neighbours():
    other = CALL._replace(write_key="other-key")
    faults = Faults([FaultRule(name=key, status=500, uses=1, write_key=key) for key in (KEY, "other-key")])
    for call in (CALL, other, CALL):
        faults.choose(call, 0)
    faults.reset(0, KEY)
    assert [told["used"] for told in faults.report(0)] == [0, 1]
    assert names(faults.choose(CALL, 0)) == (KEY,)
    assert faults.choose(other, 0) is None
    assert faults.totals() == {"status 500": 3}
    faults.clear(KEY)
    assert [rule.write_key for rule in faults.rules] == ["other-key"]


def test_the_report_shows_no_write_key_and_what_a_log_normal_cap_cut():
    faults = Faults([FaultRule(name="a", write_key=KEY, latency=Latency(median_ms=50, sigma=1, cap_ms=50))])
    for _ in range(100):
        faults.choose(CALL, 0)
    told = faults.report(0)[0]
    assert KEY not in str(told)
    assert told["rule"]["write_key"] == "…x9Qd"
    assert 20 < told["effects"]["latency_capped"] < 80
    assert told["effects"]["latency"] == told["used"] == 100
    assert 0 < told["delayed_ms"] < 5_000


SMALL = st.none() | st.integers(1, 6)


@st.composite
def fault_rules(draw) -> FaultRule:
    first = draw(SMALL)
    outcome = draw(st.sampled_from([None, "empty", "drip"]))
    return FaultRule(
        method=draw(st.sampled_from(["", "GET", "POST"])),
        skip=draw(st.integers(0, 3)),
        first=first,
        every=draw(st.none() | st.integers(1, first or 6)),
        uses=draw(SMALL),
        probability=draw(st.sampled_from([0, 0.5, 1])),
        from_s=draw(st.integers(0, 3)),
        until_s=draw(st.none() | st.integers(4, 9)),
        outcome=outcome,
        when=draw(st.sampled_from(["before", "after"])) if outcome else "before",
        latency=draw(st.none() | st.just(Latency(ms=1))) if outcome else Latency(ms=1),
    )


@settings(max_examples=100)
@given(
    st.lists(fault_rules(), max_size=5),
    st.lists(st.tuples(st.sampled_from(["GET", "POST"]), st.integers(0, 10)), max_size=40),
)
def test_the_account_adds_up_for_any_rules_and_any_calls(rules, calls):
    faults = Faults(rules, 1)
    delay_ns = played_names = outcomes = 0
    for method, at_s in calls:
        played = faults.choose(CALL._replace(method=method), at_s * S)
        if played is not None:
            delay_ns += played.delay_ns
            played_names += len(played.names)
            outcomes += played.outcome is not None
            assert len(set(played.names)) == len(played.names) > 0
            assert played.after or played.outcome is not None
    report = faults.report(0)
    for told, rule in zip(report, faults.rules, strict=True):
        spoken_of = sum(rule.method in ("", method) for method, _ in calls)
        assert told["matched"] + told["outside_window"] == spoken_of
        assert told["used"] + told["overshadowed"] <= told["matched"]
        assert told["used"] <= min(rule.uses or 99, rule.first or 99, max(0, told["matched"] - rule.skip))
        if rule.every:
            assert told["used"] <= max(0, told["matched"] - rule.skip) // rule.every
    assert sum(told["used"] for told in report) == played_names
    assert sum(told["delayed_ms"] for told in report) * 1_000_000 == delay_ns
    totals = faults.totals()
    assert totals.get("empty", 0) + totals.get("drip", 0) == outcomes
