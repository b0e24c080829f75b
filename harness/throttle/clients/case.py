"""Say what a case is: a question to what was seen of a program in one play, and how much it matters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from harness.throttle.check import FAIL, INCONCLUSIVE
from harness.throttle.clients.play import Play
from harness.throttle.clients.sight import Sight

NOT_APPLICABLE: Final = "n/a"

MUST: Final = "must"  # messages are lost, or a receiver is hammered
SHOULD: Final = "should"
INFO: Final = "info"
PROFILES: Final = ("segment-2026", "rfc", "legacy")
# In the order of PROFILES.
ALWAYS_MUST: Final = (MUST, MUST, MUST)
ALWAYS_SHOULD: Final = (SHOULD, SHOULD, SHOULD)
ALWAYS_INFO: Final = (INFO, INFO, INFO)
SEGMENTS: Final = (SHOULD, INFO, INFO)  # what Segment's libraries agreed on, and no RFC asks for
NEW_MUST: Final = (MUST, MUST, INFO)  # what libraries from before 2026 do not do
NEW_SHOULD: Final = (SHOULD, SHOULD, INFO)

GROUPS: Final = {
    "A": "what is tried again",
    "B": "Retry-After",
    "C": "backing off",
    "D": "many clients at once",
    "E": "nothing lost, nothing changed",
    "F": "flow",
}


class Ruling(NamedTuple):
    """What came of a case, in a sentence."""

    verdict: str
    evidence: str


class Case(NamedTuple):
    """A row of the table of cases."""

    name: str  # B1, A3.500
    title: str  # what a good client does
    play: Play
    judge: Callable[[Sequence[Sight]], Ruling]  # one sight for each copy of the program
    levels: tuple[str, str, str]  # by PROFILES
    advice: str  # to the developer who has to mend it
    by_chance: bool = False  # a good client fails it once in a while, so it has to fail twice

    @property
    def group(self) -> str:
        return self.name[0]

    @property
    def is_full(self) -> bool:
        """True when it is no part of the default set."""
        return self.play.is_full

    def level(self, profile: str) -> str:
        """MUST, SHOULD or INFO."""
        return self.levels[PROFILES.index(profile)]


class CaseResult(NamedTuple):
    """One case and what it came to."""

    case: Case
    level: str
    ruling: Ruling
    runs: int = 1  # how often it was played
    took_s: float = 0.0  # the last time, for the slowest copy

    def document(self) -> Mapping[str, object]:
        """For JSON."""
        broken = self.ruling.verdict in {FAIL, INCONCLUSIVE}
        return {
            "case": self.case.name,
            "group": self.case.group,
            "title": self.case.title,
            "verdict": self.ruling.verdict,
            "level": self.level,
            "evidence": self.ruling.evidence,
            "advice": self.case.advice if broken else "",
            "cost_s": self.case.play.cost_s,
            "took_s": round(self.took_s, 1),
            "runs": self.runs,
        }
