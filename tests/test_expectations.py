"""The grammar of expectations: what it reads and writes, how it refuses, and the page that lists it."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.expectations import HELP, OPERATORS, Expectation, ExpectationError, parse_expectation
from harness.metrics import ANSWERS_LEAST, BARE, LABELS, METRICS, STATS, UNITS
from harness.options import BY_FIELD
from harness.plan import make_plan, read_scenario
from tests.report.runs import a_document

PAGE = Path(__file__).resolve().parent.parent / "docs" / "expectations.md"
SAMPLE_VALUES = {"status": ("200", "none"), "api": ("tracking", "config")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p99 of service_time_ms < 20ms", ("p99", "service_time_ms", None, "<", 20.0)),
        ("p99 of service_time_ms<20", ("p99", "service_time_ms", None, "<", 20.0)),
        ("  max  of  lane_wait_ms  >=  1.5 s ", ("max", "lane_wait_ms", None, ">=", 1_500.0)),
        (
            "p50 of service_time_ms{status=429} != 2us",
            ("p50", "service_time_ms", ("status", "429"), "!=", 2e-3),
        ),
        ("messages.accepted == 1660", (BARE, "messages.accepted", None, "==", 1_660.0)),
        ("requests{ status = 5xx } == 0", (BARE, "requests", ("status", "5xx"), "==", 0.0)),
        ("share of requests{status=429} < 1%", ("share", "requests", ("status", "429"), "<", 1.0)),
        ("rate of requests > 120/min", ("rate", "requests", None, ">", 2.0)),
        ('selected_by{source="a \\"b\\" }"} > 0', (BARE, "selected_by", ("source", 'a "b" }'), ">", 0.0)),
    ],
)
def test_an_expression_is_read(text, expected):
    assert parse_expectation(text) == Expectation(*expected)


@pytest.mark.parametrize(
    ("text", "says", "at"),
    [
        ("", "begins with a stat or a metric", 0),
        ("p99 of servce_time_ms < 20ms", "did you mean service_time_ms", 7),
        ("p9 of service_time_ms < 20ms", "did you mean p99", 0),
        ("p99 < 20ms", "a stat is 'of' a metric", 0),
        ("service_time_ms < 20ms", "say which figure of service_time_ms: p50", 0),
        ("p99 of messages.accepted < 3", "messages.accepted has no p99; it has count, rate", 0),
        ("max of rate_per_s.offered > 3", "leave 'max of' out", 0),
        ("p99 of", "a metric must follow 'of'", 6),
        ("missing == 0", "did you mean reconciliation.missing", 0),
        ("messages == 1", "messages is not one number; there are messages.recorded", 0),
        ("quux < 3", "those of service_time_ms", 0),
        ("messages.accepted = 3", "one of <= >= == != < >", 18),
        ("messages.accepted >", "a number must stand here", 19),
        ("messages.accepted > 1e999", "too large", 20),
        ("p99 of lane_wait_ms > 1e308min", "too large", 27),
        ("messages.accepted > 3ms", "messages.accepted is measured in no unit, not 'ms'", 21),
        ("p99 of lane_wait_ms < 20/s", "measured in ns, us, ms, s, m, min, not '/s'", 24),
        ("rate of requests > 400ms", "not 'ms'", 22),
        ("share of requests{status=429} < 0.01", "measured in %, say so", 36),
        ("messages.accepted > 3 and more", "not 'and'", 22),
        ("p99 of lane_wait_ms < 3ms and more", "nothing may follow the unit", 26),
        ("share of requests < 1%", "needs a label: {status=…}", 18),
        ("selected_by > 1", "needs a label: {type=…} or {source=…}", 12),
        ("rate of requests{status=200} > 4", "takes no label", 17),
        ("p99 of lane_wait_ms{status=200} > 4", "takes no label", 20),
        ("requests{type=track} > 3", "takes {status=…} or {api=…}, not type", 9),
        ("requests{sttus=200} > 3", "there is no label 'sttus'", 9),
        ("requests{status=2000} > 3", "no status is '2000'", 16),
        ("requests{api=tracing} > 3", "write tracking, profile, config", 13),
        ("requests{status=200,api=tracking} > 3", "one label at a time", 19),
        ("requests{status=200 > 3", "'}' must close the label", 20),
        ("requests{status} > 3", "'=' must follow status", 15),
        ("requests{status=} > 3", "needs a value", 16),
        ('selected_by{source="\\x"} > 3', "as JSON does", 19),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_there_is_instead(text, says, at):
    with pytest.raises(ExpectationError) as caught:
        parse_expectation(text)
    reason, shown, caret = str(caught.value).split("\n")
    assert says in reason
    assert shown == "  " + text
    assert caret == " " * (2 + at) + "^"


def test_a_long_expression_is_shown_around_its_fault_and_cannot_steer_the_terminal():
    with pytest.raises(ExpectationError) as caught:
        parse_expectation("messages.accepted" + " " * 5_000 + "\x1b[2J" + "x" * 5_000)
    reason, shown, caret = str(caught.value).split("\n")
    assert max(map(len, (reason, shown, caret))) < 200
    assert "\x1b" not in shown
    assert shown[caret.index("^")] == "·"


@st.composite
def expectations(draw):
    metric = draw(st.sampled_from(METRICS))
    stat = draw(st.sampled_from(sorted(metric.figures)))
    figure = metric.figures[stat]
    label = None
    if figure.by and (not figure.path or draw(st.booleans())):
        name = draw(st.sampled_from(sorted(figure.by)))
        value = (
            draw(st.text(max_size=9))
            if figure.by[name].values is None
            else draw(
                st.sampled_from(
                    figure.by[name].values.replace(r"[1-5]\d\d", "503").replace("[1-5]", "4").split("|")
                )
            )
        )
        label = (name, value)
    number = draw(st.floats(min_value=0, allow_infinity=False, allow_nan=False))
    return Expectation(stat, metric.name, label, draw(st.sampled_from(sorted(OPERATORS))), abs(number))


@settings(max_examples=100)
@given(expectations())
def test_what_is_written_reads_back_as_the_same(expectation):
    assert parse_expectation(str(expectation)) == expectation
    assert str(expectation).isprintable()


PIECES = st.lists(
    st.sampled_from(
        [
            "p99",
            " of ",
            "service_time_ms",
            "requests",
            "{",
            "}",
            "status",
            "=",
            "200",
            '"',
            "\\",
            ",",
            "<",
            "1",
            "ms",
            "%",
            "e9",
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=40), PIECES))
@example("\ud800 of \x00")
@example('selected_by{source="\\ud800"} > 1')
def test_any_text_is_an_expression_or_one_clear_error(text):
    try:
        expectation = parse_expectation(text)
    except ExpectationError as error:
        reason, shown, caret = str(error).split("\n")
        assert reason.isprintable()
        assert shown.isprintable()
        assert caret.strip() == "^"
        assert len(caret) <= len(shown) + 1
    else:
        assert parse_expectation(str(expectation)) == expectation


def test_every_metric_is_a_key_of_a_run():
    document = a_document(items=3)
    for metric in METRICS:
        assert metric.meaning.endswith(".")
        for stat, figure in metric.figures.items():
            assert stat in (BARE, *STATS)
            assert figure.unit in UNITS
            assert set(figure.by) <= set(LABELS)
            for path in [figure.path, *(label.path for label in figure.by.values())]:
                found = document
                for key in path:
                    found = found[key]
                assert path or figure.by


def test_the_help_names_every_stat_and_family_of_the_table():
    assert BY_FIELD["expect"].help == HELP
    assert all(stat in HELP for stat in STATS)
    assert all(metric.name.partition(".")[0] in HELP for metric in METRICS)


def test_a_scenario_holds_a_list_and_a_bad_one_is_a_matter_of_usage(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('expect = ["p99 of lane_wait_ms < 1s", "messages.accepted > 2"]\n')
    plan = make_plan("r.ndjson", {}, read_scenario(str(path)))
    assert plan.as_json()["expect"] == ["p99 of lane_wait_ms < 1000ms", "messages.accepted > 2"]
    plan = make_plan("r.ndjson", {"expect": ["calls.pending == 0"]}, read_scenario(str(path)))
    assert plan.as_json()["expect"] == ["calls.pending == 0"]
    with pytest.raises(UsageError, match=r"--expect: there is no metric 'x'(.|\n)*\^"):
        make_plan("r.ndjson", {"expect": ["x < 1"]})


def test_the_examples_of_the_page_can_be_read():
    lines = re.findall(r"^```text\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)[
        0
    ].splitlines()
    assert len(lines) > 5
    assert all(parse_expectation(line) for line in lines)


def test_the_tables_of_the_page_are_the_programs():
    before = PAGE.read_text("utf-8").partition("<!-- stats -->")[0]
    drawn = (
        f"{before}<!-- stats -->\n\n{stats_table()}\n\n## Metrics\n\n<!-- metrics -->\n\n{metrics_table()}\n"
    )
    if os.environ.get("ACCEPT_CLI_DOCS"):
        PAGE.write_text(drawn, "utf-8")
    assert PAGE.read_text("utf-8") == drawn, "ACCEPT_CLI_DOCS=1 writes docs/expectations.md anew"


def stats_table() -> str:
    rows = ["| stat | meaning | answers it takes at least |", "|---|---|---|"]
    rows += [f"| `{stat}` | {meaning} | {ANSWERS_LEAST.get(stat, '')} |" for stat, meaning in STATS.items()]
    return "\n".join(rows)


def metrics_table() -> str:
    rows = ["| metric | stats | unit | labels | meaning |", "|---|---|---|---|---|"]
    for metric in METRICS:
        stats = ["(none)" if stat == BARE else f"`{stat}`" for stat in metric.figures]
        units = dict.fromkeys(figure.unit or "a count" for figure in metric.figures.values())
        labels = [f"`{name}`: {words}" for name, words in metric.labels.items()]
        cells = (f"`{metric.name}`", " ".join(stats), ", ".join(units), "; ".join(labels), metric.meaning)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
