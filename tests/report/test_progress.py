import io
import os
import pty

import pytest

from harness.model import Waiting
from harness.report.panel import cells
from harness.report.progress import Progress, Status, describe
from harness.units import NS_PER_S

HALF_WAY = Status(
    share=0.5,
    rate_per_s=412.0,
    accepted=12_345,
    throttled=3,
    lag_ms=1.23,
    left_ns=61 * NS_PER_S,
    elapsed_ns=60 * NS_PER_S,
)
WAITING = HALF_WAY._replace(
    waiting=Waiting(ceiling=1_000, person=12), next_is="ceiling", next_in_ns=34 * NS_PER_S
)


def test_the_line_says_percent_time_left_rate_accepted_throttled_and_lag():
    assert describe(HALF_WAY) == " 50% · 1 min 1 s left · 412/s · 12,345 accepted · 3 throttled · lag 1.2 ms"


def test_what_is_not_known_is_left_out():
    nothing = Status(None, 0.0, 0, 0, None, None, 0)
    assert describe(nothing) == "0/s · 0 accepted · 0 throttled"


def test_what_waits_is_said_with_what_it_waits_for_and_when_that_ends():
    line = describe(WAITING)
    assert "1,012 waiting (ceiling 1,000 · person 12)" in line
    assert line.endswith("the ceiling opens in 34 s")
    # Where a panel below says it, the line says only how many.
    assert "1,012 waiting · 3 throttled" in describe(WAITING, alone=False)


def test_a_bound_is_called_one_and_an_end_is_not_rounded_up_to():
    assert "at least 1 min 1 s left" in describe(HALF_WAY._replace(at_least=True))
    assert describe(HALF_WAY._replace(share=0.9999)).startswith(" 99%")
    assert " · stopping · " in describe(HALF_WAY._replace(left_ns=None, stopping=True))


def test_on_a_terminal_one_line_rewrites_itself_and_is_wiped_at_the_end():
    stream = io.StringIO()
    progress = Progress(stream, is_terminal=True)
    progress.show(HALF_WAY)
    progress.show(HALF_WAY)
    progress.say("a line that stays")
    progress.close()
    text = stream.getvalue()
    assert text.count("━━━━━─────") == 2
    assert text.count("\n") == 1
    assert text.endswith("\r\x1b[Ja line that stays\n")


@pytest.mark.parametrize("room", [20, 40, 66, 200])
def test_what_does_not_fit_is_left_out_whole(room):
    line = describe(WAITING, alone=False, room=room)
    assert cells(line) <= room
    assert describe(WAITING, alone=False).startswith(line)
    assert not line.endswith(("·", " "))
    assert describe(WAITING, room=1) == " 50%"


def test_elsewhere_there_are_plain_lines_now_and_then():
    stream = io.StringIO()
    progress = Progress(stream, is_terminal=False)
    for second in range(21):
        progress.show(HALF_WAY._replace(elapsed_ns=second * NS_PER_S))
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert all("\x1b" not in line and "\r" not in line for line in lines)


@pytest.mark.parametrize(("term", "rewrites"), [("xterm-256color", True), ("dumb", False)])
def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(monkeypatch, term, rewrites):
    monkeypatch.setenv("TERM", term)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        progress = Progress(stream)
        progress.show(HALF_WAY)
        said = os.read(ours, 4096).decode()
        progress.close()
    os.close(ours)
    assert ("\x1b" in said) is rewrites


def test_a_long_wait_for_the_next_item_is_said():
    waiting = HALF_WAY._replace(next_is="due", next_in_ns=3_600 * NS_PER_S)
    assert "next item due in 1 h" in describe(waiting)
    assert "next item" not in describe(waiting._replace(next_in_ns=2 * NS_PER_S))
