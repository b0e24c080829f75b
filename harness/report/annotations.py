"""Write checks as the workflow commands that GitHub shows as annotations, within its limits.

A step may have ten errors and ten warnings; more are dropped without a word, so the last says how many. The
escapes are those of GitHub's own toolkit.
"""

import re
from collections.abc import Iterable
from typing import Final

from harness.report.checks import CheckResult, worst_first
from harness.throttle.check import FAIL, INCONCLUSIVE, WARN

EACH_MOST: Final = 10
TITLE_CHARACTERS: Final = 200
MESSAGE_CHARACTERS: Final = 4_000

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def annotations(suite: str, results: Iterable[CheckResult], *, inconclusive_fails: bool = True) -> list[str]:
    """One line each, to be printed as it stands: `::error title=…::…`."""
    levels = {
        "error": {FAIL, INCONCLUSIVE} if inconclusive_fails else {FAIL},
        "warning": {WARN} if inconclusive_fails else {INCONCLUSIVE, WARN},
    }
    ordered = worst_first(results)
    lines: list[str] = []
    for command, those in levels.items():
        found = [result for result in ordered if result.level in those]
        told = found if len(found) <= EACH_MOST else found[: EACH_MOST - 1]
        lines += [_line(command, f"{suite}: {result.name}", _words(result)) for result in told]
        if len(told) < len(found):
            left = len(found) - len(told)
            lines.append(_line(command, suite, f"And {left:,} more; the summary of this job has them all."))
    return lines


def _words(result: CheckResult) -> str:
    return "\n".join(filter(None, (result.evidence, result.advice)))


def _line(command: str, title: str, message: str) -> str:
    title, message = _cut(title.replace("\n", " "), TITLE_CHARACTERS), _cut(message, MESSAGE_CHARACTERS)
    return f"::{command} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _cut(text: str, most: int) -> str:
    text = _CONTROL.sub("\ufffd", text)
    return text if len(text) <= most else text[: most - 1] + "…"
