"""The grammar of an expectation: `[STAT of] METRIC[{LABEL=VALUE}] OP NUMBER[UNIT]`, read and written."""

import difflib
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from harness.metrics import BARE, BY_NAME, FAMILIES, LABELS, METRICS, STATS, UNITS, Figure, Metric

OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
EXAMPLE: Final = "p99 of service_time_ms < 20ms"
HELP: Final = (
    f"Fail the run unless this holds, as in '{EXAMPLE}' or 'share of requests{{status=429}} < 1%'. "
    f"Stats: {', '.join(STATS)}. Metrics are keys of run.json, in {', '.join(FAMILIES)}; all are in "
    "docs/expectations.md."
)

_SPACE: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"[^\s{}=<>!,]+")
_BARE_VALUE: Final = re.compile(r"[A-Za-z0-9_.:/-]+")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_OPERATOR: Final = re.compile("|".join(map(re.escape, OPERATORS)))
_NUMBER: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_UNIT: Final = re.compile(r"\S*")
_BEFORE_THE_FAULT: Final = 60
_SHOWN_MOST: Final = 110
_NAME_SHOWN_MOST: Final = 40


class ExpectationError(ValueError):
    """An expression that is none: what is wrong, what there is instead, and a caret at the place."""

    def __init__(self, reason: str, text: str, at: int) -> None:
        start = max(0, at - _BEFORE_THE_FAULT)
        # One sign for one, so that the caret stands where it should.
        shown = "".join(sign if sign.isprintable() else "·" for sign in text[start : start + _SHOWN_MOST])
        super().__init__(f"{reason}\n  {shown}\n  {' ' * (at - start)}^")


class Expectation(NamedTuple):
    """What a run is asked to show. Made by `parse_expectation`, so that its names exist."""

    stat: str  # BARE for none
    metric: str
    label: tuple[str, str] | None  # name, value
    op: str
    value: float  # in the figure's own unit

    @property
    def figure(self) -> Figure:
        """The figure it speaks of."""
        return BY_NAME[self.metric].figures[self.stat]

    def __str__(self) -> str:
        """The expression in its one written form, which reads back as the same."""
        stat = f"{self.stat} of " if self.stat else ""
        label = "" if self.label is None else f"{{{self.label[0]}={_written(self.label[1])}}}"
        number = repr(self.value).removesuffix(".0")
        return f"{stat}{self.metric}{label} {self.op} {number}{self.figure.unit}"


def parse_expectation(text: str) -> Expectation:
    """An expression as what it asks for. Raises ExpectationError, with the place of the fault."""
    return _Reader(text).expectation()


class _Reader:
    """Where in an expression we are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0  # the next sign
        self._token_at = 0  # where the last token began

    def expectation(self) -> Expectation:
        stat, metric = self._stat_and_metric()
        figure = metric.figures[stat]
        label = self._label(stat, metric, figure)
        op = self._expect(_OPERATOR, f"one of {' '.join(OPERATORS)} must stand here")
        number = float(self._expect(_NUMBER, f"a number must stand here, as in {EXAMPLE}"))
        if number == float("inf"):
            raise self._fault("this number is too large")
        return Expectation(stat, metric.name, label, op, self._in_unit(number, metric, stat))

    def _stat_and_metric(self) -> tuple[str, Metric]:
        first = self._expect(_NAME, f"an expression begins with a stat or a metric, as in {EXAMPLE}")
        stat, stat_at = BARE, self._token_at
        after = self._at
        if self._take(_NAME) == "of":
            stat = first
            if stat not in STATS:
                self._token_at = stat_at
                raise self._fault(_unknown("stat", stat, STATS))
            first = self._expect(_NAME, f"a metric must follow 'of', as in {EXAMPLE}")
        else:
            self._at, self._token_at = after, stat_at
        metric = BY_NAME.get(first)
        if metric is None:
            if first in STATS and not stat:
                raise self._fault(f"a stat is 'of' a metric, as in '{first} of {_metric_with(first)}'")
            raise self._fault(_unknown_metric(first))
        if stat not in metric.figures:
            takes = ", ".join(metric.stats)
            self._token_at = stat_at
            if not stat:
                raise self._fault(f"say which figure of {metric.name}: {takes}")
            raise self._fault(
                f"{metric.name} has no {stat}; it has {takes}"
                if takes
                else f"{metric.name} is one number; leave '{stat} of' out"
            )
        return stat, metric

    def _label(self, stat: str, metric: Metric, figure: Figure) -> tuple[str, str] | None:
        said = f"{stat} of {metric.name}" if stat else metric.name
        if self._take(re.compile(r"\{")) is None:
            if not figure.path:
                raise self._fault(f"{said} needs a label: {_labels_of(figure)}")
            return None
        name = self._expect(_NAME, f"a label must stand here: {_labels_of(figure)}")
        if name not in figure.by:
            raise self._fault(_wrong_label(name, said, figure))
        self._expect(re.compile(r"="), f"'=' must follow {name}")
        quoted = self._take(_QUOTED)
        if quoted is None:
            value = self._expect(_BARE_VALUE, f'{name} needs a value; put signs in quotes, as in "my shop"')
        else:
            value = self._unquoted(quoted)
        label = figure.by[name]
        if label.values is not None and re.fullmatch(label.values, value) is None:
            raise self._fault(f"no {name} is {_cut(value)}; write {label.words.replace('`', '')}")
        if self._take(re.compile(r",")) is not None:
            raise self._fault("one label at a time: run.json counts by each, not by two together")
        self._expect(re.compile(r"\}"), "'}' must close the label")
        return name, value

    def _unquoted(self, quoted: str) -> str:
        try:
            value: str = json.loads(quoted)
        except ValueError:
            raise self._fault("this is no text in quotes; write it as JSON does") from None
        return value

    def _in_unit(self, number: float, metric: Metric, stat: str) -> float:
        figure = metric.figures[stat]
        known = UNITS[figure.unit]
        unit = self._take(_UNIT) or ""
        if unit not in known:
            said = f"{stat} of {metric.name}" if stat else metric.name
            takes = ", ".join(filter(None, known)) or "no unit"
            raise self._fault(
                f"{said} is measured in {takes}, " + (f"not {_cut(unit)}" if unit else "say so")
            )
        value = number * known[unit]
        if value == float("inf"):
            raise self._fault("this number is too large")
        if self._take(re.compile(r"\S")) is not None:
            raise self._fault("nothing may follow the unit; give --expect once for each expression")
        return value

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        space = _SPACE.match(self._text, self._at)
        begin = self._at if space is None else space.end()
        match = pattern.match(self._text, begin)
        self._token_at = begin
        if match is None:
            return None
        self._at = match.end()
        return match[0]

    def _expect(self, pattern: re.Pattern[str], reason: str) -> str:
        token = self._take(pattern)
        if token is None:
            raise self._fault(reason)
        return token

    def _fault(self, reason: str) -> ExpectationError:
        return ExpectationError(reason, self._text, self._token_at)


def _cut(name: str) -> str:
    return repr(name if len(name) <= _NAME_SHOWN_MOST else name[:_NAME_SHOWN_MOST] + "…")


def _written(value: str) -> str:
    return value if _BARE_VALUE.fullmatch(value) else json.dumps(value)


def _metric_with(stat: str) -> str:
    return next(metric.name for metric in METRICS if stat in metric.figures)


def _unknown(noun: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    return f"there is no {noun} {_cut(name)}; " + (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    )


def _unknown_metric(name: str) -> str:
    family, _, leaf = name.rpartition(".")
    inside = [known for known in BY_NAME if known.startswith(f"{family or name}.")]
    ends = [known for known in BY_NAME if known.endswith(f".{leaf}")]
    near = ends or difflib.get_close_matches(name, BY_NAME, n=3)
    if name in FAMILIES:
        return f"{name} is not one number; there are {', '.join(inside)}"
    if near:
        return f"there is no metric {_cut(name)}; did you mean {' or '.join(near)}?"
    if inside:
        return f"there is no metric {_cut(name)}; there are {', '.join(inside)}"
    return (
        f"there is no metric {_cut(name)}; there are those of {', '.join(FAMILIES)}, "
        "all listed in docs/expectations.md"
    )


def _labels_of(figure: Figure) -> str:
    return " or ".join(f"{{{name}=…}}" for name in figure.by) or "none is taken here"


def _wrong_label(name: str, said: str, figure: Figure) -> str:
    if not figure.by:
        return f"{said} takes no label"
    takes = f"{said} takes {_labels_of(figure)}"
    return f"{takes}, not {name}" if name in LABELS else f"there is no label {_cut(name)}; {takes}"
