"""A search through the real command, on the mock: what is found, what stops it, and who was sent."""

import json
import re
import shlex
import signal
import time

import pytest

from harness.asked_capacity import DEFAULT_EXPECTATIONS, ask
from harness.cli.capacity import capacity_command
from harness.cli.replay import given_options
from harness.throttle.conclusion import MAX_RATE
from harness.throttle.step import EXIT_OF
from tests.e2e.bench import ROOT, finish, harness, started, steady, write_lines

QUICK = ("--step", "1s", "--settle", "200ms", "--confirm", "1s", "--precision", "100%")


@pytest.fixture
def recording(tmp_path):
    return write_lines(tmp_path / "r.ndjson", steady(60, people=60))


def capacity(recording, folder, *args):
    return harness("capacity", str(recording), "--run-dir", str(folder), *QUICK, *args, folder=folder)


def found(ended):
    return json.loads((ended.folder / "capacity.json").read_text("utf-8"))


def test_a_target_that_refuses_has_the_capacity_that_it_takes_and_meets_fresh_people(
    tmp_path, recording, start_mock
):
    mock = start_mock("--limit", "tracking=200/s")
    ended = capacity(recording, tmp_path / "c", "--start-rate", "150/s", "--target", mock.url)
    document = found(ended)
    verdicts = [(step["rate_per_s"], step["verdict"], step["confirms"]) for step in document["steps"]]
    if ended.code == 4:  # a busy machine, by its own word
        assert {"generator"} & {verdict for _, verdict, _ in verdicts}, ended.out
    else:
        assert ended.code == 0, ended.out + ended.err
        assert document["stopped_by"] == "refusals"
        assert (document["capacity_per_s"], document["failed_per_s"]) == (150, 300)
        assert ended.out.rstrip().endswith("report.html")
        assert 'href="steps/01-150/report.html"' in (ended.folder / "report.html").read_text("utf-8")
        assert verdicts[-1] == (150, "held", True)
        assert ended.out.startswith("Capacity: 150/s held; at 300/s the target's refusals stopped it: ")
    ids = [(one["userId"], one["messageId"]) for one in mock.messages()]
    assert len({message_id for _, message_id in ids}) == len(ids)
    people = [user_id for user_id, _ in ids]
    assert len(set(people)) == len(people), "a person came in two passes"
    assert all(re.fullmatch(r"user-\d+~\d+-\w+", user_id) for user_id in people)
    for step in document["steps"]:
        run = json.loads((tmp_path / "c" / step["folder"] / "run.json").read_text("utf-8"))
        assert run["sums_hold"]
        assert run["requests"]["retried"] == 0
        assert run["reconciliation"]["missing"] == 0


@pytest.mark.slow
def test_a_limit_that_was_set_is_no_capacity(tmp_path, recording):
    args = ("--start-rate", "60/s", "--limit", "tracking=70/s", "--expect", "p90 of response_time_ms < 60ms")
    ended = capacity(recording, tmp_path / "c", *args)
    document = found(ended)
    assert document["capacity_per_s"] is None
    assert document["steps"][-1]["verdict"] in ("held", "generator")
    if ended.code == 0:
        assert "the limit you set held (Tracking 70 requests/s per source)" in document["sentence"]


@pytest.mark.slow
def test_a_target_that_is_slow_from_the_start_holds_not_even_the_first_rate(tmp_path, recording, start_mock):
    mock = start_mock("--fault", "latency.ms=50")
    slow = ("--expect", "p50 of service_time_ms < 20ms", "--start-rate", "40/s", "--json")
    ended = capacity(recording, tmp_path / "c", "--target", mock.url, *slow).check(3)
    assert json.loads(ended.out) == found(ended)
    assert found(ended)["sentence"].startswith(
        "Not even 40/s held: the target's latency stopped it: expected p50 of service_time_ms < 20ms"
    )
    assert (found(ended)["state"], len(found(ended)["steps"])) == ("finished", 1)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_stop_says_what_was_found_so_far(tmp_path, recording, number):
    folder = tmp_path / "c"
    args = ("--step", "1s", "--settle", "0s", "--expect", "throttle.throttled == 0", "--start-rate", "20/s")
    with started("capacity", str(recording), "--run-dir", str(folder), *args) as process:
        for _ in range(200):
            if (folder / "steps").is_dir() and len(list((folder / "steps").iterdir())) == 2:
                break
            time.sleep(0.05)
        process.send_signal(number)
        ended = finish(process, folder).check(130)
    document = found(ended)
    assert (document["state"], document["stopped_by"]) == ("interrupted", "interrupted")
    assert ended.out.startswith("Interrupted; so far 20/s held, not confirmed.")


@pytest.mark.slow
def test_a_bad_line_ends_the_search_and_what_was_found_stays(tmp_path):
    recording = write_lines(tmp_path / "r.ndjson", steady(60))
    with recording.open("a", encoding="utf-8") as file:
        file.write("no JSON\n")
    few = ("--expect", "messages.accepted > 0", "--start-rate", "20/s")
    ended = capacity(recording, tmp_path / "c", *few).check(1)
    assert f"harness: {recording}:61:" in ended.err
    document = found(ended)
    assert (document["state"], document["exit_code"]) == ("failed", 1)
    assert str(recording) in document["sentence"]
    assert [step["verdict"] for step in document["steps"]] == ["held", "held"]


def test_what_makes_no_sense_is_refused_before_anything_is_sent(tmp_path, recording):
    ended = capacity(recording, tmp_path / "c", "--max-rate", "1/s").check(2)
    assert ended.err.startswith("harness: --max-rate is below --start-rate")
    assert not (tmp_path / "c").exists()


PAGE = (ROOT / "docs" / "capacity.md").read_text("utf-8")


@pytest.mark.parametrize("line", re.findall(r"^harness capacity .*", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_ask_for_a_search(line):
    given = capacity_command.make_context("capacity", shlex.split(line)[2:]).params
    plan, _ = ask(given.pop("recording"), given_options({**given, "as_json": None}))
    assert (ROOT / plan.recording).is_file()


def test_the_page_names_every_stop_and_what_is_expected_by_default():
    stops = "\n".join(re.findall(r"^\| `.*", PAGE, re.MULTILINE))
    assert all(f"`{stop}`" in stops for stop in (*EXIT_OF, MAX_RATE))
    assert "\n".join(DEFAULT_EXPECTATIONS) in PAGE
