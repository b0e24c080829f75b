"""Find who answers a call: the table of every path the mock knows."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from harness.mock import admin
from harness.mock.box import Box
from harness.mock.exchange import Call, Reply, refusal
from harness.mock.intake import take
from harness.segment.endpoints import Endpoint, endpoint_of

_TRACKING_METHOD: Final = "POST"

# path → method → who answers; HEAD is GET without its body.
_ADMIN: Final[dict[str, dict[str, Callable[[Box, str], Reply]]]] = {
    "/": {"GET": admin.about},
    "/__admin/health": {"GET": admin.health},
    "/__admin/ledger": {"GET": admin.ledger},
    "/__admin/ledger/ids": {"GET": admin.ledger_ids},
    "/__admin/ledger/messages": {"GET": admin.ledger_messages},
    "/__admin/reset": {"POST": admin.reset},
}

_NOT_FOUND: Final = refusal(404, "not_found", "no such path; POST to /v1/track, /v1/batch and their like")


def answer(box: Box, call: Call) -> Reply:
    """The reply to this call. Raises JournalError when it cannot be accounted for."""
    tracking = _tracking(call.target)
    if tracking is not None:
        return (
            take(box, tracking, call) if call.method == _TRACKING_METHOD else _wrong_method(_TRACKING_METHOD)
        )
    path, _, query = call.target.partition("?")
    methods = _ADMIN.get(path)
    if methods is None:
        return _NOT_FOUND
    respond = methods.get("GET" if call.method == "HEAD" else call.method)
    return respond(box, query) if respond is not None else _wrong_method(", ".join(methods))


@lru_cache(maxsize=256)  # a client sends to the same few
def _tracking(target: str) -> Endpoint | None:
    endpoint = endpoint_of(target)
    return endpoint if endpoint is not None and endpoint.api == "tracking" else None


def _wrong_method(allowed: str) -> Reply:
    return refusal(405, "method_not_allowed", f"this path takes {allowed}", ("Allow", allowed))
