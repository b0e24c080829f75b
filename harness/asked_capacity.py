"""The options of a search for capacity: its own, and those of a replay that make sense for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.errors import UsageError
from harness.expectations import Expectation, parse_expectation
from harness.metrics import ANSWERS_LEAST
from harness.options import BY_FIELD, FOREVER, Option
from harness.plan import Plan, make_plan
from harness.units import NS_PER_S, parse_duration_ns, parse_rate_per_s

DEFAULT_EXPECTATIONS: Final = (
    "p99 of response_time_ms < 500ms",
    "share of requests{status=5xx} < 0.1%",
    "share of requests{status=none} < 0.1%",
    "throttle.throttled == 0",
)
_LEAST_PRECISION: Final = 0.001
_OFTEN: Final = "Used most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a capacity is searched for."""

    start_rate: float  # items per second
    max_rate: float | None  # None: until something else stops it
    step: int  # ns
    settle: int  # ns of each step, not judged
    confirm: int  # ns
    precision: float  # 0.05: what failed is at most 5 % above what held
    expect: tuple[Expectation, ...]

    def as_json(self) -> dict[str, Any]:
        """As `capacity.json` holds it, durations in seconds."""
        return {
            "start_rate_per_s": self.start_rate,
            "max_rate_per_s": self.max_rate,
            "step_s": self.step / NS_PER_S,
            "settle_s": self.settle / NS_PER_S,
            "confirm_s": self.confirm / NS_PER_S,
            "precision": self.precision,
            "expect": [str(expectation) for expectation in self.expect],
        }


def _length(text: str) -> int:
    length_ns = parse_duration_ns(text)
    if length_ns == 0:
        raise ValueError(f"{text!r} is no time at all")
    return length_ns


def _precision(text: str) -> float:
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not text.strip().endswith("%") or not _LEAST_PRECISION * 100 <= percent <= 100:
        raise ValueError(f"{text!r} is no share between 0.1% and 100%; write it like 5%")
    return percent / 100


OWN_OPTIONS: Final = (
    Option(
        "start-rate",
        parse_rate_per_s,
        50.0,
        _OFTEN,
        "The rate of the first step, in items; each next one is twice as high, until one fails.",
        "RATE",
    ),
    Option("max-rate", parse_rate_per_s, None, _OFTEN, "Try no higher rate than this.", "RATE"),
    Option("step", _length, 30 * NS_PER_S, _OFTEN, "How long each rate is held.", "TIME"),
    Option(
        "settle",
        parse_duration_ns,
        5 * NS_PER_S,
        _OFTEN,
        "The beginning of each step, which is sent and not judged.",
        "TIME",
    ),
    Option(
        "confirm",
        _length,
        60 * NS_PER_S,
        _OFTEN,
        "How long the highest rate that passed is held again before it is reported.",
        "TIME",
    ),
    Option(
        "precision",
        _precision,
        0.05,
        _OFTEN,
        "End when the lowest rate that failed is at most so much above the highest that passed.",
        "SHARE%",
    ),
)
_SHARED: Final = (
    "expect",
    "target",
    "users",
    "batch",
    "batch_wait",
    "order",
    "arrivals",
    "pace",
    "stop_timeout",
    "backlog",
    "backlog_bytes",
    "region",
    "confirm_host",
    "ca_file",
    "proxy",
    "connect_timeout",
    "answer_timeout",
    "confirm_source",
    "source",
    "allow_writes",
    "merge_sources",
    "limit",
    "exceed_limits",
    "share",
    "mock_limits",
    "timestamps",
    "integrations",
    "send_unredacted",
    "run_dir",
    "trace",
    "seed",
)
CAPACITY_OPTIONS: Final = (*OWN_OPTIONS, *(BY_FIELD[field] for field in _SHARED))

Given = Mapping[str, str | bool | Sequence[str]]


def ask(recording: str | None, given: Given) -> tuple[Plan, Asked]:
    """What all steps have in common, and how to search, from options as text by their field names.

    Raises UsageError in one sentence for a value or a combination that makes no sense.
    """
    own = {option.field: option for option in OWN_OPTIONS}
    values: dict[str, Any] = {field: option.default for field, option in own.items()}
    for field, text in given.items():
        if field in own:
            try:
                values[field] = own[field].parse(str(text))
            except ValueError as error:
                raise UsageError(f"--{own[field].name}: {error}") from None
    if recording is None:
        raise UsageError("no recording was named; try: harness capacity recordings/otto-shop.ndjson")
    if recording == "-":
        raise UsageError("each step reads the recording anew; save standard input as a file")
    shared = {field: value for field, value in given.items() if field not in own}
    # The first step; the others differ in rate and length alone.
    first = f"{values['start_rate']!r}/s for {values['step']}ns"
    fixed = {"loop": FOREVER, "retry": "none", "stages": first}
    plan = make_plan(recording, {**shared, **fixed})
    asked = Asked(**values, expect=plan.expect or tuple(map(parse_expectation, DEFAULT_EXPECTATIONS)))
    _check(asked)
    return plan, asked


def _check(asked: Asked) -> None:
    shortest_ns = min(asked.step, asked.confirm)
    refusals = (
        (
            asked.settle >= shortest_ns,
            "--settle leaves nothing to judge; --step and --confirm must be longer than it",
        ),
        (
            asked.max_rate is not None and asked.max_rate < asked.start_rate,
            f"--max-rate is below --start-rate ({asked.start_rate:g}/s); give a lower --start-rate",
        ),
    )
    for refused, sentence in refusals:
        if refused:
            raise UsageError(sentence)
    judged = asked.start_rate * (shortest_ns - asked.settle) / NS_PER_S
    for expectation in asked.expect:
        needed = ANSWERS_LEAST.get(expectation.stat, 0)
        if judged < needed:
            raise UsageError(
                f"a step at --start-rate {asked.start_rate:g}/s judges {judged:,.0f} items, and "
                f"{expectation.stat} needs {needed:,}; give a higher --start-rate or a longer --step"
            )
