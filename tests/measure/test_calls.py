"""Profile and Config calls in the account of a run: apart by API, and whole together."""

from dataclasses import replace

from harness.measure.delivery_map import DeliveryMap
from harness.measure.freshness import Freshness
from harness.measure.limit_windows import LimitWindows
from harness.measure.reconcile import reconcile
from harness.measure.summary import fold
from harness.measure.tally import RunTally
from harness.measure.timeline import Timeline, TimelineWriter
from harness.model import Answer, Arrival, Decision, Limit, Outcome, Settlement, State
from harness.segment.profile_paths import traits_path
from harness.units import NS_PER_MS, NS_PER_S
from tests.measure.sends import START_NS, WALL_NS, a_request, an_item

MS, S = NS_PER_MS, NS_PER_S
PER_SPACE = Limit("profile", "2/s", 2, S, "requests", "space", "a test")
EVENTS = Limit("profile", "events", 1, S, "requests", "space", "a test", "/v1/spaces/*/events")
PER_SOURCE = Limit("tracking", "1/s", 1, S, "requests", "source", "a test")
ACCEPT = Decision(Outcome.ACCEPTED)


def call(index, api="profile", path=None, keys=()):
    item = an_item(index, api=api, kind="GET", source="server", keys=keys)
    return Arrival(0, item._replace(path=path or traits_path("s1", "u:1")))


def message(index):
    return Arrival(0, an_item(index))


class Told:
    def __init__(self, folder, arrivals):
        self.path = folder / "timeline.ndjson"
        self.map = DeliveryMap.create(folder / "delivery.map", run_id="r", fingerprint={})
        self.tally = RunTally(
            delivery_map=self.map,
            timeline=TimelineWriter(self.path),
            limits=(PER_SOURCE, PER_SPACE, EVENTS),
            freshness=Freshness(),
        )
        for arrival in arrivals:
            self.tally.selected([arrival.item])
        self.tally.started(START_NS, WALL_NS)

    def send(self, arrival, at_ns, took_ns, status=200, *, decision=ACCEPT, attempt=1, **answer):
        item = arrival.item
        request = replace(a_request([arrival], attempt), method=item.kind, path=item.path)
        self.tally.sending(request, START_NS + at_ns)
        done_ns = START_NS + at_ns + took_ns
        self.tally.answered(request, Answer(START_NS + at_ns, done_ns, status, **answer), decision)
        if decision.outcome is Outcome.ACCEPTED:
            self.tally.settled(
                [Settlement(arrival, State.ACCEPTED, None, START_NS + at_ns, done_ns, attempt, status)]
            )

    def summary(self, after_ns, recorded):
        self.tally.close(START_NS + after_ns)
        return fold(Timeline(self.path), self.map, recorded=recorded)


def test_each_api_is_counted_apart_and_all_of_them_together(tmp_path):
    arrivals = [message(0), message(1), call(2), call(3, path=traits_path("s1", "u:none")), call(4, "config")]
    told = Told(tmp_path, arrivals)
    told.send(arrivals[0], 0, 1 * MS)
    told.send(arrivals[2], 10 * MS, 5 * MS)
    told.tally.flush(START_NS + 1_500 * MS)  # the second second has messages alone
    told.send(arrivals[1], 1_600 * MS, 9 * MS)
    told.tally.flush(START_NS + 2_500 * MS)
    told.send(arrivals[3], 2_600 * MS, 7 * MS, 404, unknown_profile=True)
    told.send(arrivals[4], 2_700 * MS, 3 * MS, 429, decision=Decision(Outcome.RETRY, S))
    told.send(arrivals[4], 3_700 * MS, 4 * MS, attempt=2)
    summary = told.summary(4 * S, recorded=5)
    by_api = summary.by_api
    assert list(by_api) == ["tracking", "profile", "config"]
    assert [figures.requests for figures in by_api.values()] == [2, 2, 2]
    assert [dict(figures.by_status) for figures in by_api.values()] == [
        {"200": 2},
        {"200": 1, "404": 1},
        {"200": 1, "429": 1},
    ]
    assert [figures.accepted for figures in by_api.values()] == [2, 2, 1]
    assert [figures.throttled for figures in by_api.values()] == [0, 0, 1]
    assert [figures.service_time_ms.max for figures in by_api.values()] == [9, 5, 4]
    assert [figures.service_time_ms.count for figures in by_api.values()] == [2, 1, 1]
    assert [figures.response_time_ms.count for figures in by_api.values()] == [2, 2, 1]
    profile = by_api["profile"]
    assert (profile.found, profile.not_found, profile.hit_ratio) == (1, 1, 0.5)
    assert by_api["config"].hit_ratio is None
    assert by_api["config"].first_attempt_by_status == {"429": 1}
    # Together they are what the run has.
    totals = summary.totals
    assert dict(totals.by_status) == {"200": 4, "404": 1, "429": 1}
    assert (totals.accepted, totals.throttled) == (5, 1)
    assert summary.durations["service_2xx"].count == 4
    assert summary.durations["service_2xx"].max == 9
    assert sum(figures.requests for figures in by_api.values()) == totals.sent
    assert (summary.messages.accepted, summary.calls.accepted) == (2, 3)
    assert summary.disagreements == ()


def test_the_time_until_a_person_is_readable_is_in_the_account(tmp_path):
    first, early, late = message(0), call(1), call(2)
    told = Told(tmp_path, [first, early, late])
    told.send(first, 0, 10 * MS)
    told.send(early, 20 * MS, 5 * MS, 404, unknown_profile=True)
    told.send(late, 40 * MS, 5 * MS)
    profile = told.summary(S, recorded=3).by_api["profile"]
    assert (profile.still_missing_ms.count, profile.still_missing_ms.max) == (1, 15)
    assert (profile.readable_ms.count, profile.readable_ms.max) == (1, 35)


def test_without_a_read_in_sight_at_the_start_nothing_is_measured(tmp_path):
    told = Told(tmp_path, [message(0)])
    told.tally.selected([call(1).item])
    told.send(message(0), 0, 10 * MS)
    told.send(call(1), 20 * MS, 5 * MS)
    profile = told.summary(S, recorded=2).by_api["profile"]
    assert profile.found == 1
    assert profile.readable_ms is profile.still_missing_ms is None


def test_a_run_of_one_api_has_its_figures_too(tmp_path):
    told = Told(tmp_path, [message(0)])
    told.send(message(0), 0, 10 * MS)
    summary = told.summary(S, recorded=1)
    assert list(summary.by_api) == ["tracking"]
    assert summary.by_api["tracking"].service_time_ms == summary.durations["service_2xx"]
    assert b'"apis"' not in told.path.read_bytes()


def test_a_call_is_in_no_ledger_of_messages_and_so_not_missing():
    states = [State.ACCEPTED] * 3

    class Map:
        def byte(self, index):
            return states[index]

        def __len__(self):
            return len(states)

    arrivals = [{"id": "0", "class": "stored", "reason": ""}]
    account = reconcile(arrivals, Map(), index_of=int, ordered=None, complete=True, calls={1})
    assert (account.missing, account.samples) == (1, {"missing": ("2",)})


def test_limits_are_counted_in_the_scopes_they_speak_of(tmp_path):
    paths = [traits_path("s1", "u:1"), traits_path("s2", "u:1"), "/v1/spaces/s1/events"]
    arrivals = [call(index, path=paths[index % 3]) for index in range(6)]
    told = Told(tmp_path, arrivals)
    for arrival in arrivals:
        told.send(arrival, arrival.item.index * MS, MS)
    uses = {(use.name, use.label): use.peak_in_window for use in told.summary(S, recorded=6).limits}
    assert uses == {("2/s", "s1"): 4, ("2/s", "s2"): 2, ("events", "s1"): 2}


def test_what_a_429_pauses_at_the_least_is_one_scope():
    windows = LimitWindows((PER_SOURCE, PER_SPACE, EVENTS))

    def scope(arrival):
        return windows.scope_of(replace(a_request([arrival]), path=arrival.item.path or "/v1/track"))

    events = call(0, path="/v1/spaces/s1/events")
    assert scope(call(0)) == scope(call(1, path=traits_path("s1", "u:2")))
    assert len({scope(call(0)), scope(events), scope(call(0, path=traits_path("s2", "u:1")))}) == 3
    assert scope(message(0)) == ("tracking", "shop")
