"""Compare what a receiver saw with what we know we sent, item by item.

What enters: the receiver's arrivals in their order, the delivery map, and the order that each person's
items should have kept. What leaves: counts, with a few message ids to start looking from. Memory is five
bytes an item, and a number for each person id when order is judged.

An arrival is *received* when its class is stored, duplicates or discarded, and also when a fault was played
on it after it was stored, as its timestamp says; refused and throttled ones were answered so. A duplicate or
an inversion is *explained* when an attempt of the item ended without a clear answer, or an earlier leg sent
it too: then a repeat is what should happen.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from harness.model import EARLIER_LEG, MAYBE_RECEIVED, State

SAMPLES_MOST: Final = 20

_STATE: Final = 0x0F
_EXPLAINS: Final = MAYBE_RECEIVED | EARLIER_LEG
_RECEIVED_CLASSES: Final = frozenset({"stored", "duplicates", "discarded"})
_KEPT_CLASSES: Final = frozenset({"stored", "duplicates"})
_NEVER_SENT: Final = frozenset({State.UNREAD, State.FILTERED, State.WAITING, State.DROPPED, State.CANCELLED})
_OPEN: Final = frozenset({State.IN_FLIGHT, State.WAITING_AGAIN})

_SEEN: Final = 1  # in the ledger in any class
_RECEIVED: Final = 2
_KEPT: Final = 4
_NO_RANK: Final = 0


class MapView(Protocol):
    """The part of `DeliveryMap` that is read here."""

    def byte(self, index: int) -> int: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the receiver's account says about ours."""

    by: str  # ledger, archive, delivery-overview
    complete: bool  # False when the receiver's account was lost on the way
    ledger_unique: int  # items that the receiver has
    missing: int | None  # accepted here and never received; None where nobody knows what was sent
    unexpected: int | None  # an id of this run that was never sent
    duplicates: int
    duplicates_explained: int
    out_of_order: int | None  # None when order was not asked for
    out_of_order_explained: int | None
    received_unconfirmed: int  # not accepted here and yet received, as an unclear answer allows
    received_though_refused: int  # refused in a clear answer and yet received
    discarded: Mapping[str, int]  # answered 200 and thrown away, by reason
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # message ids by key


def reconcile(
    arrivals: Iterable[Mapping[str, Any]],
    delivery_map: MapView,
    *,
    index_of: Callable[[str], int | None],
    ordered: Iterable[tuple[int, tuple[str, ...]]] | None,
    complete: bool,
    message_id: Callable[[int], str] = str,
    calls: Container[int] = (),
    by: str = "ledger",
) -> Reconciliation:
    """Judge the arrivals of one run.

    `arrivals` have "id", "class" and "reason", and "timestamp" where the receiver tells one: not null for
    what this arrival stored, whatever was answered. They come in the order of arrival, and are all of this
    run: an id that `index_of` cannot read is unexpected. `ordered` gives each sent item's index and lane keys
    in the order in which they should arrive, or None where none is promised. `message_id` turns an index back
    for the samples. `calls` are the items that are no messages: no ledger of messages has them.
    """
    items = len(delivery_map)
    marks = bytearray(items)
    ranks = array("I", bytes(4 * items))  # of the first received arrival, from 1
    counts: Counter[str] = Counter()
    discarded: Counter[str] = Counter()
    samples: dict[str, list[str]] = {"missing": [], "unexpected": [], "duplicates": [], "out_of_order": []}

    def note(name: str, found_id: str) -> None:
        if len(samples[name]) < SAMPLES_MOST:
            samples[name].append(found_id)

    rank = 0
    for arrival in arrivals:
        index = index_of(arrival["id"])
        if index is None or not 0 <= index < items:
            counts["unexpected"] += 1
            note("unexpected", arrival["id"])
            continue
        mark = marks[index]
        if not mark:
            known = delivery_map.byte(index)
            if known & _STATE in _NEVER_SENT and not known & EARLIER_LEG:
                counts["unexpected"] += 1
                note("unexpected", arrival["id"])
        mark |= _SEEN
        arrival_class = arrival["class"]
        stored = arrival.get("timestamp") is not None
        if stored or arrival_class in _RECEIVED_CLASSES:
            if mark & _RECEIVED or arrival_class == "duplicates":
                counts["duplicates"] += 1
                if delivery_map.byte(index) & _EXPLAINS:
                    counts["duplicates_explained"] += 1
                else:
                    note("duplicates", arrival["id"])
            mark |= _RECEIVED
            if stored or arrival_class in _KEPT_CLASSES:
                mark |= _KEPT
            else:
                discarded[str(arrival["reason"])] += 1
            if ranks[index] == _NO_RANK:
                rank += 1
                ranks[index] = rank
        marks[index] = mark

    for index, mark in enumerate(marks):
        counts["kept"] += mark & _KEPT != 0
        known = delivery_map.byte(index)
        state = known & _STATE
        if state == State.ACCEPTED:
            if not mark & _RECEIVED and index not in calls:
                counts["missing"] += 1
                note("missing", message_id(index))
        elif mark & _RECEIVED and state not in _NEVER_SENT:
            unclear = known & MAYBE_RECEIVED or state in _OPEN
            counts["received_unconfirmed" if unclear else "received_though_refused"] += 1

    if ordered is not None:
        for index, explained in _inversions(ordered, ranks, delivery_map):
            counts["out_of_order"] += 1
            if explained:
                counts["out_of_order_explained"] += 1
            else:
                note("out_of_order", message_id(index))
    return Reconciliation(
        by=by,
        complete=complete,
        ledger_unique=counts["kept"],
        missing=counts["missing"],
        unexpected=counts["unexpected"],
        duplicates=counts["duplicates"],
        duplicates_explained=counts["duplicates_explained"],
        out_of_order=None if ordered is None else counts["out_of_order"],
        out_of_order_explained=None if ordered is None else counts["out_of_order_explained"],
        received_unconfirmed=counts["received_unconfirmed"],
        received_though_refused=counts["received_though_refused"],
        discarded=dict(discarded),
        samples={name: tuple(ids) for name, ids in samples.items() if ids},
    )


def _inversions(
    ordered: Iterable[tuple[int, tuple[str, ...]]], ranks: "array[int]", delivery_map: MapView
) -> Iterable[tuple[int, bool]]:
    """`(index, explained)` of each item that arrived before an earlier item of a person it belongs to."""
    latest: dict[
        int, int
    ] = {}  # hash of a key: rank of its latest arrival, and whether that item explains itself
    for index, keys in ordered:
        rank = ranks[index] if 0 <= index < len(ranks) else _NO_RANK
        if rank == _NO_RANK:
            continue
        explains = delivery_map.byte(index) & _EXPLAINS != 0
        packed = rank << 1 | explains
        overtaken: list[bool] = []
        for key in keys:
            held = latest.get(hash(key), 0)
            if held >> 1 > rank:
                overtaken.append(bool(held & 1))
            else:
                latest[hash(key)] = packed
        if overtaken:
            yield index, explains or all(overtaken)
