"""The comparison as a document and in a terminal."""

import re

import orjson
import pytest
from jsonschema import Draft202012Validator

from harness.report.comparison import GROUPS, grouped
from harness.report.comparison_text import comparison_text
from tests.report.compared import COMPARISONS

SCHEMA = {
    "type": "object",
    "required": [
        "format",
        "verdict",
        "exit_code",
        "sentence",
        "max_regression",
        "confidence",
        "command",
        "baseline",
        "runs",
    ],
    "properties": {
        "format": {"const": "compare/1"},
        "verdict": {"enum": ["pass", "warn", "fail", "inconclusive"]},
        "runs": {
            "items": {
                "required": [
                    "run",
                    "sentence",
                    "comparable",
                    "reasons",
                    "notes",
                    "changes",
                    "counts",
                    "finding",
                ],
                "properties": {
                    "changes": {
                        "items": {
                            "properties": {
                                "low": {"type": ["number", "null"]},
                                "verdict": {"enum": list(GROUPS)},
                            }
                        }
                    }
                },
            }
        },
    },
}


def text_of(name):
    return comparison_text(COMPARISONS[name]()[0])


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_comparison_has_its_form_and_can_be_printed(name):
    document, _ = COMPARISONS[name]()
    Draft202012Validator(SCHEMA).validate(orjson.loads(orjson.dumps(document)))
    lines = text_of(name).split("\n")
    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines)) < 1_000


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("equal", "pass", 0),
        ("worse", "fail", 3),
        ("too short", "inconclusive", 4),
        ("three", "pass", 0),
        ("never started", "inconclusive", 4),
    ],
)
def test_the_exit_code_is_that_of_the_gravest(name, verdict, code):
    document, _ = COMPARISONS[name]()
    assert (document["verdict"], document["exit_code"]) == (verdict, code)


def test_the_groups_stand_in_the_order_in_which_a_reader_wants_them_and_leave_nothing_out():
    changes = COMPARISONS["worse"]()[0]["runs"][0]["changes"]
    groups = grouped(changes)
    assert [verdict for verdict, _ in groups] == sorted((one for one, _ in groups), key=GROUPS.index)
    assert groups[0][0] == "worse"
    assert sorted(change["figure"] for _, found in groups for change in found) == sorted(
        change["figure"] for change in changes
    )


def test_the_text_shows_what_is_worse_before_what_is_not_in_columns_that_are_aligned():
    text = text_of("worse")
    row = re.search(
        r"\n  p50 of service_time_ms +[\d.]+ ms +[\d.]+ ms +\+\d+ % +\+\d+ to \+\d+ % +<- regression\n", text
    )
    assert text.index("\nworse\n") < row.start() < text.index("\nwithin the noise\n")
    assert "fail: Worse than run-1 by more than 10 %" in text
    rows = [line for line in text.split("\n") if re.match(r"  [\w.]+ of \w+_ms ", line)]
    assert len(rows) == 7
    assert len({line.index(" ms ") for line in rows if " ms " in line}) == 1


def test_each_of_several_runs_has_a_sentence_of_its_own():
    lines = text_of("three").split("\n")
    assert lines[0].startswith("run-2: No figure changed")
    assert lines[1].startswith("run-3: Worse: ")
    assert COMPARISONS["three"]()[0]["sentence"] == " ".join(lines[:2])


def test_counts_that_differ_are_listed_and_the_others_counted():
    text = text_of("worse")
    assert re.search(r"\nrequests\.retried +0 +\d+\n", text)
    assert re.search(r"\n  and \d+ counts that are the same in both\n", text)
    assert "messages.rejected" not in text
    assert re.search(r"\nAll \d+ counts are the same in both\.\n", text_of("equal"))


def test_what_is_not_comparable_is_never_called_unchanged():
    text = text_of("too short")
    assert text.startswith("Not comparable: this run lasted 20 s; it takes 60 s")
    assert "within the noise" not in text
    assert "not comparable, so a change says nothing" in text
