"""Which paths the admin answers; WireMock's names where it has one."""

from importlib.metadata import version
from typing import Final

from harness.mock.admin import control, ledger_calls, live_calls, requests
from harness.mock.box import Box
from harness.mock.exchange import Reply, json_reply
from harness.mock.route import Route, Visit
from harness.units import format_instant_us

NAME: Final = "segment-harness"  # the replay's guard knows a mock of this project by it
HEALTH: Final = "/__admin/health"

_API: Final = "admin"


def health(box: Box, _visit: Visit) -> Reply:
    """Who answers here, and its clock; open to everybody, as it tells nothing of what came."""
    return json_reply(
        200,
        {
            "mock": NAME,
            "version": version("segment-harness"),
            "instance": box.ledger.instance,
            "state": "ready",
            "now": format_instant_us(box.clock.wall_ns()),
        },
    )


def figures(box: Box, _visit: Visit) -> Reply:
    """What is counted beside messages: profiles, tokens, telemetry, stages."""
    return json_reply(
        200,
        {
            "profiles": box.feeding.report(),
            "oauth": box.oauth.report(),
            "telemetry": box.telemetry.report(),
            "stages": box.stage_counts.report(),
            **box.kept.report(),
        },
    )


ROUTES: Final = (
    Route("GET", HEALTH, _API, health),
    Route("GET", "/__admin/figures", _API, figures),
    Route("GET", "/__admin/ledger", _API, ledger_calls.counts),
    Route("GET", "/__admin/ledger/ids", _API, ledger_calls.ids),
    Route("GET", "/__admin/ledger/messages", _API, ledger_calls.messages),
    Route("GET", "/__admin/ledger/duplicates", _API, ledger_calls.duplicates),
    Route("GET", "/__admin/ledger/people", _API, ledger_calls.people),
    Route("POST", "/__admin/ledger/wait", _API, ledger_calls.wait),
    Route("POST", "/__admin/reset", _API, ledger_calls.reset),
    Route("GET", "/__admin/requests", _API, requests.requests),
    Route("DELETE", "/__admin/requests", _API, requests.forget),
    Route("GET", "/__admin/requests/unmatched", _API, requests.unmatched),
    Route("POST", "/__admin/requests/find", _API, requests.find),
    Route("POST", "/__admin/requests/count", _API, requests.count),
    Route("GET", "/__admin/limits", _API, control.limits),
    Route("PUT", "/__admin/limits", _API, control.set_limits),
    Route("GET", "/__admin/faults", _API, control.faults),
    Route("POST", "/__admin/faults", _API, control.add_faults),
    Route("PUT", "/__admin/faults", _API, control.set_faults),
    Route("DELETE", "/__admin/faults", _API, control.clear_faults),
    Route("GET", "/__admin/clock", _API, control.clock),
    Route("POST", "/__admin/clock", _API, control.set_clock),
    Route("PUT", "/__admin/clock", _API, control.set_clock),
    Route("POST", "/__admin/clock/freeze", _API, control.freeze),
    Route("POST", "/__admin/shutdown", _API, control.shutdown),
    Route("GET", "/__admin/live", _API, live_calls.live),
    Route("GET", "/__admin/live/body", _API, live_calls.body),
)
