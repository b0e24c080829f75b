"""docs/timing.md does what it says, and so do the schedules it describes, over real sockets."""

import re
from collections import defaultdict

import pytest
from click.testing import CliRunner

from harness.cli import group
from harness.plan import make_plan, read_scenario
from harness.schedule.curve import curve_stages
from tests.e2e.bench import ROOT, replay, steady, write_lines
from tests.test_docs import blocks, run_line

PAGE = (ROOT / "docs" / "timing.md").read_text("utf-8")
LINES = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
PLANS = [line for line in LINES if line.endswith("--dry-run")]
RUNS = [line for line in LINES if line not in PLANS]


@pytest.fixture
def room(tmp_path, monkeypatch):
    for name in ("recordings", "scenarios"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "day.csv").write_text(blocks(PAGE, "csv")[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", PLANS, ids=lambda line: " ".join(line.split()[3:])[:40])
def test_the_plans_of_the_page_are_plans(line, room):
    words = re.findall(r'"([^"]*)"|(\S+)', line)
    done = CliRunner().invoke(group, [quoted or plain for quoted, plain in words][1:])
    # A plan that the ceiling would stretch is refused, after it was told.
    assert done.exit_code == 0 or "choose a lower --speed or --rate" in str(done.exception)
    assert "Plan: recordings/otto-shop.ndjson" in done.output + str(done.exception)


@pytest.mark.parametrize("line", RUNS, ids=lambda line: " ".join(line.split()[2:])[:40])
def test_the_runs_of_the_page_run(line, room):
    run = run_line(line, room).check(0).run
    assert run["reconciliation"]["missing"] == run["reconciliation"]["out_of_order"] == 0
    assert run["sums_hold"]
    # 75 and 150 and 100 and 100 items are the areas under the four stages.
    assert run["messages"]["accepted"] == run["messages"]["selected"] == run["messages"]["recorded"] == 425
    assert run["recording_complete"] is False
    assert "stages ended" in {finding["check"] for finding in run["findings"]}


def test_the_scenarios_and_curves_of_the_page_can_be_read(tmp_path):
    for number, block in enumerate(blocks(PAGE, "toml")):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, "utf-8")
        assert len(make_plan(None, {}, read_scenario(str(path))).stages) == 2
    for block in blocks(PAGE, "csv"):
        assert len(curve_stages("page", block.splitlines())) == 3


def test_copies_are_people_of_their_own_each_in_order(tmp_path, start_mock):
    lines = steady(60, gap_s=0.01, people=4)
    for line in lines[::7]:
        line["body"]["anonymousId"] = f"a-{line['body']['userId']}"
    mock = start_mock()
    path = write_lines(tmp_path / "r.ndjson", lines)
    args = (
        "--target",
        mock.url,
        "--multiply",
        "3",
        "--spread",
        "200ms",
        "--batch",
        "2",
        "--batch-wait",
        "20ms",
    )
    run = replay(path, *args, folder=tmp_path / "run").check(0).run
    assert run["messages"]["recorded"] == run["messages"]["accepted"] == 180
    account = run["reconciliation"]
    assert (account["ledger_unique"], account["missing"], account["unexpected"]) == (180, 0, 0)
    assert (account["duplicates"], account["out_of_order"]) == (0, 0)
    places = defaultdict(list)
    for kept in mock.messages():
        message = kept.get("message", kept)
        places[message["userId"]].append(message["properties"]["place"])
    assert len(places) == 12
    recorded = [list(range(person, 60, 4)) for person in range(4)]
    assert sorted(map(sorted, places.values())) == sorted(recorded * 3)


def test_late_items_are_dropped_and_the_sums_hold(tmp_path, start_mock):
    mock = start_mock("--fault", "latency.ms=150")
    path = write_lines(tmp_path / "r.ndjson", steady(50, gap_s=0.01))
    args = ("--target", mock.url, "--users", "2", "--late", "drop", "--late-after", "300ms")
    done = replay(path, *args, folder=tmp_path / "run").check(0)
    messages = done.run["messages"]
    assert messages["dropped"] > 20
    assert messages["accepted"] + messages["dropped"] == messages["selected"] == 50
    assert done.run["sums_hold"]
    assert done.run["reconciliation"]["ledger_unique"] == messages["accepted"]
    assert done.run["reconciliation"]["unexpected"] == 0
