"""Read a rate curve, lines of CSV with a period or its start and a count, as stages."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from harness.errors import UsageError
from harness.timing import STEP, Stage
from harness.units import NS_PER_S, parse_duration_ns, parse_instant_ns

_PERIOD: Final = ("period", "count")
_START: Final = ("start", "count")
_COUNT_MOST: Final = 1_000_000_000_000
_CLOCK: Final = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
_EXAMPLE: Final = "write them like '1m,600' under the heading period,count or '09:30,600' under start,count"


def curve_stages(name: str, lines: Iterable[str]) -> tuple[Stage, ...]:
    """One step for each row; `name` is the file's, for errors.

    The first row is the heading. Under `period,count` a row is the length of a period (`60`, `1m`, `1h`) and
    how many items come in it. Under `start,count` it is the period's start (`09:30`, `09:30:15` or an
    ISO-8601 instant); it lasts until the next row's, the last as long as the one before. Blank lines and
    lines that begin with # mean nothing.

    Raises:
        UsageError: file:line, what is wrong there, and what to do.
    """
    rows = _rows(name, lines)
    place, heading = next(rows, (f"{name}:1", ()))
    columns = tuple(cell.lower() for cell in heading)
    if columns == _PERIOD:
        stages = tuple(_step(place, _length_ns(place, cells[0]), cells[1]) for place, cells in rows)
    elif columns == _START:
        stages = _between_starts(list(rows))
    else:
        raise UsageError(f"{place}: the first row is no heading; write period,count or start,count there")
    if not any(stage.rate_per_s for stage in stages):
        raise UsageError(f"{name}: the curve has no period with a count above 0; {_EXAMPLE}")
    return stages


def _rows(name: str, lines: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for number, line in enumerate(lines, 1):
        place = f"{name}:{number}"
        try:
            cells = tuple(cell.strip() for cell in next(csv.reader([line], strict=True), ()))
        except csv.Error as error:
            raise UsageError(f"{place}: is no CSV ({error}); {_EXAMPLE}") from None
        if not any(cells) or cells[0].startswith("#"):
            continue
        if len(cells) != 2:
            raise UsageError(f"{place}: has {len(cells)} columns and needs 2; {_EXAMPLE}")
        yield place, cells


def _between_starts(rows: list[tuple[str, tuple[str, ...]]]) -> tuple[Stage, ...]:
    starts_ns = [_start_ns(place, cells[0]) for place, cells in rows]
    lengths_ns = [later - earlier for earlier, later in itertools.pairwise(starts_ns)]
    for (place, _), length_ns in zip(rows[1:], lengths_ns, strict=True):
        if length_ns <= 0:
            raise UsageError(
                f"{place}: does not start after the row above; sort the rows, with dates past midnight"
            )
    if len(rows) == 1:
        raise UsageError(f"{rows[0][0]}: one start does not say how long its period is; add another row")
    lengths_ns += lengths_ns[-1:]
    return tuple(
        _step(place, length_ns, cells[1]) for (place, cells), length_ns in zip(rows, lengths_ns, strict=True)
    )


def _step(place: str, length_ns: int, text: str) -> Stage:
    try:
        count = float(text)
    except ValueError:
        count = -1.0
    if not 0 <= count <= _COUNT_MOST:
        raise UsageError(f"{place}: {text!r} is no count; write a number from 0 to {_COUNT_MOST:,}")
    return Stage(STEP, count * NS_PER_S / length_ns, length_ns)


def _length_ns(place: str, text: str) -> int:
    try:
        length_ns = parse_duration_ns(text)
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from None
    if length_ns == 0:
        raise UsageError(f"{place}: a period of {text!r} has no length; write it like 60s, 1m or 1h")
    return length_ns


def _start_ns(place: str, text: str) -> int:
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return (int(clock[1]) * 3_600 + int(clock[2]) * 60 + int(clock[3] or 0)) * NS_PER_S
    try:
        return parse_instant_ns(text)
    except ValueError:
        raise UsageError(
            f"{place}: {text!r} is no start; write it like 09:30, 09:30:15 or 2026-01-02T09:30:00Z"
        ) from None
