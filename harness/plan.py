"""What one replay is asked to do, resolved from the command line, a scenario file and defaults."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.asked_limits import AskedLimit, targets_by_api
from harness.errors import UsageError
from harness.expectations import Expectation
from harness.options import BY_FIELD, MAX, OPTIONS
from harness.timing import DROP, POISSON, Stage, stages_text
from harness.units import NS_PER_S


class Step(NamedTuple):
    """What makes a replay one step of a search for capacity."""

    settle_ns: int  # after the start, not judged
    first_copy: int  # of the recorded people; each pass has the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A replay as resolved from options and defaults; each field is explained in `OPTIONS`."""

    recording: str
    speed: float
    rate: float | str | None  # per second, MAX, or None for the recorded times
    stages: tuple[Stage, ...]
    rate_curve: str | None  # the file; `settled` reads it into `stages`
    arrivals: str
    late: str
    late_after: int  # ns
    multiply: int  # copies of each person
    spread: int  # ns of recorded time
    duration: int | None  # ns
    loop: int | None  # None: for ever
    users: int | None  # None: as many as it takes
    batch: str | int
    batch_wait: int  # ns
    order: str
    pace: str
    target: tuple[str, ...]
    region: str | None
    confirm_host: tuple[str, ...]
    confirm_source: tuple[str, ...]
    ca_file: str | None
    proxy: str | None
    connect_timeout: int  # ns
    answer_timeout: int  # ns
    source: tuple[tuple[str, str], ...]  # label, name of the variable with its key
    merge_sources: bool
    send_unredacted: bool
    integrations: str | dict[str, Any] | None
    limit: tuple[AskedLimit, ...]
    on_limit: str
    allow_writes: tuple[str, ...]  # METHOD /path
    exceed_limits: bool
    share: float
    mock_limits: str
    retry: str
    retry_for: int  # ns
    timestamps: str
    ids: str
    allow: tuple[tuple[str, int], ...]
    expect: tuple[Expectation, ...]
    abort_on_fail: bool
    abort_grace: int  # ns
    baseline: str | None  # a run folder or a run.json
    max_regression: float  # of a figure of the baseline
    metrics_port: tuple[str, int] | None  # host, port
    otel: bool
    max_messages: int | None
    max_people: int | None
    stop_timeout: int  # ns
    backlog: int
    backlog_bytes: int
    seed: int | None
    run_dir: str | None
    trace: bool
    dry_run: bool
    step: Step | None = None  # no option: a search for capacity sets it

    @property
    def closed_loop(self) -> bool:
        """Nothing is due: as fast as the target answers."""
        return self.rate == MAX

    @property
    def needs_times(self) -> bool:
        """True when the recorded times decide when an item is due."""
        return self.rate is None and not self.has_stages

    @property
    def has_stages(self) -> bool:
        """True when a rate that changes decides when an item is due."""
        return bool(self.stages) or self.rate_curve is not None

    def as_json(self) -> dict[str, Any]:
        """The plan as `run.json` holds it: durations in seconds, and no secret, since none is in it."""
        plain: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _IN_NS and value is not None:
                plain[field.name + "_s"] = value / NS_PER_S
            elif field.name == "limit":
                plain["limit"] = [_limit_as_json(limit) for limit in value]
            elif field.name == "stages":
                plain["stages"] = [
                    {
                        "shape": stage.shape,
                        "rate_per_s": stage.rate_per_s,
                        "duration_s": stage.duration_ns / NS_PER_S,
                    }
                    for stage in value
                ]
            elif field.name == "expect":
                plain["expect"] = [str(expectation) for expectation in value]
            elif field.name == "step":
                if value is not None:
                    plain["step"] = {"settle_s": value.settle_ns / NS_PER_S, "first_copy": value.first_copy}
            elif field.name == "proxy":
                plain["proxy"] = None if value is None else value.rpartition("@")[2]
            elif field.name in ("source", "allow"):
                plain[field.name] = dict(value)
            else:
                plain[field.name] = list(value) if isinstance(value, tuple) else value
        return plain


_RIVALS: Final = (("speed", "rate", "stages", "rate_curve"), ("target", "region"))
_IN_NS: Final = frozenset(
    {
        "abort_grace",
        "answer_timeout",
        "batch_wait",
        "connect_timeout",
        "duration",
        "late_after",
        "retry_for",
        "spread",
        "stop_timeout",
    }
)


Given = Mapping[str, str | bool | Sequence[str]]


def make_plan(recording: str | None, given: Given, scenario: Given | None = None) -> Plan:
    """Options by their field names, as text, to a plan; what is given wins over the scenario file.

    Raises UsageError in one sentence for a value or a combination that makes no sense.
    """
    merged: dict[str, str | bool | Sequence[str]] = {**_undisputed(scenario or {}, given), **given}
    recording = recording or _one_text(merged.pop("recording", None))
    merged.pop("recording", None)
    if not recording:
        raise UsageError("no recording was named; try: harness replay recordings/otto-shop.ndjson")
    values: dict[str, Any] = {option.field: option.default for option in OPTIONS}
    for field, raw in merged.items():
        option = BY_FIELD[field]
        texts = [raw] if isinstance(raw, str | bool) else list(raw)
        try:
            parsed = [text if isinstance(text, bool) else option.parse(text) for text in texts]
        except ValueError as error:
            raise UsageError(f"--{option.name}: {error}") from None
        values[field] = tuple(parsed) if option.many else parsed[-1]
    plan = Plan(recording=recording, **values)
    _check(plan, merged)
    _check_timing(plan, merged)
    return plan


def _undisputed(scenario: Given, given: Given) -> Given:
    """The scenario without what the command line speaks of by another option."""
    overruled = {rival for pair in _RIVALS for field in pair if field in given for rival in pair}
    return {field: value for field, value in scenario.items() if field not in overruled}


def _check(plan: Plan, given: Given) -> None:
    from_stdin = plan.recording == "-"
    refusals = (
        (
            plan.rate is not None and "speed" in given,
            "--speed scales the recorded times and --rate ignores them; give one",
        ),
        (
            from_stdin and plan.loop != 1,
            "--loop needs a recording that can be read again; standard input cannot",
        ),
        (
            from_stdin and plan.dry_run,
            "--dry-run reads the whole recording first; standard input cannot be read twice",
        ),
        (
            plan.region is not None and plan.target,
            "--region names Segment's own host, --target another; give one",
        ),
        (
            plan.loop is None and plan.duration is None and not plan.has_stages and plan.dry_run,
            "--loop forever has no plan to print; give --duration",
        ),
        (
            plan.closed_loop and plan.on_limit != "wait",
            "--on-limit drop and stop speak of items that are due, and at --rate max none is; give a rate",
        ),
        (
            plan.abort_on_fail and not plan.expect,
            "--abort-on-fail stops at the first --expect that is false; give one",
        ),
        (
            "abort_grace" in given and not plan.abort_on_fail,
            "--abort-grace speaks of --abort-on-fail; give both",
        ),
        (
            "max_regression" in given and plan.baseline is None,
            "--max-regression speaks of --baseline; give both",
        ),
    )
    for refused, sentence in refusals:
        if refused:
            raise UsageError(sentence)
    targets_by_api(plan.target)


def _limit_as_json(limit: AskedLimit) -> dict[str, Any]:
    form = {"api": limit.api, "count": limit.count, "window_s": limit.window_ns / NS_PER_S}
    more = {"scope": limit.scope if limit.is_of_another_scope else "", "endpoint": limit.endpoint}
    return form | {name: value for name, value in more.items() if value}


def _check_timing(plan: Plan, given: Given) -> None:
    ignoring = [field for field in ("rate", "stages", "rate_curve") if field in given]
    copies = plan.multiply > 1
    refusals = (
        (
            len(ignoring) > 1,
            "--rate, --stages and --rate-curve each say when items are sent; give one",
        ),
        (
            plan.has_stages and "speed" in given,
            "--speed scales the recorded times; --stages and --rate-curve ignore them; give one",
        ),
        (
            plan.arrivals == POISSON and (plan.needs_times or plan.closed_loop),
            "--arrivals poisson needs a rate: give --rate, --stages or --rate-curve",
        ),
        (
            plan.late == DROP and plan.closed_loop,
            "--late drop needs due times; at --rate max nothing is due",
        ),
        ("late_after" in given and plan.late != DROP, "--late-after speaks of --late drop; give both"),
        (plan.spread > 0 and not copies, "--spread spreads the copies of --multiply; give both"),
        (copies and plan.ids == "keep", "--ids keep would give all copies of --multiply the same messageIds"),
        (
            copies and plan.spread > 0 and plan.recording == "-",
            "--spread reads the recording once for each copy; save standard input as a file",
        ),
    )
    for refused, sentence in refusals:
        if refused:
            raise UsageError(sentence)


def read_scenario(path: str) -> Given:
    """The options in a scenario file, by field. Raises UsageError with the file and what is wrong."""
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such scenario file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML: {error}") from None
    given: dict[str, str | bool | Sequence[str]] = {}
    for name, value in table.items():
        field = name.replace("-", "_")
        if field != "recording" and field not in BY_FIELD:
            near = difflib.get_close_matches(name, [option.name for option in OPTIONS] + ["recording"], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"{path}: there is no option {name!r}{hint}")
        if field == "stages" and isinstance(value, list):
            given[field] = _stages_text(path, value)
            continue
        given[field] = _as_text(path, name, value)
    return given


def _stages_text(path: str, tables: list[Any]) -> str:
    try:
        return stages_text(tables)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None


def _as_text(path: str, name: str, value: Any) -> str | bool | Sequence[str]:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value
    raise UsageError(f"{path}: {name} must be text, a number, true, false, or a list of texts")


def _one_text(value: object) -> str | None:
    return value if isinstance(value, str) else None
