"""A command that is observed: what it is told, what of its output is shown, and that nothing of it stays."""

import select
import sys
from pathlib import Path

import pytest

from harness.clock import SystemClock
from harness.errors import UsageError
from harness.observed_command import SHOWN_MOST_BYTES, ObservedCommand
from harness.units import NS_PER_MS


def run(*command, told=None, said=None):
    said = [] if said is None else said
    return ObservedCommand(command, told=told or {}, say=said.append, clock=SystemClock())


def to_its_end(command):
    while command.output >= 0:
        select.select([command.output], [], [])
        command.pass_on()
    while not command.has_ended:
        select.select([], [], [], 0.01)
    return command.end()


def test_it_is_told_in_its_environment_and_its_lines_are_shown_whole():
    said: list[str] = []
    command = run(
        "bash",
        "-c",
        "printf 'a\\nb'; printf \"$SEGMENT_MOCK\" >&2; exit 3",
        told={"SEGMENT_MOCK": "u\n"},
        said=said,
    )
    end = to_its_end(command)
    assert (said, end.name, end.exit_code, end.output_bytes) == (["a", "bu"], "bash", 3, 5)


def test_what_ignores_sigterm_is_killed_and_so_is_what_it_started():
    said: list[str] = []
    script = "trap '' TERM; sleep 60 & echo $!; while true; do sleep 1; done"
    command = run("bash", "-c", script, said=said)
    while not said:
        select.select([command.output], [], [])
        command.pass_on()
    end = command.end(200 * NS_PER_MS)
    assert end.exit_code is None
    assert not is_running(int(said[0]))


def is_running(pid: int) -> bool:
    """A zombie does not run: only its parent, which may be slow, can let it go."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_flood_is_shown_to_a_bound_and_read_to_its_end():
    said: list[str] = []
    flood = 3 * SHOWN_MOST_BYTES
    end = to_its_end(run(sys.executable, "-c", f"import os; os.write(1, b'x' * {flood})", said=said))
    assert "the rest is not shown" in said[-1]
    assert sum(map(len, said)) < 1.1 * SHOWN_MOST_BYTES
    assert end.output_bytes == flood


def test_what_cannot_be_started_is_said(tmp_path):
    (tmp_path / "plain").write_text("no program", "utf-8")
    with pytest.raises(UsageError, match="cannot be started"):
        run(str(tmp_path / "plain"))
