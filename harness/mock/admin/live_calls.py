"""Tell the live page what came since it last asked, and the body of one message on a click."""

from typing import Any, Final

import msgspec
import orjson

from harness.mock.account import CLASSES
from harness.mock.admin.asked import number_of
from harness.mock.box import Box
from harness.mock.exchange import Reply, json_reply, refusal
from harness.mock.kept import KeptCall, KeptMessage
from harness.mock.plain import Pieces
from harness.mock.rates import summed
from harness.mock.route import Visit
from harness.units import format_instant_us

_SHOWN_MOST: Final = 1_000
_LOOKED_AT_MOST: Final = 5_000  # messages for one answer
_NAME_MOST: Final = 300
_NEWEST: Final = 1 << 62
_PIECES: Final = msgspec.json.Decoder(Pieces)
_TOTALS: Final = ("received", *CLASSES, "unreadable_requests")


def live(box: Box, visit: Visit) -> Reply:
    """What came after `?after=SEQ`, newest last, and the figures of now.

    `?limit=`, `?write_key=` (as it is shown), `?class=` and `?search=` choose among what came.
    """
    after, limit = number_of(visit, "after", 0, _NEWEST), number_of(visit, "limit", 200, _SHOWN_MOST)
    events, skipped = _events(box, visit, after, limit)
    account = box.ledger.account()
    counts = account.document()
    now_ns, wall_ns = box.clock.now_ns(), box.clock.wall_ns()
    return json_reply(
        200,
        {
            "instance": box.ledger.instance,
            "now": format_instant_us(wall_ns),
            "clock": {"frozen": box.clock.frozen, "scale": box.clock.factor},
            "seq": box.kept.seq - 1,
            "evicted": box.kept.evicted_messages,
            "skipped": skipped,
            "events": events,
            "totals": {name: counts[name] for name in _TOTALS},
            "reasons": [
                {"class": class_, "reason": reason, "count": count}
                for (class_, reason), count in account.by_reason.most_common(50)
            ],
            "sources": [
                {name: row[name] for name in ("write_key", *_TOTALS)}
                for row in box.ledger.counts()["by_write_key"][:50]
            ],
            "stages": _stages(box),
            "rates": {
                "per_s": summed(rates.last(wall_ns) for rates in box.rates_by_api.values()),
                "by_api": {api: rates.last(wall_ns) for api, rates in box.rates_by_api.items()},
                "limits": [
                    {**row, "now": used}
                    for row, used in zip(box.limits.report(), box.limits.usage(now_ns), strict=True)
                ],
            },
            "faults": [
                {"name": row["name"], "matched": row["matched"], "used": row["used"]}
                for row in box.faults.report(now_ns)
            ],
        },
    )


def body(box: Box, visit: Visit) -> Reply:
    """The message with `?seq=`: as it came, and in its final form; 404 once it has left."""
    seq = number_of(visit, "seq", 0, _NEWEST)
    found = box.kept.find(seq)
    if not isinstance(found, KeptMessage):
        return refusal(404, "not_found", "this message's body is no longer kept, or never was")
    verdict = {
        "class": found.class_,
        "reason": found.reason,
        "status": found.call.status,
        "message_id": found.message_id,
        "path": found.call.path,
    }
    return json_reply(
        200,
        {"seq": seq, "verdict": verdict, "raw": orjson.Fragment(_raw(box, found)), "final": _final(found)},
    )


def _raw(box: Box, found: KeptMessage) -> bytes:
    """The message's own text, so that what a parser would lose can be seen; without the key it came with."""
    text = found.call.body
    if found.call.kind is None:
        text = bytes(_PIECES.decode(text).batch[found.seq - found.call.seq])
    key = found.call.key
    secret = box.ledger.secret(key) if key is not None else ""
    if key is None or not secret:
        return text
    return text.replace(orjson.dumps(secret), orjson.dumps(box.ledger.masked(key)))


def _final(found: KeptMessage) -> Any:
    try:
        return orjson.Fragment(orjson.dumps(found.final()))
    except orjson.JSONEncodeError:  # JSON is read deeper than it is written
        return "nested too deeply to be shown"


def _events(box: Box, visit: Visit, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """The newest that are wanted, oldest first, and how many that came since are not looked at."""
    search = (visit.one("search") or "").casefold()
    classes, key = set(visit.query.get("class", ())) - {""}, visit.one("write_key")
    events: list[dict[str, Any]] = []
    looked_at = 0
    for call in reversed(list(box.kept.since(after + 1))):
        if len(events) >= limit or looked_at >= _LOOKED_AT_MOST:
            break
        mask = None if call.key is None else box.ledger.masked(call.key)
        rows = [_message_row(m, mask) for m in box.kept.messages_of(call)] or [_call_row(call, mask)]
        for row in reversed(rows):
            if row["seq"] <= after or len(events) >= limit:
                break
            looked_at += 1
            if (
                (not classes or row["class"] in classes)
                and (not key or row["write_key"] == key)
                and (not search or search in _haystack(row))
            ):
                events.append(row)
    return events[::-1], max(0, box.kept.seq - 1 - after - looked_at)


def _haystack(row: dict[str, Any]) -> str:
    names = ("name", "user", "type", "message_id", "reason", "endpoint", "write_key")
    return "\n".join(str(row[name]) for name in names if row[name]).casefold()


def _call_row(call: KeptCall, mask: str | None) -> dict[str, Any]:
    return {
        "seq": call.seq,
        "received_at": format_instant_us(call.received_ns),
        "api": call.api,
        "endpoint": call.path[:_NAME_MOST],
        "status": call.status,
        "class": None,
        "reason": None,
        "message_id": None,
        "type": None,
        "name": None,
        "user": None,
        "write_key": mask,
        "has_body": False,
    }


def _message_row(kept: KeptMessage, mask: str | None) -> dict[str, Any]:
    message = kept.message if isinstance(kept.message, dict) else {}
    traits = message.get("traits")
    named = message.get("event") or message.get("name") or message.get("groupId")
    if named is None and isinstance(traits, dict):
        named = ", ".join(str(name) for name in list(traits)[:6])
    return {
        **_call_row(kept.call, mask),
        "seq": kept.seq,
        "class": kept.class_,
        "reason": kept.reason,
        "message_id": _text(kept.message_id),
        "type": _text(kept.kind),
        "name": _text(named),
        "user": _text(message.get("userId") or message.get("anonymousId")),
        "has_body": True,
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)[:_NAME_MOST]


def _stages(box: Box) -> list[dict[str, Any]]:
    rows = box.stage_counts.report()["rows"]
    if not isinstance(rows, list):
        return []
    return [
        {**row, "source": box.ledger.masked(row["source"])}
        for row in sorted(rows, key=lambda r: -r["count"])[:100]
    ]
