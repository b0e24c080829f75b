"""Steer the mock while it runs: its limits, its faults, its clock, its end."""

from typing import Any, Final

import msgspec
import orjson

from harness.mock.admin.asked import AskedWronglyError, form_of
from harness.mock.box import Box
from harness.mock.exchange import Later, Reply, json_reply
from harness.mock.faults.asked import read_faults
from harness.mock.limits.presets import PRESETS
from harness.mock.route import Visit
from harness.mock.settings import LimitsSettings
from harness.mock.steered import SCALE_LEAST, SCALE_MOST
from harness.units import NS_PER_S, format_instant_us

_ADVANCE_MOST_S: Final = 1e10


class ClockOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with the clock, in this order."""

    reset: bool = False  # go with the machine's clock again
    freeze: bool = False
    scale: float | None = None  # so many times as fast; also lets a frozen one go on
    advance_s: float | None = None


def limits(box: Box, _visit: Visit) -> Reply:
    """The rules in force with what they did, and the names of the presets."""
    return json_reply(
        200,
        {
            "limits": box.limits.report(),
            "used_now": box.limits.usage(box.clock.now_ns()),
            "presets": list(PRESETS),
        },
    )


def set_limits(box: Box, visit: Visit) -> Reply:
    """Put other rules in force, as in the settings' `[limits]`; what was used before is forgotten."""
    box.limits.replace(form_of(visit, LimitsSettings).in_force())
    return limits(box, visit)


def faults(box: Box, _visit: Visit) -> Reply:
    """The faults in force, each with how often it matched and was used, and the totals by effect."""
    now_ns = box.clock.now_ns()
    return json_reply(
        200, {"seed": box.faults.seed, "faults": box.faults.report(now_ns), "totals": box.faults.totals()}
    )


def add_faults(box: Box, visit: Visit) -> Reply:
    """Put one fault, or several, behind those in force."""
    box.faults.add(read_faults(_document(visit)).rules, box.clock.now_ns())
    return faults(box, visit)


def set_faults(box: Box, visit: Visit) -> Reply:
    """Put these faults in place of all others."""
    asked = read_faults(_document(visit))
    box.faults.replace(asked.rules, box.clock.now_ns(), asked.seed)
    return faults(box, visit)


def clear_faults(box: Box, visit: Visit) -> Reply:
    """Take all faults away, or those of `?write_key=`, or the one of `?name=`."""
    name = visit.one("name")
    if name is None:
        box.faults.clear(visit.one("write_key"))
    elif not box.faults.remove(name):
        raise AskedWronglyError(f"there is no fault named {name[:80]!r}")
    return faults(box, visit)


def clock(box: Box, _visit: Visit) -> Reply:
    """What the mock's clock shows, and how it goes."""
    return json_reply(
        200,
        {
            "now": format_instant_us(box.clock.wall_ns()),
            "frozen": box.clock.frozen,
            "scale": box.clock.factor,
            "waiting": box.timers.waiting,
        },
    )


def set_clock(box: Box, visit: Visit) -> Reply:
    """Reset, freeze, scale, advance: what `ClockOrder` says."""
    order = form_of(visit, ClockOrder)
    if order.scale is not None and not SCALE_LEAST <= order.scale <= SCALE_MOST:
        raise AskedWronglyError(f"scale is {order.scale:g}; write {SCALE_LEAST:g} to {SCALE_MOST:,g}")
    if order.advance_s is not None and not 0 <= order.advance_s <= _ADVANCE_MOST_S:
        raise AskedWronglyError(f"advance_s is {order.advance_s:g}; write seconds from 0 on")
    if order.reset:
        box.clock.reset()
    if order.freeze:
        box.clock.freeze()
    if order.scale is not None:
        box.clock.scale(order.scale)
    if order.advance_s is not None:
        box.clock.advance(round(order.advance_s * NS_PER_S))
    return clock(box, visit)


def freeze(box: Box, visit: Visit) -> Reply:
    """As `{"freeze": true}`."""
    box.clock.freeze()
    return clock(box, visit)


def shutdown(box: Box, _visit: Visit) -> Reply | Later:
    """End the process once this is answered."""
    box.stop()
    return json_reply(200, {"state": "ending"})


def _document(visit: Visit) -> Any:
    try:
        return orjson.loads(visit.call.body or b"")
    except orjson.JSONDecodeError as error:
        raise AskedWronglyError(f"the body is no JSON: {error}") from error
