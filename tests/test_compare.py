"""The story of a comparison: what it reads, and that whatever it is given is a page or one sentence."""

import orjson
import pytest

from harness.compare import compare_runs, judge_against
from harness.errors import EXIT_USAGE, HarnessError, UsageError
from harness.report.comparison_html import comparison_html
from harness.report.document import ReportError, build_document
from tests.report.pages import PAGES
from tests.report.runs import a_document, facts
from tests.throttle.paired import a_run

FORM = {"format": "run/1"}
REFUSED = {
    "another format": ({"format": "run/2"}, "is not of format run/1"),
    "a list": ([1], "is not of format run/1"),
    "no JSON": (b"hello", "is no run.json"),
    "nothing in it": (FORM, "its 'run_id' is missing"),
    "of another form": (
        a_run(1) | FORM | {"timeline": {"points": 9, "width_s": 1, "sent": "x"}},
        "its 'timeline'",
    ),
    "half of it": ({**a_run(1), **FORM, "made_with": None}, "its 'made_with' is missing"),
}


def saved(path, document):
    path.write_bytes(document if isinstance(document, bytes) else orjson.dumps(document))
    return path


@pytest.fixture
def good(tmp_path):
    return saved(tmp_path / "good.json", a_run(1) | FORM)


@pytest.mark.parametrize("name", REFUSED)
def test_a_baseline_that_is_none_is_refused_in_one_sentence(tmp_path, good, name):
    document, said = REFUSED[name]
    with pytest.raises(ReportError, match=said) as caught:
        compare_runs([saved(tmp_path / "b.json", document), good])
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == EXIT_USAGE
    with pytest.raises(ReportError):
        judge_against(tmp_path / "b.json", 0.1, a_run(2))


def test_a_folder_without_a_run_and_one_of_a_run_that_wrote_no_map_are_one_sentence(tmp_path, good):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is no run folder"):
        compare_runs([tmp_path / "empty", good])
    (tmp_path / "dead").mkdir()
    saved(tmp_path / "dead" / "run.json", build_document(facts(state="running", duration_ns=0)))
    with pytest.raises(HarnessError, match="cannot read the delivery map"):
        compare_runs([tmp_path / "dead", good])


@pytest.mark.parametrize("name", PAGES)
def test_any_run_can_be_set_beside_another_and_is_never_called_unchanged(tmp_path, good, name):
    other = saved(tmp_path / "other.json", PAGES[name]())
    for pair in ([other, good], [good, other]):
        compared = compare_runs(pair, 0.1)
        assert compared.exit_code == 4
        assert compared.text.startswith("Not comparable: ")
        assert compared.document["runs"][0]["finding"]["level"] == "inconclusive"
        assert "</html>" in comparison_html(compared.document, compared.runs)


def test_two_times_the_same_run_is_no_change(good):
    compared = compare_runs([good, good], 0.0)
    assert (compared.exit_code, {one["change"] for one in compared.document["runs"][0]["changes"]}) == (
        0,
        {0},
    )


def test_a_run_that_sent_nothing_for_a_minute_has_nothing_to_compare(tmp_path):
    still = a_document(items=0, reconciled=False, of=facts(duration_ns=90 * 10**9))
    compared = compare_runs([saved(tmp_path / "a.json", still)] * 2, 0.1)
    assert compared.document["sentence"].startswith(
        "Not comparable: the baseline lasted 1 min 30 s, and nothing happened after its first 1 s"
    )


def test_the_command_that_does_it_again_is_in_the_document(tmp_path, good):
    other = saved(tmp_path / "it's.json", a_run(2) | FORM)
    command = compare_runs([good, other], 0.1).document["command"]
    assert command == f"harness compare {good} '{tmp_path}/it'\"'\"'s.json' --max-regression 10%"
