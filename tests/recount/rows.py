"""Hold one number of a report beside the same number counted again, and say whether the two agree."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

EQUAL: Final = "equal"
ROUNDED: Final = "equal, but for rounding"
NEAR: Final = "within 1 %"
AT_LEAST: Final = "told is at least"
AT_MOST: Final = "told is at most"
BETWEEN: Final = "told is between"

NOT_KNOWN: Final = "not recomputed"
_SHORTEST: Final = 40  # characters of a value that a table shows


class Row(NamedTuple):
    """One number: as told, as found, what it was found in, and how closely the two must agree."""

    number: str
    told: Any
    found: Any  # with BETWEEN a pair; with NOT_KNOWN the reason
    source: str
    bound: str = EQUAL

    @property
    def agrees(self) -> bool | None:
        """None when it could not be recomputed."""
        return None if self.bound == NOT_KNOWN else _BOUNDS[self.bound](self.told, self.found)

    @property
    def as_json(self) -> dict[str, Any]:
        return {**self._asdict(), "agrees": self.agrees}


def not_known(number: str, told: Any, reason: str) -> Row:
    """A number that these files cannot tell, and why."""
    return Row(number, told, reason, "", NOT_KNOWN)


def each(number: str, told: Mapping[str, Any], found: Mapping[str, Any], source: str) -> Iterable[Row]:
    """A row for each key of either; a key that one of them lacks is 0 there."""
    for key in sorted({*told, *found}):
        yield Row(f"{number}.{key}", told.get(key, 0), found.get(key, 0), source)


def as_text(rows: Sequence[Row], *, every: bool = True) -> str:
    """A table for a terminal: what disagrees first, then all the rest, and a count."""
    disagree = [row for row in rows if row.agrees is False]
    unknown = [row for row in rows if row.agrees is None]
    agree = [row for row in rows if row.agrees]
    lines = [_line("number", "told", "recomputed", "from", "")]
    lines += [_told("DISAGREES", row) for row in disagree]
    if every:
        lines += [_told("agrees" if row.bound == EQUAL else f"agrees, {row.bound}", row) for row in agree]
        lines += [f"{row.number:<52} {NOT_KNOWN}: {row.found}" for row in unknown]
    lines.append(f"{len(agree)} agree, {len(disagree)} disagree, {len(unknown)} not recomputed")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _told(outcome: str, row: Row) -> str:
    if isinstance(row.told, list) and isinstance(row.found, list):
        return _line(row.number, *_lists(row), row.source, outcome)
    return _line(row.number, _cut(row.told), _cut(row.found), row.source, outcome)


def _lists(row: Row) -> tuple[str, str]:
    """Two columns as their sums, or where they first disagree."""
    compare = _BOUNDS[row.bound]
    for place in range(max(len(row.told), len(row.found))):
        told = row.told[place] if place < len(row.told) else "none"
        found = row.found[place] if place < len(row.found) else "none"
        if not compare(told, found):
            return f"{_cut(told)} in row {place}", f"{_cut(found)} in row {place}"
    told_sum, found_sum = (
        sum(value for value in column if isinstance(value, int | float)) for column in (row.told, row.found)
    )
    return f"{told_sum:g} in {len(row.told)} rows", f"{found_sum:g} in {len(row.found)} rows"


def _line(number: str, told: str, found: str, source: str, outcome: str) -> str:
    return f"{number:<52} {told:>22} {found:>22}  {source:<28} {outcome}"


def _cut(value: Any) -> str:
    if isinstance(value, tuple):
        return " to ".join(map(_cut, value))
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _SHORTEST else f"{text[: _SHORTEST - 1]}…"


def _listwise(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(told: Any, found: Any) -> bool:
        if isinstance(told, list) and isinstance(found, list):
            return len(told) == len(found) and all(map(compare, told, found))
        return compare(told, found)

    return compared


def _known(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    """What is not there on one side must not be there on the other."""

    def compared(told: Any, found: Any) -> bool:
        if told is None or found is None or isinstance(told, str) or isinstance(found, str):
            return bool(told == found)
        return compare(told, found)

    return compared


def _between(told: Any, found: Any) -> bool:
    low, high = found
    return told is not None and low <= told <= high


_BOUNDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    EQUAL: lambda told, found: bool(told == found),
    ROUNDED: _listwise(_known(lambda told, found: math.isclose(told, found, rel_tol=1e-4, abs_tol=1.1e-3))),
    # Below 256 ns a bucket is one value, so 0.5 µs is what rounding to four places of a ms leaves.
    NEAR: _listwise(_known(lambda told, found: math.isclose(told, found, rel_tol=0.01, abs_tol=1e-4))),
    AT_LEAST: _listwise(_known(lambda told, found: told >= found)),
    AT_MOST: _listwise(_known(lambda told, found: told <= found)),
    BETWEEN: _between,
}
