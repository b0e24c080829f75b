"""Count again what became of the items, what they were about, and whom Segment would bill for."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.recount.evidence import Evidence
from tests.recount.folder import fingerprint_of
from tests.recount.rows import EQUAL, NEAR, Row, each, not_known

ENDS = ("accepted", "rejected", "abandoned", "dropped", "cancelled", "pending")
LOOKED_AT_MOST = 100_000
EVENTS_MOST = 200
MAP, BOTH, RECORDING = "delivery.map", "delivery.map + recording", "recording"


def became_rows(evidence: Evidence) -> Iterator[Row]:
    """Sums, contents and bill, from the delivery map and the recording."""
    told = evidence.told
    if evidence.map is None:
        yield not_known("messages, calls, contents, billed", "", "there is no delivery map")
        return
    yield Row("run_id", told["run_id"], evidence.map.run_id, MAP)
    yield Row("recording.fingerprint", told["recording"].get("fingerprint"), evidence.map.fingerprint, MAP)
    yield from _sums_hold(evidence)
    if evidence.items is None:
        reason = "the recording is not at hand, or not the one that was replayed"
        yield from _both_nouns(evidence, reason)
        yield not_known("selected_by, contents, billed.mtus", "", reason)
        return
    assert evidence.recording is not None
    yield Row(
        "recording.fingerprint, of the file",
        evidence.map.fingerprint,
        fingerprint_of(evidence.recording),
        RECORDING,
    )
    yield from _each_noun(evidence)
    yield from _selected_by(evidence)
    yield from _contents(evidence)
    yield from _billed(evidence)


def _sums_hold(evidence: Evidence) -> Iterator[Row]:
    for noun in ("messages", "calls"):
        sums = evidence.told[noun]
        yield Row(
            f"{noun}.recorded = selected + filtered",
            sums["recorded"],
            sums["selected"] + sums["filtered"],
            "told",
        )
        yield Row(f"{noun}.selected = the six ends", sums["selected"], sum(sums[end] for end in ENDS), "told")


def _both_nouns(evidence: Evidence, reason: str) -> Iterator[Row]:
    """Messages and calls together: which is which only the recording knows."""
    counts = Counter(evidence.map.became(index) for index in evidence.indexes())  # type: ignore[union-attr]
    for end in (*ENDS, "filtered"):
        told = sum(evidence.told[noun][end] for noun in ("messages", "calls"))
        yield Row(f"messages.{end} + calls.{end}", told, counts[end], MAP, EQUAL)
    yield not_known("messages and calls apart", "", reason)


def _each_noun(evidence: Evidence) -> Iterator[Row]:
    assert evidence.map is not None
    counts: dict[str, Counter[str]] = {"messages": Counter(), "calls": Counter()}
    for index in evidence.indexes():
        noun = counts["messages" if evidence.item(index).api == "tracking" else "calls"]
        became = evidence.map.became(index)
        noun[became] += 1
        noun["recorded"] += 1
        noun["selected"] += became != "filtered"
    for word, found in counts.items():
        for name in ("recorded", "filtered", "selected", *ENDS):
            yield Row(f"{word}.{name}", evidence.told[word][name], found[name], BOTH)


def _selected_by(evidence: Evidence) -> Iterator[Row]:
    assert evidence.map is not None
    selected = [index for index in evidence.indexes() if evidence.map.state(index) != "filtered"]
    told = evidence.told["selected_by"]
    kinds = Counter(evidence.item(index).kind for index in selected)
    if evidence.told["state"] == "dead":
        yield not_known("selected_by", "", "the timeline of a killed run lacks its last second")
        return
    yield from each("selected_by.type", told["type"], kinds, BOTH)
    yield from each("selected_by.source", told["source"], Counter(map(evidence.source, selected)), BOTH)


def _contents(evidence: Evidence) -> Iterator[Row]:
    told = evidence.told["contents"]
    if told is None:
        yield not_known("contents", None, "the run did not look its recording through")
        return
    assert evidence.map is not None
    order = evidence.due_order if evidence.due_order is not None else range(len(evidence.map.items))
    looked_at = [
        index
        for index in order
        if evidence.map.state(index) not in ("unread", "filtered") and evidence.item(index).api == "tracking"
    ]
    if evidence.told["recording"].get("error"):
        yield not_known("contents.complete", told["complete"], "reading ended at a bad line")
    else:
        yield Row("contents.complete", told["complete"], len(looked_at) <= LOOKED_AT_MOST, BOTH)
    looked_at = looked_at[:LOOKED_AT_MOST]
    yield Row("contents.looked_at", told["looked_at"], len(looked_at), BOTH)
    events: defaultdict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    sources: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for index in looked_at:
        item, became = evidence.item(index), evidence.map.became(index)
        events[item.kind, item.event][became] += 1
        sources[evidence.source(index)][became] += 1
    yield Row("contents.events", told["events"], len(events), BOTH)
    # A shown name may be cut and masked, so rows are compared as what they count.
    shown = sorted((row["messages"], sorted(row["ends"].items())) for row in told["by_event"])
    counted = sorted(events.values(), key=lambda ends: -ends.total())[:EVENTS_MOST]
    if len(events) <= EVENTS_MOST:
        found = sorted((ends.total(), sorted(ends.items())) for ends in counted)
        yield Row("contents.by_event[].messages and ends", shown, found, BOTH)
    rest = sum(ends.total() for ends in events.values()) - sum(ends.total() for ends in counted)
    yield Row("contents.messages_of_other_events", told["messages_of_other_events"], rest, BOTH)
    by_source = {name: dict(ends) for name, ends in sources.items()}
    yield Row("contents.by_source", told["by_source"], by_source, BOTH)
    yield Row("contents.sources", told["sources"], len(sources), BOTH)
    yield from _sizes(evidence, looked_at)


def _sizes(evidence: Evidence, looked_at: list[int]) -> Iterator[Row]:
    told = evidence.told["contents"]["message_sizes"]
    if evidence.copies > 1:
        yield not_known("contents.message_sizes", "", "a copy's ids are longer than the recorded ones")
        return
    sizes = [evidence.item(index).size_bytes for index in looked_at]
    yield Row("contents.message_sizes.biggest_bytes", told["biggest_bytes"], max(sizes, default=0), RECORDING)
    mean = sum(sizes) / len(sizes) if sizes else None
    yield Row("contents.message_sizes.mean_bytes", told["mean_bytes"], mean, RECORDING, NEAR)
    above = 0
    for one in told["bins"]:
        bound = one["to_bytes"]
        found = sum(1 for size in sizes if size > above and (bound is None or size <= bound))
        yield Row(f"contents.message_sizes to {bound}", one["messages"], found, RECORDING)
        above = bound or above


def _billed(evidence: Evidence) -> Iterator[Row]:
    assert evidence.map is not None
    told = evidence.told["billed"]
    accepted = [
        index
        for index in evidence.indexes()
        if evidence.map.state(index) == "accepted" and evidence.item(index).api == "tracking"
    ]
    yield Row("billed.api_calls", told["api_calls"], len(accepted), BOTH)
    if not told["mtus_complete"]:
        yield not_known("billed.mtus", told["mtus"], "the run looked at a part of its messages")
        return
    users: set[tuple[int, str]] = set()
    anonymous: set[tuple[int, str]] = set()
    joined: set[tuple[int, str]] = set()
    for index in accepted:
        # Each copy has people of its own. An id joined by an alias is no person beside the one it joins.
        item, copy = evidence.item(index), index % evidence.copies
        users |= {(copy, item.user)} if item.user else set()
        anonymous |= {(copy, item.anonymous)} if item.anonymous else set()
        joined |= {(copy, item.anonymous), (copy, item.previous)} if item.user else set()
    yield Row("billed.users", told["users"], len(users), BOTH)
    yield Row("billed.anonymous", told["anonymous"], len(anonymous - joined), BOTH)
    yield Row("billed.mtus", told["mtus"], len(users) + len(anonymous - joined), BOTH)
