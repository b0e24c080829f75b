"""Show the account of messages, wait for it, and make the mock forget."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import orjson

from harness.mock.account import CLASSES, DUPLICATES, STORED
from harness.mock.admin.asked import AskedWronglyError, form_of, number_of
from harness.mock.admin.keyless import keyless
from harness.mock.arrivals import Arrival
from harness.mock.box import Box
from harness.mock.exchange import Later, Reply, json_reply, stream_reply
from harness.mock.ids import IdSet
from harness.mock.kept import KeptMessage
from harness.mock.route import Visit
from harness.mock.waits import Awaited

_NDJSON: Final = "application/x-ndjson"
_ENTRIES_MOST: Final = 10_000
_REPEATED_MOST: Final = 100_000  # ids that came more than once
_CLASSES_MOST: Final = 100  # arrivals of an id that are told one by one

# The views of event people: what was taken, what was not, all of it.
_VIEWS: Final[dict[str, frozenset[str]]] = {
    "good": frozenset({STORED}),
    "bad": frozenset(CLASSES) - {STORED},
    "all": frozenset(CLASSES),
}


def counts(box: Box, visit: Visit) -> Reply:
    """The counts: of every write key, or of `?write_key=`; and the limits in force."""
    return json_reply(
        200,
        {
            **box.ledger.counts(visit.one("write_key")),
            "limits": box.limits.report(),
            "stages": box.stage_counts.report(),
            **box.kept.report(),
        },
    )


def ids(box: Box, visit: Visit) -> Reply:
    """One NDJSON line for each arrival so far, in order.

    Of ids that begin with `?prefix=`, of `?write_key=`, of `?view=good|bad|all` or `?class=` only.
    """
    return stream_reply(_NDJSON, box.ledger.told(_asked_arrivals(box, visit)))


def _asked_arrivals(box: Box, visit: Visit) -> Iterator[list[Arrival]]:
    key, known = _key_of(box, visit)
    if not known:
        return iter(())
    classes = _classes_of(visit)
    arrivals = box.ledger.arrivals(prefix=visit.one("prefix") or "", key=key)
    if classes == _VIEWS["all"]:
        return arrivals
    return ([a for a in piece if a.class_ in classes] for piece in arrivals)


def messages(box: Box, visit: Visit) -> Reply:
    """The messages whose bodies are kept, oldest first, and how many have left.

    Stored ones in their final form, unless `?view=bad|all` or `?class=` asks for others, which are shown as
    they came with what became of them; `?write_key=`, `?after=SEQ` and `?limit=` choose further.
    """
    key, known = _key_of(box, visit)
    after, limit = number_of(visit, "after", 0, 1 << 62), number_of(visit, "limit", _ENTRIES_MOST)
    plain = visit.one("view") is None and not visit.one("class")
    classes = _VIEWS["all"] if plain else _classes_of(visit)
    shown = _final if plain else _told

    def pieces() -> Iterator[bytes]:
        yield b'{"evicted":%d,"messages":[' % box.kept.evicted_messages
        between = b""
        left = limit if known else 0
        for call in list(box.kept.since(after + 1)):
            if left <= 0:
                break
            if key is not None and call.key != key:
                continue
            chosen = [
                m
                for m in box.kept.messages_of(call)
                if m.seq > after and m.class_ in classes and (m.is_stored or not plain)
            ][:left]
            left -= len(chosen)
            if chosen:
                yield between + b",".join([shown(m) for m in chosen])
                between = b","
        yield b"]}"

    return stream_reply("application/json", pieces())


def duplicates(box: Box, visit: Visit) -> Reply:
    """The ids that came again after they were stored, with what became of each arrival, worst first.

    `?write_key=` looks at what that key sent alone, `?limit=` says how many are shown. The first
    `_REPEATED_MOST` of them are looked at; arrivals of others are counted as `unlisted_arrivals`.
    """
    key, known = _key_of(box, visit)
    limit = number_of(visit, "limit", 1_000)
    return stream_reply("application/json", _duplicates(box, key, limit if known else None))


def _duplicates(box: Box, key: int | None, limit: int | None) -> Iterator[bytes]:
    """As JSON, in one piece at the end; empty pieces before it give others their turn."""
    tracking = box.settings.tracking
    # Only then can an id be stored twice; otherwise what came again says so itself.
    stored = IdSet() if not tracking.dedupe or tracking.dedupe_hours is not None else None
    repeated: dict[str, list[str]] = {}
    arrivals: Counter[str] = Counter()
    unlisted = 0
    for piece in box.ledger.arrivals(key=key) if limit is not None else ():
        for message_id, _, class_, _, _, _, timestamp_ms in piece:
            if message_id is None:
                continue
            again = class_ == DUPLICATES
            if stored is not None and timestamp_ms is not None:
                again = not stored.add_all((message_id,))
            if not again:
                continue
            if message_id in repeated or len(repeated) < _REPEATED_MOST:
                repeated[message_id] = []
            else:
                unlisted += 1
        yield b""
    for piece in box.ledger.arrivals(key=key) if repeated else ():
        for arrival in piece:
            if arrival.message_id in repeated:
                arrivals[arrival.message_id] += 1
                if len(repeated[arrival.message_id]) < _CLASSES_MOST:
                    repeated[arrival.message_id].append(arrival.class_)
        yield b""
    yield orjson.dumps(
        {
            "ids": len(repeated),
            "unlisted_arrivals": unlisted,
            "shown": min(limit or 0, len(repeated)),
            "duplicates": [
                {"id": message_id, "arrivals": count, "classes": repeated[message_id]}
                for message_id, count in arrivals.most_common(limit or 0)
            ],
        }
    )


def people(box: Box, visit: Visit) -> Reply:
    """The order per person, of the stored messages whose bodies are kept.

    For each person, by `userId` else `anonymousId`: how many came, and how many came after one that is later
    by its own clock; `?user=` shows that person's messages in order of arrival.
    """
    key, known = _key_of(box, visit)
    return stream_reply("application/json", _people(box, key, visit.one("user"), known=known))


def _people(box: Box, key: int | None, wanted: str | None, *, known: bool) -> Iterator[bytes]:
    """As JSON, in one piece at the end; empty pieces before it give others their turn."""
    kept_then = box.kept.report()
    newest: dict[str, int] = {}
    counts: dict[str, list[int]] = {}
    own: list[bytes] = []
    for call in list(box.kept.calls) if known else []:
        if not call.carried or (key is not None and call.key != key):
            continue
        for kept in box.kept.messages_of(call):
            if not kept.is_stored:
                continue
            person = str(kept.message.get("userId") or kept.message.get("anonymousId"))
            told = counts.setdefault(person, [0, 0])
            told[0] += 1
            timestamp_ns = kept.timestamp_ns
            told[1] += timestamp_ns < newest.get(person, timestamp_ns)
            newest[person] = max(timestamp_ns, newest.get(person, timestamp_ns))
            if person == wanted:
                own.append(_final(kept))
        yield b""
    out_of_order = {person: told for person, told in counts.items() if told[1]}
    document: dict[str, Any] = {
        "people": len(counts),
        "out_of_order_messages": sum(told[1] for told in counts.values()),
        "out_of_order_people": len(out_of_order),
        "worst": [
            {"user": person, "messages": told[0], "out_of_order": told[1]}
            for person, told in sorted(out_of_order.items(), key=lambda item: -item[1][1])[:100]
        ],
        **kept_then,
    }
    if wanted is not None:
        document["user"] = {"user": wanted, "messages": [orjson.Fragment(m) for m in own]}
    yield orjson.dumps(document)


def wait(box: Box, visit: Visit) -> Reply | Later:
    """Answer when the ledger holds what the body asks for (`waits.Awaited`), or when its time is over."""
    awaited = form_of(visit, Awaited)
    asked_bytes = len(visit.call.body or b"")
    trouble = box.waits.trouble(awaited, asked_bytes)
    if trouble is not None:
        raise AskedWronglyError(trouble)
    return Later(lambda deliver: box.waits.wait(awaited, deliver, asked_bytes))


def reset(box: Box, visit: Visit) -> Reply:
    """Forget everything, and be a new instance; with `?write_key=` forget that partition alone."""
    write_key = visit.one("write_key")
    if write_key is None:
        box.forget()
        return json_reply(200, {"instance": box.ledger.instance})
    box.feeding.catch_up()  # profiles stay, so they have to have seen what goes now
    return json_reply(200, {"instance": box.ledger.instance, "known": box.forget_key(write_key)})


def _key_of(box: Box, visit: Visit) -> tuple[int | None, bool]:
    """The ledger's number of the asked write key, and whether there is anything of it."""
    write_key = visit.one("write_key")
    if write_key is None:
        return None, True
    number = box.ledger.known_key(write_key)
    return number, number is not None


def _classes_of(visit: Visit) -> frozenset[str]:
    named = visit.one("class")
    if named:
        classes = frozenset(named.split(","))
        if classes - _VIEWS["all"]:
            raise AskedWronglyError(f"class={named[:80]!r}: the classes are {', '.join(CLASSES)}")
        return classes
    view = visit.one("view") or "all"
    if view not in _VIEWS:
        raise AskedWronglyError(f"view={view[:80]!r}: the views are {', '.join(_VIEWS)}")
    return _VIEWS[view]


def _final(kept: KeptMessage) -> bytes:
    try:
        return orjson.dumps(kept.final())
    except orjson.JSONEncodeError:  # JSON is read deeper than it is written
        return orjson.dumps({"messageId": kept.message_id, "unshowable": "nested too deeply to be shown"})


def _told(kept: KeptMessage) -> bytes:
    verdict = {"seq": kept.seq, "class": kept.class_, "reason": kept.reason, "id": kept.message_id}
    try:
        return orjson.dumps({**verdict, "message": keyless(kept.message), "final": kept.final()})
    except orjson.JSONEncodeError:
        return orjson.dumps({**verdict, "unshowable": "nested too deeply to be shown"})
