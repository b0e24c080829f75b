import io

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


def test_the_line_says_percent_rate_accepted_throttled_lag_and_time_left():
    assert describe(HALF_WAY) == " 50% · 412/s · 12,345 accepted · 3 throttled · lag 1.2 ms · 1 min 1 s left"


def test_what_is_not_known_is_left_out():
    nothing = Status(None, 0.0, 0, 0, None, None, 0)
    assert describe(nothing) == "0/s · 0 accepted · 0 throttled"


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
    assert text.endswith("\r\x1b[2Ka line that stays\n")


def test_the_line_fits_a_terminal_of_80_columns():
    assert len("━" * 10 + " " + describe(HALF_WAY._replace(accepted=1_234_567))) < 90


def test_elsewhere_there_are_plain_lines_now_and_then():
    stream = io.StringIO()
    progress = Progress(stream, is_terminal=False)
    for second in range(21):
        progress.show(HALF_WAY._replace(elapsed_ns=second * NS_PER_S))
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert all("\x1b" not in line and "\r" not in line for line in lines)


def test_a_long_wait_for_the_next_item_is_said():
    waiting = HALF_WAY._replace(idle_ns=3_600 * NS_PER_S)
    assert "next item in 1 h" in describe(waiting)
    assert "next item" not in describe(HALF_WAY._replace(idle_ns=9 * NS_PER_S))
