import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.ceiling import Ceiling
from harness.engine.jobs import Job, Load
from harness.model import Arrival, Limit
from tests.engine.fakes import MS, S, arrival, limit


def load(source: str = "web", messages: int = 1) -> Load:
    made = Load("tracking", source)
    for index in range(messages):
        made.add(Job(arrival(index, 0), 0), 10)
    return made


def ceiling(*limits, lifted: bool = False) -> Ceiling:
    return Ceiling(limits, chance=random.Random(3), lifted=lifted)


@settings(max_examples=80, deadline=None)
@given(
    count=st.integers(1, 6),
    ways=st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 300), st.floats(0, 1)), min_size=1, max_size=40
    ),
)
def test_the_receiver_never_sees_more_than_the_limit_in_any_window_however_long_the_way(count, ways):
    held = ceiling(limit(count))
    now_ns, flying, received = 0, [], []
    for gap_ms, service_ms, share in ways:
        now_ns += gap_ms * MS
        each = load()
        while True:
            for done_ns, other in sorted(flying, key=lambda pair: pair[0]):
                if done_ns <= now_ns:
                    held.end(other, done_ns)
            flying = [(done_ns, other) for done_ns, other in flying if done_ns > now_ns]
            opens_ns = held.opens_at(each, now_ns)
            if opens_ns == now_ns:
                break
            now_ns = opens_ns if opens_ns is not None else min(done_ns for done_ns, _ in flying)
        held.begin(each, now_ns)
        flying.append((now_ns + service_ms * MS, each))
        received.append(now_ns + int(service_ms * MS * share))
    for at in received:
        assert sum(at <= other < at + S for other in received) <= count


def test_bursts_up_to_the_limit_are_not_delayed():
    held = ceiling(limit(500))
    for _ in range(500):
        each = load()
        assert held.opens_at(each, 7 * S) == 7 * S
        held.begin(each, 7 * S)
    assert held.opens_at(load(), 7 * S) is None


def test_the_window_opens_one_window_after_the_answer():
    held = ceiling(limit(1))
    first = load()
    held.begin(first, 0)
    held.end(first, 40 * MS)
    assert held.opens_at(load(), 50 * MS) == S + 40 * MS


def test_each_source_has_its_own_window_and_a_workspace_one_for_all():
    held = ceiling(limit(1), limit(2, scope="workspace"))
    for source in ("web", "app"):
        each = load(source)
        assert held.opens_at(each, 0) == 0
        held.begin(each, 0)
    assert held.opens_at(load("other"), 0) is None


def test_the_tightest_limit_decides_and_messages_count_by_their_number():
    held = ceiling(limit(100), limit(10, unit="messages", scope="workspace"))
    held.begin(load(messages=8), 0)
    assert held.opens_at(load(messages=2), 0) == 0
    assert held.opens_at(load(messages=3), 0) is None


def test_a_batch_larger_than_the_whole_limit_goes_when_the_window_is_empty():
    held = ceiling(limit(10, unit="messages"))
    large = load(messages=25)
    assert held.opens_at(large, 0) == 0
    held.begin(large, 0)
    assert held.opens_at(load(), 0) is None
    held.end(large, MS)
    assert held.opens_at(load(), S + 2 * MS) == S + 2 * MS


def test_a_lifted_ceiling_still_obeys_a_pause():
    held = ceiling(limit(1), lifted=True)
    each = load()
    held.begin(each, 0)
    held.begin(load(), 0)
    assert held.opens_at(load(), 0) == 0
    held.pause(each, 2 * S, 0)
    assert held.opens_at(load(), S) >= 2 * S


def test_a_pause_wakes_a_little_late_and_never_early():
    woken = set()
    for seed in range(30):
        held = Ceiling((limit(100),), chance=random.Random(seed))
        held.pause(load(), 10 * S, 0)
        woken.add(held.opens_at(load(), S))
    assert min(woken) >= 10 * S
    assert max(woken) <= 10 * S + 500 * MS
    assert len(woken) > 20


def test_a_later_shorter_pause_does_not_shorten_the_one_in_force():
    held = ceiling(limit(100))
    held.pause(load(), 10 * S, 0)
    held.pause(load(), 1 * S, 0)
    assert held.opens_at(load(), 2 * S) >= 10 * S


def test_once_the_backlog_is_gone_sends_are_free_again():
    held = ceiling(limit(10))
    held.pause(load(), S, 0)
    now_ns = held.opens_at(load(), 2 * S)
    held.begin(load(), now_ns)
    assert held.opens_at(load(), now_ns) > now_ns
    held.dry(load(), now_ns)
    assert held.opens_at(load(), now_ns) == now_ns


PROFILES = "/v1/spaces/{space}/collections/users/profiles/user_id:{user}/{what}"
OWN = Limit("profile", "per space", 2, S, "requests", "space", "a test")
EVENTS = Limit(
    "profile",
    "events",
    1,
    S,
    "requests",
    "space",
    "a test",
    "/v1/spaces/*/collections/users/profiles/*/events",
)


def call(space: str = "s1", what: str = "traits", *, user: str = "u", source: str = "server") -> Load:
    made = Load("profile", source)
    path = PROFILES.format(space=space, user=user, what=what)
    item = arrival(0, 0).item._replace(api="profile", kind="GET", source=source, path=path)
    made.add(Job(Arrival(0, item), 0), 10)
    return made


def test_each_api_has_its_own_windows():
    held = ceiling(limit(1), OWN)
    held.begin(load(), 0)
    assert held.opens_at(load(), 0) is None
    assert held.opens_at(call(), 0) == 0


def test_a_space_is_one_scope_whoever_calls_and_whomever_it_reads():
    held = ceiling(OWN)
    held.begin(call(user="a"), 0)
    held.begin(call(user="b", source="app"), 0)
    assert held.opens_at(call(user="c", source="other"), 0) is None
    assert held.opens_at(call("s2"), 0) == 0


def test_a_limit_of_an_endpoint_holds_that_endpoint_and_lets_the_others_run():
    held = ceiling(OWN, EVENTS)
    held.begin(call(what="events"), 0)
    assert held.opens_at(call(what="events", user="other"), 0) is None
    assert held.opens_at(call(), 0) == 0
    held.begin(call(), 0)
    assert held.opens_at(call(), 0) is None  # what the endpoint took counts for its API too
    assert held.scope_of(call()) != held.scope_of(call(what="events"))
    assert held.scope_of(call(user="a")) == held.scope_of(call(user="b"))


def test_a_429_pauses_the_scope_of_the_tightest_limit_and_no_other():
    held = ceiling(limit(500), OWN, EVENTS)
    held.pause(call(what="events"), 10 * S, 0)
    assert held.opens_at(call(what="events"), S) >= 10 * S
    assert held.opens_at(call(), S) == S
    held.pause(call(), 20 * S, 0)
    assert held.opens_at(call(source="app"), S) >= 20 * S
    assert held.opens_at(call("s2"), S) == S
    assert held.opens_at(load(), S) == S
    held.pause(load("web"), 30 * S, 0)
    assert held.opens_at(load("app"), S) == S


def test_messages_are_told_apart_by_the_endpoint_they_will_be_sent_to():
    batches = Limit("tracking", "batches", 1, S, "requests", "source", "a test", "/v1/batch")
    tracks = Limit("tracking", "tracks", 1, S, "requests", "source", "a test", "/v1/track")
    held = Ceiling((batches, tracks), chance=random.Random(3), batch=True)
    held.begin(load(messages=3), 0)
    assert held.opens_at(load(messages=2), 0) is None
    assert held.opens_at(load(messages=1), 0) is None  # a batch of one
    single = load()
    single.bytes = 40_000  # too large for a batch
    assert held.opens_at(single, 0) == 0
    alone = ceiling(batches, tracks)
    alone.begin(load(), 0)
    assert alone.opens_at(load(), 0) is None


def test_a_pause_is_no_reason_to_be_full():
    held = ceiling(limit(1))
    held.pause(load(), 5 * S, 0)
    assert held.opens_at(load(), 0) > 0
    assert not held.is_full(load(), 0)
    held.begin(load(), 0)
    assert held.is_full(load(), 0)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2)),
    calls=st.lists(
        st.tuples(
            st.integers(0, 500), st.sampled_from(["web", "app", "s1", "s2", "s1 events"]), st.integers(1, 200)
        ),
        min_size=1,
        max_size=40,
    ),
)
def test_no_receiver_sees_more_than_any_limit_in_any_scope(counts, calls):
    per_source, per_space, on_events = counts
    held = ceiling(limit(per_source), replace(OWN, count=per_space), replace(EVENTS, count=on_events))
    now_ns, flying, log = 0, [], []
    for gap_ms, who, service_ms in calls:
        now_ns += gap_ms * MS
        space, _, what = who.partition(" ")
        each = load(who) if who in {"web", "app"} else call(space, what or "traits")
        while (opens_ns := held.opens_at(each, now_ns)) != now_ns:
            first = min((done_ns for done_ns, _ in flying), default=now_ns)
            now_ns = max(now_ns, first if opens_ns is None else min(opens_ns, first) if flying else opens_ns)
            for done_ns, other in [pair for pair in flying if pair[0] <= now_ns]:
                held.end(other, done_ns)
                flying.remove((done_ns, other))
        held.begin(each, now_ns)
        flying.append((now_ns + service_ms * MS, each))
        log.append((now_ns, who))
    # The plain log of the other side: what each scope got in the second that ends with each request.
    for scopes, most in (
        ({"web"}, per_source),
        ({"app"}, per_source),
        ({"s1", "s1 events"}, per_space),
        ({"s2"}, per_space),
        ({"s1 events"}, on_events),
    ):
        sent = [at for at, who in log if who in scopes]
        assert all(sum(at - S < other <= at for other in sent) <= most for at in sent)
