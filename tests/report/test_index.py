"""The list of runs: every kind of folder, hostile names, several ends at once, and one page that is whole."""

import html
import os
import re
import shlex
import threading
from pathlib import Path

import pytest

from harness.measure.observed import Observed
from harness.report.document import ReportError, build_document, write_json
from harness.report.index import FILE_NAME, HIGH, WIDE, index_page, index_rows, sparkline, write_index
from harness.report.observed import as_observed
from harness.units import NS_PER_S
from tests.measure.sends import WALL_NS
from tests.report.runs import a_document, facts
from tests.report.test_html import Elements

HOSTILE = '"><script>alert(1)</script><img src=http://evil.test/x onerror=alert(1)>' + "w" * 400

FOLDERS = {
    "a-run": a_document(items=200, rate_per_s=100),
    "b-empty": a_document(items=0, reconciled=False),
    "c-observed": as_observed(a_document(items=30), Observed()),
    "d-alive": build_document(facts(state="running", duration_ns=0)),
    "e-search": {
        "format": "capacity/1",
        "state": "finished",
        "exit_code": 0,
        "sentence": "It carries 400/s.",
        "recording": "x.ndjson",
    },
}


def make(directory, name, document, now_s=None):
    folder = directory / name
    folder.mkdir()
    path = folder / ("capacity.json" if document.get("format") == "capacity/1" else "run.json")
    write_json(path, document)
    (folder / "report.html").touch()
    if now_s is not None:
        os.utime(path, (now_s, now_s))
    return folder


@pytest.fixture
def directory(tmp_path):
    for name, document in FOLDERS.items():
        make(tmp_path, name, document, now_s=WALL_NS // NS_PER_S)
    return tmp_path


def by_name(directory, now_wall_ns=WALL_NS):
    rows, left_out = index_rows(directory, now_wall_ns)
    assert left_out == 0
    return {row.name: row for row in rows}


def test_a_run_is_listed_with_its_verdict_rate_p99_and_load(directory):
    row, document = by_name(directory)["a-run"], FOLDERS["a-run"]
    assert (row.verdict, row.level) == (document["verdict"], document["verdict"])
    assert row.rate == f"{document['rate_per_s']['achieved']:.0f}/s"
    assert row.p99.endswith(" ms")
    assert row.messages == "200 of 200"
    assert row.link == "a-run/report.html"
    assert row.spark.startswith(f"M0 {HIGH}V")


def test_each_kind_of_folder_says_what_it_is(directory):
    rows = by_name(directory)
    assert rows["c-observed"].p99 == "not measured"
    assert rows["d-alive"].verdict == "running"
    assert (rows["e-search"].verdict, rows["e-search"].remark) == ("capacity, finished", "It carries 400/s.")
    assert rows["b-empty"].spark == ""
    later = by_name(directory, WALL_NS + 61 * NS_PER_S)["d-alive"]
    assert (later.verdict, "harness report d-alive" in later.remark) == ("did not end", True)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": "run/1"}', b'{"format": "run/1", "state": 5}']
)
def test_what_cannot_be_read_is_listed_as_that(tmp_path, content):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "run.json").write_bytes(content)
    (tmp_path / "no-run").mkdir()
    assert [(name, row.verdict) for name, row in by_name(tmp_path).items()] == [("broken", "unreadable")]


def test_a_hostile_name_is_text_and_a_link_stays_in_the_directory(tmp_path):
    document = a_document(items=20, of=facts(target="http://" + HOSTILE, recording={"name": HOSTILE}))
    name = 'x"><script>alert(1)<\\script> javascript:\u202e&?#'
    make(tmp_path, name, document)
    page = write_index(tmp_path, WALL_NS).read_text("utf-8")
    elements = Elements(page)
    assert not {"img", "iframe"} & set(elements.opened)
    assert elements.opened.count("script") == 1  # ours, of which the policy knows
    links = [
        value
        for tag, attribute, value in elements.attributes
        if (tag, attribute) == ("a", "href") and value != "#main"
    ]
    assert len(links) == 1
    assert not set(links[0]) & set('"<> :?#')
    assert "\u202e" not in page


def test_the_page_is_self_contained_and_each_tag_is_closed(directory):
    page = write_index(directory, WALL_NS).read_text("utf-8")
    elements = Elements(page)
    assert sorted(set(elements.opened) - {"meta", "link", "path"}) == sorted(set(elements.closed) - {"path"})
    fetched = [value for _, name, value in elements.attributes if name in {"src", "srcset", "data"}]
    assert fetched == []
    assert "http-equiv" in page
    assert page.count("<tr>") == 1 + len(FOLDERS)


def test_runs_that_end_at_once_are_all_listed(tmp_path):
    document = a_document(items=5)

    def end(number):
        make(tmp_path, f"run-{number}", document)
        write_index(tmp_path, WALL_NS)

    threads = [threading.Thread(target=end, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page = (tmp_path / FILE_NAME).read_text("utf-8")
    assert all(f"<bdi>run-{number}</bdi></a>" in page for number in range(12))
    assert not list(tmp_path.glob(".index.html.*"))


def test_the_newest_come_first_and_many_are_cut_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.report.index.ROWS_MOST", 2)
    for number in range(4):
        at_ns = WALL_NS + number * 60 * NS_PER_S
        make(tmp_path, f"r{number}", a_document(items=1, of=facts(started_wall_ns=at_ns)), at_ns // NS_PER_S)
    rows, left_out = index_rows(tmp_path, WALL_NS)
    assert ([row.name for row in rows], left_out) == (["r3", "r2"], 2)
    assert "2 older ones are not shown" in index_page(rows, left_out, tmp_path)


def test_the_two_newest_runs_that_ended_are_named_in_a_command_that_compares_them(tmp_path):
    for number, name in enumerate(("old", "it's new", "-x\u202e", "newer")):
        of = facts(started_wall_ns=WALL_NS + number * NS_PER_S)
        make(tmp_path, name, a_document(items=1, of=of))
    make(tmp_path, "alive", build_document(facts(state="running", duration_ns=0)))
    rows, _ = index_rows(tmp_path, WALL_NS)
    page = html.unescape(index_page(rows, 0, tmp_path))
    command = re.search("<pre>(.*?)</pre>", page)[1]
    assert shlex.split(command)[2:4] == [f"{tmp_path}/it's new", f"{tmp_path}/newer"]
    assert "harness compare" not in index_page(rows[:1], 0, tmp_path)


def test_the_page_without_rows_is_small():
    assert len(index_page([], 0, Path())) < 40_000


def test_no_directory_is_one_sentence(tmp_path):
    with pytest.raises(ReportError, match="name another"):
        write_index(tmp_path / "nowhere", WALL_NS)


def test_a_sparkline_has_at_most_60_steps_and_reaches_the_top_once_at_its_peak():
    path = sparkline([1.0] * 3_599 + [60.0])
    assert path.count("H") == 60
    assert path.endswith(f"H{WIDE}V{HIGH}Z")
    assert "V0H" in path
    assert sparkline([0.0, 0.0]) == sparkline([]) == ""
