"""Ask whether two runs can be compared: the same recording, plan and machine, long enough, to be believed."""

from collections.abc import Mapping
from typing import Any, Final

from harness.throttle.check import INCONCLUSIVE
from harness.throttle.plan_words import option_change
from harness.units import NS_PER_S, format_duration

SECONDS_LEAST: Final = 60

Document = Mapping[str, Any]

# Of a plan: what says how a run is kept and judged, or which way it goes, not what it sends and when.
_BESIDE_THE_LOAD: Final = frozenset(
    {
        "abort_grace_s",
        "abort_on_fail",
        "allow",
        "baseline",
        "ca_file",
        "confirm_host",
        "confirm_source",
        "dry_run",
        "expect",
        "max_messages",
        "max_people",
        "max_regression",
        "metrics_port",
        "otel",
        "proxy",
        "recording",
        "region",
        "run_dir",
        "source",
        "stop_timeout_s",
        "target",
        "trace",
    }
)
_ENDED: Final = {
    "running": "is still running, or never wrote its end",
    "dead": "died before its end",
    "interrupted": "was interrupted",
    "stopped": "was stopped before its end",
}
_SHOWN_MOST: Final = 4
_SIGNS_MOST: Final = 60
_EVIDENCE_MOST: Final = 240


def reasons_against(before: Document, after: Document) -> tuple[str, ...]:
    """Each reason why a difference between the two would say nothing; none when they can be compared."""
    asked = (_ended, _long_enough, _believable)
    named = (("the baseline", before), ("this run", after))
    reasons = [said for look in asked for who, run in named if (said := look(who, run)) is not None]
    both = (_same_recording, _same_plan, _same_machine, _same_width)
    return (*reasons, *(said for look in both if (said := look(before, after)) is not None))


def notes_on(before: Document, after: Document) -> tuple[str, ...]:
    """What else differs between the two, and may be just what is compared."""
    mine, yours = before["made_with"], after["made_with"]
    notes = [
        f"{name} was {shown(mine.get(name))}, then {shown(yours.get(name))}"
        for name in ("harness", "locust", "python")
        if mine.get(name) != yours.get(name)
    ]
    bundled = [bool((run["mock"] or {}).get("bundled")) for run in (before, after)]
    # A bundled mock has another port in each run.
    if before["target"] != after["target"] and not all(bundled):
        notes.append(f"the target was {shown(before['target'])}, then {shown(after['target'])}")
    if before.get("proxies", {}) != after.get("proxies", {}):
        notes.append("the proxies on the way differ")
    return tuple(notes)


def _ended(who: str, run: Document) -> str | None:
    if run["state"] == "finished" or (run["state"], run["stopped_by"]) == ("stopped", "duration"):
        return None
    how = _ENDED.get(run["state"], f"ended as {shown(run['state'])}")
    return f"{who} {how}; let both runs come to their end"


def _long_enough(who: str, run: Document) -> str | None:
    seconds = run["timeline"]["points"] * run["timeline"]["width_s"]
    if seconds >= SECONDS_LEAST:
        return None
    lasted = f"lasted {format_duration(round(run['duration_s'] * NS_PER_S))}"
    if run["duration_s"] >= SECONDS_LEAST:
        lasted += f", and nothing happened after its first {seconds} s"
    return f"{who} {lasted}; it takes {SECONDS_LEAST} s to tell change from chance"


def _believable(who: str, run: Document) -> str | None:
    doubts = [warning for warning in run["trust_warnings"] if warning["level"] == INCONCLUSIVE]
    return f"{who} cannot be believed: {shown(doubts[0]['evidence'], _EVIDENCE_MOST)}" if doubts else None


def _same_recording(before: Document, after: Document) -> str | None:
    prints = [(run["recording"].get("fingerprint") or {}).get("files") for run in (before, after)]
    if not all(prints):
        return "the recording of one run cannot be recognised: it read a stream, or is of an older harness"
    return None if prints[0] == prints[1] else "the recordings differ"


def _same_plan(before: Document, after: Document) -> str | None:
    ignored = set(_BESIDE_THE_LOAD)
    if not any(_by_chance(run["plan"]) for run in (before, after)):
        ignored.add("seed")
    mine, yours = before["plan"], after["plan"]
    names = [
        name
        for name in sorted({*mine, *yours} - ignored)
        # An option that one of them does not know yet was at its default there.
        if name in mine and name in yours and mine[name] != yours[name]
    ]
    if not names:
        return None
    told = [option_change(name, mine[name], yours[name], shown) for name in names[:_SHOWN_MOST]]
    more = f", and {len(names) - _SHOWN_MOST} more" if len(names) > _SHOWN_MOST else ""
    return f"the plans differ: {'; '.join(told)}{more}"


def _by_chance(plan: Document) -> bool:
    return plan.get("multiply", 1) != 1 or plan.get("arrivals") == "poisson"


def _same_machine(before: Document, after: Document) -> str | None:
    machines = [(run["made_with"].get("machine"), run["made_with"].get("cores")) for run in (before, after)]
    if machines[0] == machines[1]:
        return None
    was, then = (f"{shown(name or 'not known')} with {shown(cores or '?')} cores" for name, cores in machines)
    return f"the machines differ: {was}, then {then}"


def _same_width(before: Document, after: Document) -> str | None:
    if before["timeline"]["width_s"] == after["timeline"]["width_s"]:
        return None
    return "their timelines have points of different length: one run lasted much longer"


def shown(value: object, most: int = _SIGNS_MOST) -> str:
    """A value from a document, cut, without signs that move a cursor or turn text round."""
    text = "none" if value is None else str(value)
    text = "".join(sign if sign.isprintable() else "·" for sign in text)
    return text if len(text) <= most else text[: most - 1] + "…"
