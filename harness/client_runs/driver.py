"""Tell a program what a play asks of it: by environment, by arguments, or as Segment's drivers take it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.throttle.clients.play import Play
from harness.throttle.clients.sight import Mark

LONGEST_INPUT_BYTES: Final = 100_000  # of one argument; Linux takes 128 KiB
EVENT: Final = "Harness Check"
USER: Final = "harness-check"

_CASE: Final = "{case}"


class Given(NamedTuple):
    """What one process is given. Its repr shows a write key, a made-up one."""

    url: str
    write_key: str
    case: str  # the play's name, with a number where there are several processes
    produced: Path
    dropped: Path


class Driver(NamedTuple):
    """The user's command, and how it is spoken to."""

    command: tuple[str, ...]
    is_e2e: bool = False  # it takes --input, as Segment's own drivers do
    produced: str | None = None  # a file's path, in which {case} is the case
    dropped: str | None = None

    @property
    def one_at_a_time(self) -> bool:
        """True when all processes would write to the same file."""
        return any(path is not None and _CASE not in path for path in (self.produced, self.dropped))

    def given(self, play: Play, copy: int, url: str, write_key: str, folder: Path) -> Given:
        """For this copy of the program; files of an earlier one are removed."""
        case = play.name if play.copies == 1 else f"{play.name}-{copy + 1}"
        paths = [
            folder / f"{case}.{name}" if path is None else Path(path.replace(_CASE, case))
            for name, path in (("produced", self.produced), ("dropped", self.dropped))
        ]
        for path in paths:
            path.unlink(missing_ok=True)
        return Given(url, write_key, case, *paths)

    def arguments(self, play: Play, given: Given) -> list[str] | None:
        """The command line; None when what it has to say is too long for one."""
        if not self.is_e2e:
            return [_filled(word, play, given) for word in self.command]
        asked = json.dumps(_input(play, given))
        if len(asked) > LONGEST_INPUT_BYTES:
            return None
        return [*self.command, "--input", asked]

    def environment(self, play: Play, given: Given, own: Mapping[str, str]) -> dict[str, str]:
        """Our own, with what the program has to know; a write key that stands there does not reach it."""
        direct = ",".join(filter(None, (own.get("NO_PROXY") or own.get("no_proxy"), "127.0.0.1,localhost")))
        return {
            **own,
            "HARNESS_URL": given.url,
            "HARNESS_WRITE_KEY": given.write_key,
            "HARNESS_EVENTS": str(play.events),
            "HARNESS_CASE": given.case,
            "HARNESS_EVERY_MS": str(play.every_ms),
            "HARNESS_PAD_BYTES": str(play.pad_bytes),
            "HARNESS_PRODUCED": str(given.produced),
            "HARNESS_DROPPED": str(given.dropped),
            "SEGMENT_WRITE_KEY": given.write_key,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }


def read_marks(path: Path) -> frozenset[Mark] | None:
    """The numbers and ids that a program listed, one a line; None when it has not written the file."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return frozenset(
        int(line) if line.isascii() and line.isdigit() else line for text in lines if (line := text.strip())
    )


def told_success(output: str) -> bool | None:
    """What the last JSON object of this output says of `success`; None when there is none."""
    decoder = json.JSONDecoder()
    for start in range(len(output) - 1, -1, -1):
        if output[start] == "{":
            try:
                document, _ = decoder.raw_decode(output, start)
            except ValueError:
                continue
            if isinstance(document, dict) and isinstance(document.get("success"), bool):
                return bool(document["success"])
    return None


def _filled(word: str, play: Play, given: Given) -> str:
    for name, value in (
        ("{url}", given.url),
        ("{write_key}", given.write_key),
        ("{events}", str(play.events)),
        (_CASE, given.case),
        ("{produced}", str(given.produced)),
        ("{dropped}", str(given.dropped)),
    ):
        word = word.replace(name, value)
    return word


def _input(play: Play, given: Given) -> dict[str, Any]:
    """The form that the drivers in the repositories of Segment's libraries take (their READMEs, 2026-08)."""
    pad = {"harness_pad": "x" * play.pad_bytes} if play.pad_bytes else {}
    events = [
        {"type": "track", "event": EVENT, "userId": USER, "properties": {"harness_seq": number, **pad}}
        for number in range(1, play.events + 1)
    ]
    at_once = [{"delayMs": 0, "events": events}]
    paced = [{"delayMs": play.every_ms, "events": [event]} for event in events]
    return {
        "writeKey": given.write_key,
        "apiHost": given.url,
        "cdnHost": given.url,
        "sequences": paced if play.every_ms else at_once,
        "config": {"maxRetries": 10},  # what the libraries agreed on; one of the drivers has 3
    }
