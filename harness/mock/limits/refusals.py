"""Write the 429 of each API, with the body that its clients read."""

from typing import Final

from harness.mock.exchange import Reply, json_reply, refusal
from harness.mock.limits.headers import whole_seconds
from harness.mock.limits.throttle import Admission
from harness.units import NS_PER_MS

_LEGACY_PREFIXES: Final = ("/v1beta", "/workspaces")  # Config API docs, read 2025-11
_RESOURCE_EXHAUSTED: Final = 8  # its code of a 429


def refusal_reply(admission: Admission, api: str, path: str) -> Reply:
    """The answer to a refused call of this API; `path` tells the legacy Config API from the Public API."""
    if api == "profile":
        return _profile(admission)
    if api != "config":
        return _tracking(admission)
    return _legacy_config(admission) if path.startswith(_LEGACY_PREFIXES) else _public_api(admission)


def _tracking(admission: Admission) -> Reply:
    # What Segment writes here is undocumented.
    seconds = whole_seconds(admission.wait_ns)
    message = f"too many requests; try again in {seconds} s"
    return refusal(429, "rate_limit_exceeded", message, *admission.headers)


def _profile(admission: Admission) -> Reply:
    # Profile API docs, "Errors"; read 2025-11. The wording of the message is ours.
    error = {"code": "rate_limit_error", "message": "Too many requests hit the API too quickly."}
    return json_reply(429, {"error": error}, *admission.headers)


def _public_api(admission: Admission) -> Reply:
    # docs.segmentapis.com, "Rate Limits"; read 2026-08.
    data = {
        "remainingPoints": 0,
        "msBeforeNext": max(1, -(-admission.wait_ns // NS_PER_MS)),
        "consumedPoints": admission.consumed,
    }
    error = {"type": "RequestError", "message": "Too many requests", "data": data}
    return json_reply(429, {"errors": [error]}, *admission.headers)


def _legacy_config(admission: Admission) -> Reply:
    # Config API docs, "Errors": code 8; read 2025-11. The wording is ours.
    rule = admission.rule
    error = f"rate limit of {rule.count} {rule.unit} in {rule.window_s:g} s exhausted"
    return json_reply(429, {"error": error, "code": _RESOURCE_EXHAUSTED}, *admission.headers)
