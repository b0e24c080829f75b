"""The figures of several APIs side by side."""

from dataclasses import asdict

from harness.measure.summary import ApiFigures, Figures
from harness.report.by_api import COUNTS, TIMES, api_rows, read_sentence
from harness.report.html import html_report
from harness.report.text import LINES_MOST, text_report
from tests.report.runs import a_document

SERVICE = Figures(p50=0.4, p95=1.25, p99=7.0, max=9.0, count=6)
RESPONSE = Figures(p50=10.4, p95=11.25, p99=17.0, max=1_900.0, count=6)


def figures(**changed):
    plain = {
        "requests": 10, "by_status": {"200": 6, "429": 3, "none": 1}, "first_attempt_by_status": {"200": 6},
        "accepted": 6, "throttled": 3, "found": 0, "not_found": 0, "hit_ratio": None,
        "service_time_ms": SERVICE, "response_time_ms": RESPONSE,
        "readable_ms": None, "still_missing_ms": None,
    }  # fmt: skip
    return asdict(ApiFigures(**(plain | changed)))


def document(**by_api):
    return a_document() | {"by_api": by_api}


def test_each_api_has_a_row_when_there_are_several():
    rows = api_rows(document(tracking=figures(), config=figures(requests=1_234, by_status={"204": 1_234})))
    assert [row.name for row in rows] == ["tracking", "config"]
    assert dict(zip(COUNTS, rows[0].counts, strict=True)) == {
        "requests": "10", "2xx": "6", "429": "3", "other": "1",
    }  # fmt: skip
    assert rows[1].counts == ["1,234", "1,234", "0", "0"]
    assert dict(zip(TIMES, rows[0].service, strict=True)) == {
        "p50": "0.40", "p95": "1.25", "p99": "7.00", "max": "9.00",
    }  # fmt: skip
    assert rows[0].response == ["10.4", "11.2", "17.0", "1,900"]
    assert api_rows(document(tracking=figures())) == []


def test_reads_say_what_they_found_and_how_soon():
    assert read_sentence(document(tracking=figures())) is None
    reads = {"found": 3, "not_found": 1, "hit_ratio": 0.75}
    assert read_sentence(document(profile=figures(**reads))) == "75.0 % of 4 reads found a profile"
    first = Figures(p50=201.0, max=240.0, count=3)
    said = read_sentence(document(profile=figures(**reads, readable_ms=first, still_missing_ms=Figures())))
    assert said.endswith("accepted; 0 came after it in vain")
    assert "201 ms (p50) to 240 ms" in said
    last = Figures(max=33.0, count=1)
    said = read_sentence(document(profile=figures(**reads, readable_ms=Figures(), still_missing_ms=last)))
    assert said == "75.0 % of 4 reads found a profile; 1 came after it in vain, the last after 33.0 ms"


def test_both_reports_show_it():
    reads = {"found": 3, "not_found": 1, "hit_ratio": 0.75}
    mixed = document(tracking=figures(), profile=figures(**reads), config=figures())
    text = text_report(mixed)
    assert len(text.splitlines()) <= LINES_MOST
    for name in ("\nby API ", "\ntracking ", "\nprofile ", "\nconfig ", "\nprofiles    75.0 %"):
        assert name in text
    page = html_report(mixed)
    assert "answered or given up" in page
    assert "<td>1,900</td>" in page
    assert "Profiles: 75.0 % of 4 reads found a profile." in page
    assert "answered or given up" not in html_report(a_document())


def test_the_page_names_every_target_that_is_another():
    run = a_document() | {"targets": {"tracking": "http://127.0.0.1:8765", "profile": "http://127.0.0.1:9"}}
    page = html_report(run)
    assert "<dt>Profile API</dt><dd><bdi>http://127.0.0.1:9</bdi></dd>" in page
    assert "<dt>Tracking API</dt>" not in page
