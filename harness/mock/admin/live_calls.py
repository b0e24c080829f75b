"""Tell the live page what came since it last asked, and the body of one message on a click."""

import heapq
from typing import Any, Final

import msgspec
import orjson

from harness.mock.account import CLASSES
from harness.mock.admin.asked import number_of
from harness.mock.admin.keyless import keyless_text
from harness.mock.admin.live_rows import Wanted, newest_rows, text_of
from harness.mock.box import Box
from harness.mock.exchange import Reply, json_reply, refusal
from harness.mock.kept import KeptMessage
from harness.mock.limits.rule import APIS
from harness.mock.rates import summed
from harness.mock.route import Visit
from harness.units import format_instant_us

_SHOWN_MOST: Final = 1_000
_LISTED_MOST: Final = 50  # write keys and reasons: those with the most messages
_STAGES_MOST: Final = 100
_NEWEST: Final = 1 << 62
_TOTALS: Final = ("received", *CLASSES, "unreadable_requests")


def live(box: Box, visit: Visit) -> Reply:
    """What came after `?after=SEQ`, newest last, and the figures of now.

    `?limit=`, `?write_key=` (as it is shown), `?class=`, which may be given more than once, and `?search=`
    choose among what came. `skipped` is how much of it was not looked at, because it was too much.
    """
    rows, skipped = newest_rows(box, _wanted(visit))
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
            "events": rows,
            "totals": {name: counts[name] for name in _TOTALS},
            "reasons": [
                {"class": class_, "reason": reason, "count": count}
                for (class_, reason), count in account.by_reason.most_common(_LISTED_MOST)
            ],
            "sources": _sources(box),
            "stages": _stages(box),
            "rates": {
                "per_s": summed(rates.last(wall_ns) for rates in box.rates_by_api.values()),
                "by_api": {api: rates.last(wall_ns) for api, rates in box.rates_by_api.items()},
                "limits": _limits(box, now_ns),
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
        {
            "seq": seq,
            "verdict": verdict,
            "raw": orjson.Fragment(_raw(found)),
            "final": _final(found),
            "evicted": box.kept.evicted_messages,
        },
    )


def _wanted(visit: Visit) -> Wanted:
    return Wanted(
        after=number_of(visit, "after", 0, _NEWEST),
        limit=number_of(visit, "limit", 200, _SHOWN_MOST),
        classes=frozenset(visit.query.get("class", ())) - {""},
        write_key=visit.one("write_key") or "",
        search=(visit.one("search") or "").lower(),
    )


def _raw(found: KeptMessage) -> bytes:
    """The message's own text, so that what a parser would lose can be seen; without the key it came with."""
    try:
        text = text_of(found.call, found.seq)
    except (msgspec.MsgspecError, RecursionError):  # one parser goes deeper than the other
        return b'"nested too deeply to be shown"'
    return keyless_text(text, found.message)


def _final(found: KeptMessage) -> Any:
    try:
        return orjson.Fragment(orjson.dumps(found.final()))
    except orjson.JSONEncodeError:  # JSON is read deeper than it is written
        return "nested too deeply to be shown"


def _limits(box: Box, now_ns: int) -> list[dict[str, Any]]:
    """The limits in force with what is used of them now; those that tell most of the messages first."""
    rows = [
        {**row, "now": used} for row, used in zip(box.limits.report(), box.limits.usage(now_ns), strict=True)
    ]
    return sorted(rows, key=lambda row: APIS.index(row["api"]))


def _sources(box: Box) -> list[dict[str, Any]]:
    rows = box.ledger.counts()["by_write_key"]
    if len(rows) > _LISTED_MOST:
        rows = heapq.nlargest(_LISTED_MOST, rows, key=lambda row: row["received"])
    return [{name: row[name] for name in ("write_key", *_TOTALS)} for row in rows]


def _stages(box: Box) -> list[dict[str, Any]]:
    rows = box.stage_counts.report()["rows"]
    if not isinstance(rows, list):
        return []
    return [
        {**row, "source": box.ledger.masked(row["source"])}
        for row in sorted(rows, key=lambda r: -r["count"])[:_STAGES_MOST]
    ]
