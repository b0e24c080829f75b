"""Show the requests that came to the APIs, in WireMock's shape: listed, found, counted, unmatched."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from harness.mock.admin.asked import AskedWronglyError, form_of, number_of
from harness.mock.box import Box
from harness.mock.exchange import Reply, json_reply
from harness.mock.kept import KeptCall
from harness.mock.route import Visit
from harness.units import format_instant_us

NO_API: Final = "none"  # of a request that no path answers
_PATTERN_MOST: Final = 500


class RequestPattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests are meant; what is left out is anything. Names in camel case are WireMock's."""

    method: str = "ANY"
    url_path: str | None = msgspec.field(name="urlPath", default=None)
    url_path_pattern: str | None = msgspec.field(name="urlPathPattern", default=None)  # a regular expression
    write_key: str | None = None
    api: str | None = None
    status: int | None = None


def requests(box: Box, visit: Visit) -> Reply:
    """The last requests, newest first; `?limit=` and `?after=SEQ`."""
    limit, after = number_of(visit, "limit", 100), number_of(visit, "after", 0, 1 << 62)
    chosen = [call for call in box.kept.since(after + 1) if call.seq > after]
    return _listed(box, chosen, limit)


def unmatched(box: Box, visit: Visit) -> Reply:
    """The last requests whose path or method nobody answers, newest first."""
    limit = number_of(visit, "limit", 100)
    return _listed(box, [call for call in box.kept.calls if call.api == NO_API], limit)


def find(box: Box, visit: Visit) -> Reply:
    """The requests that the body's pattern means, newest first."""
    limit = number_of(visit, "limit", 100)
    return _listed(box, list(_found(box, visit)), limit)


def count(box: Box, visit: Visit) -> Reply:
    """How many requests the body's pattern means, of those that are kept."""
    return json_reply(200, {"count": sum(1 for _ in _found(box, visit)), **box.kept.report()})


def forget(box: Box, _visit: Visit) -> Reply:
    """Drop the kept requests and bodies; the ledger's counts stay."""
    box.feeding.catch_up()
    box.kept.reset()
    return json_reply(200, box.kept.report())


def _found(box: Box, visit: Visit) -> Iterator[KeptCall]:
    asked = form_of(visit, RequestPattern)
    pattern: re.Pattern[str] | None = None
    if asked.url_path_pattern is not None:
        if len(asked.url_path_pattern) > _PATTERN_MOST:
            raise AskedWronglyError(f"urlPathPattern is over {_PATTERN_MOST} characters; shorten it")
        try:
            pattern = re.compile(asked.url_path_pattern)
        except re.error as error:
            raise AskedWronglyError(f"urlPathPattern is no regular expression: {error}") from error
    key = None if asked.write_key is None else box.ledger.known_key(asked.write_key)
    for call in box.kept.calls:
        if (
            asked.method in ("ANY", call.method)
            and asked.url_path in (None, call.path)
            and (pattern is None or pattern.fullmatch(call.path))
            and (asked.write_key is None or (key is not None and call.key == key))
            and asked.api in (None, call.api)
            and asked.status in (None, call.status)
        ):
            yield call


def _listed(box: Box, calls: list[KeptCall], limit: int) -> Reply:
    newest = calls[::-1][:limit]
    return json_reply(
        200,
        {
            "requests": [_row(box, call) for call in newest],
            "meta": {"total": len(calls)},
            **box.kept.report(),
        },
    )


def _row(box: Box, call: KeptCall) -> dict[str, Any]:
    return {
        "seq": call.seq,
        "received_at": format_instant_us(call.received_ns),
        "api": call.api,
        "method": call.method,
        "path": call.path,
        "status": call.status,
        "retry_after": call.retry_after,
        "retry_count": call.retry_count,
        "write_key": None if call.key is None else box.ledger.masked(call.key),
        "messages": call.carried,
        "body_bytes": len(call.body),
        "matched": call.api != NO_API,
    }
