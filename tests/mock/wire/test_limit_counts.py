"""How many calls are let in, exactly, with 64 callers at once and a clock that moves by our hand."""

import asyncio
from collections.abc import Callable
from fractions import Fraction

import pytest

from harness.units import NS_PER_US, parse_instant_ns
from tests.mock.boxed import KEY, OTHER_KEY, request, track
from tests.mock.wire.wired import CALLERS, FOREIGN, IOS, TOKEN, WEB, all_call, get, many_callers

COUNT = 100
# Advance so far, then have every caller send so many calls, one after the other.
STEPS = (
    (Fraction(0), 1),
    (Fraction(1, 4), 1),
    (Fraction(1, 4), 1),
    (Fraction(499, 1_000), 1),
    (Fraction(1, 1_000), 1),
    (Fraction(1, 4), 2),
    (Fraction(3, 4), 1),
    (Fraction(1, 100), 1),
    (Fraction(30), 2),
)


def sliding_log(_phase: Fraction) -> Callable[[Fraction, int], int]:
    """At most COUNT in any second."""
    admitted: list[tuple[Fraction, int]] = []

    def admit(at: Fraction, wanted: int) -> int:
        in_window = sum(count for then, count in admitted if then > at - 1)
        taken = min(wanted, COUNT - in_window)
        admitted.append((at, taken))
        return taken

    return admit


def fixed_window(phase: Fraction) -> Callable[[Fraction, int], int]:
    """At most COUNT in each second of the wall clock."""
    used: dict[int, int] = {}

    def admit(at: Fraction, wanted: int) -> int:
        second = int(phase + at)
        taken = min(wanted, COUNT - used.get(second, 0))
        used[second] = used.get(second, 0) + taken
        return taken

    return admit


def gcra(_phase: Fraction) -> Callable[[Fraction, int], int]:
    """A bucket of 30 that empties by COUNT a second."""
    state = {"level": Fraction(0), "at": Fraction(0)}

    def admit(at: Fraction, wanted: int) -> int:
        level = max(Fraction(0), state["level"] - (at - state["at"]) * COUNT)
        taken = min(wanted, int(30 - level))
        state.update(level=level + taken, at=at)
        return taken

    return admit


ORACLES = {
    "sliding-log": (sliding_log, {}),
    "fixed-window": (fixed_window, {}),
    "gcra": (gcra, {"burst": 30}),
}


def phase_of(mock) -> Fraction:
    """How far into its second the wall clock is; a step of the test never comes nearer to an edge."""
    now_us = parse_instant_ns(mock.admin("GET", "clock")["now"]) // NS_PER_US
    return Fraction(now_us % 1_000_000, 1_000_000)


@pytest.mark.parametrize("algorithm", ORACLES)
def test_every_window_admits_exactly_its_count_with_64_callers_at_once(mock, algorithm):
    oracle, more = ORACLES[algorithm]
    mock.freeze()
    mock.advance(float((Fraction(13, 10) - phase_of(mock)) % 1))  # all begin at the same place in a second
    mock.set_limits({"count": COUNT, "algorithm": algorithm, **more})
    admit, at = oracle(phase_of(mock)), Fraction(0)
    seen, expected, sent = [], [], 0

    async def story():
        nonlocal at, sent
        async with many_callers(mock.port) as callers:
            for ahead, rounds in STEPS:
                at += ahead
                mock.advance(float(ahead))
                statuses = []
                for _ in range(rounds):
                    calls = (request("POST", "/v1/track", track(f"m{sent + n}")) for n in range(CALLERS))
                    statuses += await all_call(callers, calls)
                    sent += CALLERS
                assert set(statuses) <= {200, 429}
                seen.append(statuses.count(200))
                expected.append(admit(at, CALLERS * rounds))

    asyncio.run(story())
    assert seen == expected
    assert mock.classes() == {"stored": sum(seen), "throttled": sent - sum(seen)}
    row = mock.limit()
    assert row["throttled"] == sent - sum(seen)
    assert row["peak_in_window"] == more.get("burst", COUNT)


# A queue lets in at once what a refusal would, then one turn after another; who would wait longer is refused.
QUEUES = [
    # algorithm, more, at once, then so many each time after so many seconds; the rest is refused
    ("sliding-log", {"count": 10, "queue_longest_s": 3}, 10, [(1, 10)] * 3),
    ("fixed-window", {"count": 20, "queue_longest_s": 2}, 20, [(0.7, 20), (1, 20)]),
    ("gcra", {"count": 10, "burst": 4, "queue_longest_s": 3}, 4, [(0.1, 1)] * 30),
]


@pytest.mark.parametrize(("algorithm", "more", "at_once", "turns"), QUEUES)
def test_a_queue_lets_everybody_in_at_their_turn_and_refuses_who_would_wait_too_long(
    mock, algorithm, more, at_once, turns
):
    mock.freeze()
    mock.advance(float((Fraction(13, 10) - phase_of(mock)) % 1))
    mock.set_limits({"algorithm": algorithm, "action": "queue", **more})
    refused = CALLERS - at_once - sum(count for _, count in turns)

    async def story():
        async with many_callers(mock.port) as callers:
            tasks = [
                asyncio.create_task(caller.call(request("POST", "/v1/track", track(f"m{number}"))))
                for number, caller in enumerate(callers)
            ]

            async def answered(count):
                while sum(task.done() for task in tasks) < count:
                    await asyncio.wait([t for t in tasks if not t.done()], return_when="FIRST_COMPLETED")
                return sum(task.done() for task in tasks)

            total = at_once + refused
            async with asyncio.timeout(10):
                assert await answered(total) == total
                for ahead, count in turns:
                    await asyncio.to_thread(mock.advance, ahead - 0.001)
                    assert await asyncio.to_thread(mock.waiting) == CALLERS - total
                    await asyncio.to_thread(mock.advance, 0.001)
                    total += count
                    assert await answered(total) == total
                    assert await asyncio.to_thread(mock.waiting) == CALLERS - total
            return [task.result().status_code for task in tasks]

    statuses = asyncio.run(story())
    assert (statuses.count(200), statuses.count(429)) == (CALLERS - refused, refused)
    row = mock.limit()
    assert (row["queued"], row["throttled"]) == (CALLERS - at_once - refused, refused)
    assert mock.classes() == {
        name: count for name, count in (("stored", CALLERS - refused), ("throttled", refused)) if count
    }


def test_a_batch_counts_by_its_messages_where_a_limit_does(mock):
    mock.freeze()
    mock.set_limits({"count": 100, "unit": "events"})
    batch = [{"batch": [track(f"{call}.{n}") for n in range(30)]} for call in range(8)]
    seen = [mock.send(body, path="/v1/batch").status_code for body in batch[:4]]
    assert seen == [200, 200, 200, 429]
    assert [mock.track(f"s{number}").status_code for number in range(12)] == [200] * 10 + [429] * 2
    assert mock.classes() == {"stored": 100, "throttled": 32}
    mock.advance(1)
    assert [mock.send(body, path="/v1/batch").status_code for body in batch[4:]] == [200, 200, 200, 429]
    assert mock.limit()["unit"] == "messages"


def test_a_batch_larger_than_a_whole_window_is_let_in_alone_and_takes_the_time_of_all_it_costs(mock):
    mock.freeze()
    mock.set_limits({"count": 10, "unit": "messages"})
    assert mock.send({"batch": [track(f"m{n}") for n in range(25)]}, path="/v1/batch").status_code == 200
    seen = []
    for _ in range(4):
        seen.append(mock.track(f"s{len(seen)}").status_code)
        mock.advance(1)
    assert seen[:2] == [429, 429]
    assert seen[-1] == 200
    assert mock.limit()["oversized"] == 1


def test_a_limit_of_one_endpoint_stands_beside_the_general_one(mock):
    mock.freeze()
    mock.set_limits({"name": "all", "count": 6}, {"name": "batches", "endpoint": "/v1/batch", "count": 2})
    batches = [mock.send({"batch": [track(f"b{n}")]}, path="/v1/batch").status_code for n in range(3)]
    singles = [mock.track(f"s{n}").status_code for n in range(5)]
    assert (batches, singles) == ([200, 200, 429], [200] * 4 + [429])
    throttled = {row["name"]: row["throttled"] for row in mock.admin("GET", "limits")["limits"]}
    assert throttled == {"all": 1, "batches": 1}


@pytest.mark.parametrize(
    ("api", "count", "window_s"), [("tracking", 500, 1), ("profile", 100, 1), ("config", 100, 60)]
)
def test_the_default_limits_are_those_of_the_brief_to_the_last_call(sourced, api, count, window_s):
    sourced.freeze()
    sourced.set_limits(preset="documented")
    rounds = count // CALLERS + 1
    calls = {
        "tracking": request("POST", "/v1/track", {"userId": "u", "event": "E"}, key=WEB),
        "profile": request(
            "GET", "/v1/spaces/spa_one/collections/users/profiles/user_id:u1/traits", key=TOKEN
        ),
        "config": get("/sources", f"Bearer {TOKEN}"),
    }

    async def story():
        seen = []
        async with many_callers(sourced.port) as callers:
            for ahead in (0, window_s - 0.001, 0.001):
                sourced.advance(ahead)
                statuses = []
                for _ in range(rounds):
                    statuses += await all_call(callers, [calls[api]] * CALLERS)
                seen.append(len(statuses) - statuses.count(429))
        return seen

    assert asyncio.run(story()) == [count, 0, count]


def test_a_limit_per_source_is_of_each_write_key_alone(mock):
    mock.freeze()
    mock.set_limits({"count": 3, "scope": "source"})
    for key in (KEY, OTHER_KEY):
        assert [mock.track(f"{key}{n}", key=key).status_code for n in range(4)] == [200] * 3 + [429]
    mock.admin("POST", f"reset?write_key={KEY}")
    assert [mock.track("again", key=key).status_code for key in (KEY, OTHER_KEY)] == [200, 429]


def test_a_limit_per_workspace_is_of_all_its_sources_together(sourced):
    sourced.freeze()
    sourced.set_limits({"count": 3, "scope": "workspace"})
    keys = [WEB, IOS] * 2 + [FOREIGN] * 4
    seen = [sourced.track(f"m{n}", key=key).status_code for n, key in enumerate(keys)]
    assert seen == [200] * 3 + [429] + [200] * 3 + [429]


def test_a_limit_of_tracking_per_space_is_of_all_sources_that_feed_it(sourced):
    sourced.freeze()
    sourced.set_limits({"count": 1, "scope": "space"})
    keys = [WEB, WEB, IOS]
    assert [sourced.track(f"m{n}", key=key).status_code for n, key in enumerate(keys)] == [200, 429, 200]


def test_a_limit_of_profiles_is_of_each_space_and_one_of_the_config_api_of_each_token(sourced):
    sourced.freeze()
    sourced.set_limits({"api": "profile", "count": 2}, {"api": "config", "count": 2})
    spaces = [sourced.profile("user_id:u1", space=s).status_code for s in ["spa_one"] * 3 + ["spa_two"]]
    assert spaces == [404, 404, 429, 404]
    tokens = [sourced.config("/sources", token=t).status_code for t in ["one"] * 3 + ["two"]]
    assert tokens == [200, 200, 429, 200]


def test_the_windows_of_a_scaled_clock_are_shorter(mock):
    mock.set_limits({"count": 1, "window_s": 60})
    assert [mock.track(f"a{n}").status_code for n in range(2)] == [200, 429]
    mock.admin("POST", "clock", {"scale": 1_000})

    assert any(mock.track(f"b{n}").status_code == 200 for n in range(5_000))
    assert mock.limit()["peak_in_window"] == 1
