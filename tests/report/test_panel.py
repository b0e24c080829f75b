"""The lines of a run that goes on, and a terminal on which they replace each other."""

import io
import re

import pytest

from harness.measure.recent import LimitNow, Recent
from harness.report.panel import bar, blocks, cells, fitted, panel
from harness.report.progress import Progress
from tests.report.test_progress import HALF_WAY, WAITING

LIMIT = LimitNow(
    "tracking", "Tracking 500 requests/s per source", "web", "requests", 500, 1.0, 412, past=(60, 500, 412)
)
RECENT = Recent((1, 400, 800), (0, 0, 3), {"200": 11_204, "429": 3, "none": 1}, (LIMIT,))


def test_each_line_says_one_thing():
    assert lines_of(RECENT, WAITING._replace(in_flight=12)) == [
        "sent       ▁▄█",
        "tracking                    ▁█▇ 412 of 500 in 1 s  Tracking 500 requests/s per source (web)",
        "answers    200 11,204 · 429 3 · no answer 1",
        "waiting    ceiling 1,000 · person 12",
        "next       the ceiling opens in 34 s",
        "in flight  12",
    ]


def test_a_limit_is_drawn_on_its_own_scale_and_not_on_its_maximum():
    (quiet,) = (
        line for line in lines_of(RECENT._replace(limits=(LIMIT._replace(used=7, past=(5, 7)),)))[1:2]
    )
    assert "▁▁ 7 of 500" in quiet
    (narrow,) = lines_of(RECENT, columns=40)[1:2]
    assert narrow.startswith("tracking        ▁█▇ 412 of 500 in 1 s")


def test_a_low_terminal_has_fewer_limits_and_keeps_the_rest():
    many = RECENT._replace(limits=(LIMIT,) * 9)
    status = WAITING._replace(in_flight=12)
    assert sum("of 500" in line for line in lines_of(many, status, rows=48)) == 6
    low = lines_of(many, status, rows=8)
    assert (len(low), sum("of 500" in line for line in low)) == (8, 3)


def test_over_a_limit_is_said_and_hostile_names_and_many_statuses_are_cut():
    over = LIMIT._replace(used=800, label="\x1b[2J" + "w" * 200)
    lines = lines_of(Recent((), (), {str(code): 1 for code in range(500, 512)}, (over, over, over)))
    assert " 800 of 500 in 1 s  over  Tracking" in lines[0]
    assert "\x1b" not in "".join(lines)
    assert len(lines) == 4
    assert lines[3].endswith("others 6")


def test_a_name_of_wide_signs_takes_no_second_row():
    assert (cells("店" * 3), cells("e\u0301")) == (6, 1)
    assert fitted("店" * 30, 39) == "店" * 19
    assert fitted("short", 39) == "short"


def test_a_bar_and_blocks_stay_in_their_bounds():
    assert [bar(share) for share in (-1, 0, 0.5, 2)] == ["─" * 10, "─" * 10, "━" * 5 + "─" * 5, "━" * 10]
    assert blocks([0, 1, 8, 9], 8, 30) == " ▁██"
    assert len(blocks(range(100), 100, 30)) == 30


def lines_of(recent, status=HALF_WAY, *, columns=80, rows=22):
    return panel(status, recent, columns=columns, rows=rows)


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
                self.rows[self.row] = self.rows[self.row][: self.column]


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
    assert screen.rows[1].startswith("━━━━━─────  50% · 1 min 1 s left · 412/s")
    assert max(map(len, screen.rows)) <= 59
    progress.close()
    screen = Screen()
    screen.show(stream.getvalue())
    assert screen.rows == ["a line that stays", ""]
