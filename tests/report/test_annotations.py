"""GitHub's annotations: one line each, within its limits, never a command that nobody meant."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.annotations import EACH_MOST, MESSAGE_CHARACTERS, TITLE_CHARACTERS, annotations
from harness.report.checks import CheckResult


def many(level: str, count: int) -> list[CheckResult]:
    return [CheckResult("g", f"{level} {number}", level, "Seen.", "Do.") for number in range(count)]


def test_a_fault_is_an_error_and_a_doubt_a_warning():
    rows = [*many("pass", 1), *many("note", 1), *many("warn", 1), *many("inconclusive", 1), *many("fail", 1)]
    assert annotations("s", rows) == [
        "::error title=s%3A fail 0::Seen.%0ADo.",
        "::error title=s%3A inconclusive 0::Seen.%0ADo.",
        "::warning title=s%3A warn 0::Seen.%0ADo.",
    ]
    assert annotations("s", rows, inconclusive_fails=False)[1].startswith("::warning title=s%3A incon")


def test_beyond_the_limits_the_last_says_how_many_are_left_out():
    lines = annotations("s", [*many("warn", 11), *many("inconclusive", 5), *many("fail", 30)])
    errors = [line for line in lines if line.startswith("::error ")]
    warnings = [line for line in lines if line.startswith("::warning ")]
    assert (len(errors), len(warnings)) == (EACH_MOST, EACH_MOST)
    assert "title=s%3A fail 8::" in errors[-2]
    assert errors[-1] == "::error title=s::And 26 more; the summary of this job has them all."
    assert warnings[-1].endswith("And 2 more; the summary of this job has them all.")
    assert len(annotations("s", many("fail", 10))) == 10


@settings(max_examples=100)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_hostile_text_is_one_command(name, text):
    (line,) = annotations("s", [CheckResult("g", name, "fail", text, "\n::set-env name=PATH::x\r")])
    assert len(line.splitlines()) == 1
    properties = line.removeprefix("::error title=").partition("::")[0]
    assert not set(properties) & {":", ",", "\n"}
    assert line.startswith("::error title=s%3A ")


def test_long_texts_are_cut():
    (line,) = annotations("s", [CheckResult("g", "n" * 9_000, "fail", "e" * 90_000, "")])
    assert len(line) < TITLE_CHARACTERS + MESSAGE_CHARACTERS + 40
    assert line.endswith("…")
