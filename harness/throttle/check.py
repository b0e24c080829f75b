"""Say what a check is: a question to the evidence, with a level and an advice when the answer is yes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from harness.throttle.evidence import Evidence

FAIL: Final = "fail"
INCONCLUSIVE: Final = "inconclusive"
WARN: Final = "warn"
NOTE: Final = "note"  # worth saying; changes no verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """One check that had something to say."""

    check: str
    level: str  # fail, inconclusive, warn, note
    evidence: str
    advice: str


@dataclass(frozen=True, slots=True)
class Check:
    """A row of a table of checks. `look` answers a sentence of evidence, or None when all is well."""

    name: str
    level: str
    look: Callable[[Evidence], str | None]
    advice: str | Callable[[Evidence], str]  # a function where it depends on the run

    def finding(self, evidence: Evidence) -> Finding | None:
        """The finding of this check, if it has one."""
        said = self.look(evidence)
        if said is None:
            return None
        advice = self.advice if isinstance(self.advice, str) else self.advice(evidence)
        return Finding(self.name, self.level, said, advice)


def many(count: int, noun: str, plural: str | None = None) -> str:
    """`1 message`, `2,400 messages`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
