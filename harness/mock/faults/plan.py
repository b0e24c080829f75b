"""Decide which faults a call meets, and keep account of how often each was played.

Enters: one occasion after another, and the instant. Leaves: what is played, or None. What always holds: a
rule is used at most as often as it matched; the same seed, rules and calls give the same faults; a rule's
chances come from a stream of its own, made of the seed and its name, so that another rule beside it changes
nothing. Nothing here touches a socket or a clock.
"""

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from harness.errors import UsageError
from harness.mock.faults.latency import draw_delay
from harness.mock.faults.occasion import Occasion, matcher
from harness.mock.faults.outcome import STATUS, WHOLE, Outcome
from harness.mock.faults.rule import FaultRule, outcome_of, rule_document
from harness.units import NS_PER_MS, NS_PER_S

RULES_MOST: Final = 1_000  # each is asked about every call


class Played(NamedTuple):
    """What is done to one call."""

    names: tuple[str, ...]  # of the rules that had a part in it, in their order
    after: bool  # the call has its normal course, and the fault changes the answer alone
    delay_ns: int  # the answer is held back so long, from when the call came
    outcome: Outcome | None  # None: a latency alone, which never changes the ledger
    api: str
    endpoint: str

    @property
    def reason(self) -> str | None:
        """The rule under whose name the messages are `faulted`; None for a latency alone."""
        return None if self.outcome is None else self.outcome.rule

    @property
    def retry_after(self) -> str | None:
        """The header of that name in the answer that is made up; None where it has none."""
        if self.outcome is None or self.outcome.kind != STATUS:
            return None
        found = (value for name, value in self.outcome.headers if name.lower() == "retry-after")
        return next(found, None)

    def status_seen(self, own_status: int = 200) -> int | None:
        """The status that the client gets to see; None when no whole answer reaches it.

        `own_status` is that of the mock's own answer; before the ledger that is a plain 200.
        """
        if self.outcome is None or self.outcome.kind in WHOLE:
            return own_status
        return self.outcome.status if self.outcome.kind == STATUS else None


class _Line:
    """One rule in play, with its counts and its own chance."""

    __slots__ = (
        "_chance",
        "_from_ns",
        "_jitter",
        "_until_ns",
        "capped",
        "delayed_ns",
        "matched",
        "matches",
        "outcome",
        "outside_window",
        "overshadowed",
        "rule",
        "used",
    )

    def __init__(self, rule: FaultRule, seed: int, started_ns: int) -> None:
        self.rule: Final = rule
        self.matches: Final = matcher(rule)
        self.outcome: Final = outcome_of(rule)
        self._chance: Final = Random(f"{seed}/{rule.name}/chance") if rule.probability < 1 else None
        self._jitter: Final = Random(f"{seed}/{rule.name}/latency")
        self._from_ns: Final = started_ns + round(rule.from_s * NS_PER_S)
        self._until_ns: Final = None if rule.until_s is None else started_ns + round(rule.until_s * NS_PER_S)
        self.matched = self.used = self.overshadowed = self.outside_window = 0
        self.capped = self.delayed_ns = 0

    def is_open(self, now_ns: int) -> bool:
        return self._from_ns <= now_ns and not self.is_over(now_ns)

    def is_over(self, now_ns: int) -> bool:
        return self._until_ns is not None and now_ns >= self._until_ns

    def takes_turn(self) -> bool:
        """Count one matched call, and say whether the rule plays at it."""
        rule = self.rule
        self.matched += 1
        number = self.matched - rule.skip
        if number < 1 or (rule.first is not None and number > rule.first):
            return False
        if rule.every is not None and number % rule.every:
            return False
        if self._chance is not None and self._chance.random() >= rule.probability:
            return False
        return rule.uses is None or self.used < rule.uses

    def use(self) -> int:
        """Count one use, and answer its delay in ns."""
        self.used += 1
        if self.rule.latency is None:
            return 0
        delay_ns, capped = draw_delay(self.rule.latency, self._jitter)
        self.capped += capped
        self.delayed_ns += delay_ns
        return delay_ns

    def is_exhausted(self, now_ns: int) -> bool:
        rule = self.rule
        return (
            self.is_over(now_ns)
            or (rule.uses is not None and self.used >= rule.uses)
            or (rule.first is not None and self.matched >= rule.skip + rule.first)
        )

    def effects(self) -> Counter[str]:
        """How often each thing was done."""
        effects: Counter[str] = Counter()
        if self.outcome is not None:
            effects[self.outcome.effect] = self.used
        if self.rule.latency is not None:
            effects["latency"] = self.used
            effects["latency_capped"] = self.capped
        return +effects


class Faults:
    """All rules in force, in order. `rules` is empty when there are none: then nobody need ask `choose`."""

    __slots__ = ("_lines", "_past", "rules", "seed", "wants_kinds")

    def __init__(self, rules: Iterable[FaultRule] = (), seed: int = 0, started_ns: int = 0) -> None:
        """Put these rules in place; windows count from `started_ns`. Raises UsageError, as `add`."""
        self.seed = seed
        self.rules: tuple[FaultRule, ...] = ()  # each with a name
        self.wants_kinds = False  # some rule asks for a message type
        self._lines: list[_Line] = []
        self._past: Counter[str] = Counter()  # effects of rules that are no more
        self.add(rules, started_ns)

    def choose(self, occasion: Occasion, now_ns: int) -> Played | None:
        """What is done to this call, counted; None when nothing is. Ask once for each call.

        All latencies add up. Of the rules with an outcome the first in order plays; another one whose turn
        it is too does nothing at all, its latency included: it is overshadowed, and not used.
        """
        names: list[str] = []
        delay_ns = 0
        outcome: Outcome | None = None
        for line in self._lines:
            if not line.matches(occasion):
                continue
            if not line.is_open(now_ns):
                line.outside_window += 1
                continue
            if not line.takes_turn():
                continue
            if line.outcome is not None:
                if outcome is not None:
                    line.overshadowed += 1
                    continue
                outcome = line.outcome
            delay_ns += line.use()
            names.append(line.rule.name)
        if not names:
            return None
        after = outcome is None or outcome.after
        return Played(tuple(names), after, delay_ns, outcome, occasion.api, occasion.endpoint)

    def add(self, rules: Iterable[FaultRule], now_ns: int) -> None:
        """Put these behind the others, whose counts stay; one without a name is numbered by its place.

        Raises UsageError when a name is there already, or there are too many; then nothing has changed.
        """
        added = tuple(rules)
        if len(self._lines) + len(added) > RULES_MOST:
            raise UsageError(
                f"There would be {len(self._lines) + len(added)} faults, at most {RULES_MOST} are kept; "
                "remove some first."
            )
        named = _named(added, {line.rule.name for line in self._lines}, len(self._lines))
        self._set([*self._lines, *(_Line(rule, self.seed, now_ns) for rule in named)])

    def replace(self, rules: Iterable[FaultRule], now_ns: int, seed: int | None = None) -> None:
        """Put these in place of all others. Raises UsageError as `add`; then nothing has changed."""
        fresh = Faults(rules, self.seed if seed is None else seed, now_ns)
        self.clear()
        self.seed = fresh.seed
        self._set(fresh._lines)

    def remove(self, name: str) -> bool:
        """Take the rule of this name away; False when there is none."""
        gone = [line for line in self._lines if line.rule.name == name]
        self._retire(gone)
        return bool(gone)

    def clear(self, write_key: str | None = None) -> None:
        """Take all rules away, or those of this write key alone; `totals` still has their effects."""
        self._retire([line for line in self._lines if write_key is None or line.rule.write_key == write_key])

    def reset(self, now_ns: int, write_key: str | None = None) -> None:
        """Start counts, chances and windows over, of all rules, or of those of this write key alone."""
        fresh: list[_Line] = []
        for line in self._lines:
            if write_key is None or line.rule.write_key == write_key:
                self._past += line.effects()
                fresh.append(_Line(line.rule, self.seed, now_ns))
            else:
                fresh.append(line)
        if write_key is None:
            self._past.clear()
        self._set(fresh)

    def report(self, now_ns: int) -> list[dict[str, Any]]:
        """For each rule in order, for JSON: what it says, how often it matched and was used, what it did.

        `used` is how often it was played. `exhausted`: nothing more will come of it.
        """
        return [
            {
                "name": line.rule.name,
                "rule": rule_document(line.rule),
                "matched": line.matched,
                "used": line.used,
                "overshadowed": line.overshadowed,
                "outside_window": line.outside_window,
                "exhausted": line.is_exhausted(now_ns),
                "effects": dict(line.effects()),
                "delayed_ms": line.delayed_ns / NS_PER_MS,
            }
            for line in self._lines
        ]

    def totals(self) -> dict[str, int]:
        """How often each effect was played since the last whole reset, by rules long gone too."""
        return dict(sum((line.effects() for line in self._lines), self._past.copy()))

    def _retire(self, gone: list[_Line]) -> None:
        for line in gone:
            self._past += line.effects()
        self._set([line for line in self._lines if line not in gone])

    def _set(self, lines: list[_Line]) -> None:
        self._lines = lines
        self.rules = tuple(line.rule for line in lines)
        self.wants_kinds = any(rule.message_type for rule in self.rules)


def _named(rules: tuple[FaultRule, ...], taken: set[str], before: int) -> list[FaultRule]:
    """The rules, each with a name that no other has. Raises UsageError when two were given the same."""
    for rule in rules:
        if rule.name and rule.name in taken:
            raise UsageError(
                f'fault "{rule.name}": name is given twice; a name stands for one rule, so choose another.'
            )
        taken.add(rule.name)
    named = []
    for number, rule in enumerate(rules, before + 1):
        if not rule.name:
            while (name := f"fault-{number}") in taken:
                number += 1  # noqa: PLW2901 - the next free number
            taken.add(name)
            rule = msgspec.structs.replace(rule, name=name)  # noqa: PLW2901 - the same rule, named
        named.append(rule)
    return named
