"""Say how the options about time are written: stages, arrivals, the late policy, copies of people."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from harness.units import NS_PER_S, parse_duration_ns, parse_rate_per_s

STEP: Final = "step"
RAMP: Final = "ramp"
EVEN: Final = "even"
POISSON: Final = "poisson"
CATCH_UP: Final = "catch-up"
DROP: Final = "drop"

_STAGE_KEYS: Final = frozenset({"rate", "duration", "shape"})


class Stage(NamedTuple):
    """A stretch of a schedule: hold a rate (step), or go evenly to it from the one before (ramp)."""

    shape: str  # STEP, RAMP
    rate_per_s: float  # items; a ramp's rate at its end. The first ramp begins at 0
    duration_ns: int


class TimingRow(NamedTuple):
    """A row of the table of options, without its group."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    metavar: str


def parse_stages(text: str) -> tuple[Stage, ...]:
    """`"to 200/s in 30s, 200/s for 5m"`: ramps and steps in their order. Raises ValueError."""
    stages = tuple(_stage(part.strip()) for part in text.split(","))
    if not any(stage.rate_per_s for stage in stages):
        raise ValueError(f"{text!r} never has a rate above 0")
    return stages


def stages_text(tables: list[Any]) -> str:
    """A scenario's `[[stages]]` in the words of `parse_stages`. Raises ValueError."""
    return ", ".join(_table_text(number, table) for number, table in enumerate(tables, 1))


def total_ns(stages: tuple[Stage, ...]) -> int:
    """How long the stages last together."""
    return sum(stage.duration_ns for stage in stages)


def _stage(text: str) -> Stage:
    words = text.split()
    if len(words) == 3 and words[1] == "for":
        return Stage(STEP, _rate_or_none(words[0]), _length_ns(words[2]))
    if len(words) == 4 and (words[0], words[2]) == ("to", "in"):
        return Stage(RAMP, _rate_or_none(words[1]), _length_ns(words[3]))
    raise ValueError(f"{text!r} is no stage; write it like '200/s for 5m', or 'to 200/s in 30s' for a ramp")


def _table_text(number: int, table: Any) -> str:
    if not isinstance(table, Mapping):
        raise ValueError(f"stage {number} is no table; begin each with [[stages]]")  # noqa: TRY004 - the file is wrong, not a type in our code
    for key in table:
        if key not in _STAGE_KEYS:
            raise ValueError(f"stage {number}: there is no key {key!r}; it has rate, duration and shape")
    for key in ("rate", "duration"):
        if not isinstance(table.get(key), str | int | float) or isinstance(table[key], bool):
            raise ValueError(  # noqa: TRY004 - the file is wrong, not a type in our code
                f'stage {number}: {key} is missing; write it like rate = "200/s", duration = "30s"'
            )
    rate, duration = (str(table[key]).replace(" ", "") for key in ("rate", "duration"))
    texts = {STEP: f"{rate} for {duration}", RAMP: f"to {rate} in {duration}"}
    shape = table.get("shape", STEP)
    if shape not in texts:
        raise ValueError(f"stage {number}: shape {shape!r} is neither step nor ramp")
    return texts[shape]


def _rate_or_none(text: str) -> float:
    count, slash, period = text.partition("/")
    try:
        nothing = float(count) == 0
    except ValueError:
        nothing = False
    if nothing:
        parse_rate_per_s(f"1{slash}{period}")
        return 0.0
    return parse_rate_per_s(text)


def _length_ns(text: str) -> int:
    length_ns = parse_duration_ns(text)
    if length_ns == 0:
        raise ValueError(f"{text!r} is no time at all")
    return length_ns


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is none of {', '.join(choices)}")
        return text

    return parse


def _copies(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{text!r} is no whole number above 0")
    return int(text)


def _path(text: str) -> str:
    return text


TIMING_ROWS: Final = (
    TimingRow(
        "stages",
        parse_stages,
        (),
        "Ignore the recorded times: ramps and steps, like 'to 200/s in 30s, 200/s for 5m'.",
        "STAGE, …",
    ),
    TimingRow(
        "rate-curve",
        _path,
        None,
        "Ignore the recorded times: rates from a CSV file with the columns period,count or start,count.",
        "FILE.csv",
    ),
    TimingRow(
        "arrivals",
        _one_of(EVEN, POISSON),
        EVEN,
        "Under --rate, --stages and --rate-curve: evenly spaced, or by chance as independent people come.",
        "even|poisson",
    ),
    TimingRow(
        "late",
        _one_of(CATCH_UP, DROP),
        CATCH_UP,
        "Send what is late all the same, or drop it where the harness or a lack of users made it late.",
        "catch-up|drop",
    ),
    TimingRow("late-after", _length_ns, NS_PER_S, "With --late drop: late is later than this.", "TIME"),
    TimingRow(
        "multiply",
        _copies,
        1,
        "Replay so many copies of each person, each with ids of its own: more people, not faster ones.",
        "K",
    ),
    TimingRow(
        "spread",
        parse_duration_ns,
        0,
        "Let the copies come within this much recorded time of the first, not at the same instant.",
        "TIME",
    ),
)
