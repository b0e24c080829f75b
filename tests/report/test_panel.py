"""The lines of a run that goes on, and a terminal on which they replace each other."""

import io
import re

import pytest

from harness.measure.recent import LimitNow, Recent
from harness.report.panel import bar, load_line, panel
from harness.report.progress import Progress
from tests.report.test_progress import HALF_WAY

LIMIT = LimitNow("Tracking 500 requests/s per source", "web", "requests", 500, 1.0, 412)
RECENT = Recent((1, 400, 800), (0, 0, 3), {"200": 11_204, "429": 3, "none": 1}, (LIMIT,))


def test_each_line_says_one_thing():
    assert panel(RECENT, 12) == [
        "sent       ▁▄█",
        "limit      ━━━━━━━━── 412 of 500 in 1 s  Tracking 500 requests/s per source (web)",
        "answers    200 11,204 · 429 3 · no answer 1",
        "in flight  12",
    ]


def test_over_a_limit_is_said_and_hostile_names_and_many_statuses_are_cut():
    over = LIMIT._replace(used=800, label="\x1b[2J" + "w" * 200)
    lines = panel(Recent((), (), {str(code): 1 for code in range(500, 512)}, (over, over, over)), None)
    assert lines[0].startswith("limit      ━━━━━━━━━━ 800 of 500 in 1 s  over")
    assert "\x1b" not in "".join(lines)
    assert len(lines) == 3
    assert lines[2].endswith("others 6")


def test_a_bar_and_blocks_stay_in_their_bounds():
    assert [bar(share) for share in (-1, 0, 0.5, 2)] == ["─" * 10, "─" * 10, "━" * 5 + "─" * 5, "━" * 10]
    assert load_line([0, 1, 8]) == " ▁█"
    assert load_line([0, 0]) == ""
    assert len(load_line(range(100))) == 30


class Screen:
    """A terminal that knows the few controls that are used."""

    def __init__(self):
        self.rows, self.row, self.column = [""], 0, 0

    def show(self, text):
        for control, plain in re.findall(r"(\x1b\[\d*[A-Z]|\r|\n)|([^\x1b\r\n]+)", text):
            if plain:
                row = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = row[: self.column] + plain + row[self.column + len(plain) :]
                self.column += len(plain)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self.row, self.column = self.row + 1, 0
                if self.row == len(self.rows):
                    self.rows.append("")
            elif control.endswith("A"):
                self.row -= int(control[2:-1])
            elif control.endswith("J"):
                self.rows = [*self.rows[: self.row], self.rows[self.row][: self.column]]
            elif control.endswith("K"):
                self.rows[self.row] = ""


@pytest.mark.parametrize("lines", ["24", "5"])
def test_on_a_terminal_the_lines_replace_each_other_and_leave_what_was_said(monkeypatch, lines):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", lines)
    stream = io.StringIO()
    progress = Progress(stream, is_terminal=True)
    status = HALF_WAY._replace(recent=RECENT, in_flight=12)
    progress.show(status)
    progress.show(status._replace(recent=RECENT._replace(limits=(LIMIT, LIMIT))))
    progress.say("a line that stays")
    progress.show(status)
    screen = Screen()
    screen.show(stream.getvalue())
    assert screen.rows[0] == "a line that stays"
    assert len(screen.rows) == (6 if lines == "24" else 2)
    assert screen.rows[1].startswith("━━━━━─────  50% · 412/s")
    assert max(map(len, screen.rows)) <= 59
    progress.close()
    screen = Screen()
    screen.show(stream.getvalue())
    assert screen.rows == ["a line that stays", ""]
