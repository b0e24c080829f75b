"""`harness observe` as a process, with real clients, a real mock and real signals."""

import json
import os
import signal
import sys
import urllib.request

import pytest
from jsonschema import Draft202012Validator

from harness.cli import group
from harness.errors import UsageError
from tests.e2e.bench import finish, harness, replay, started, steady, write_lines
from tests.report.test_document import SCHEMA

CLIENT = """
import base64, json, os, sys, time, urllib.error, urllib.request
KEY = os.environ["SEGMENT_WRITE_KEY"]
def send(*messages, tries=None):
    request = urllib.request.Request(
        os.environ["SEGMENT_MOCK"] + "/v1/batch", json.dumps({"batch": list(messages)}).encode(),
        {"Authorization": "Basic " + base64.b64encode((KEY + ":").encode()).decode()})
    if tries: request.add_header("X-Retry-Count", str(tries))
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
def order(number, **more):
    return {"type": "track", "event": "Order Completed", "userId": "anna@example.com",
            "messageId": f"m{number}", "properties": {"order_id": f"order-{number}"}, **more}
"""


def observe(tmp_path, script, *args, **more):
    folder = tmp_path / "run"
    return harness(
        "observe",
        "--run-dir",
        str(folder),
        *args,
        "--",
        sys.executable,
        "-c",
        CLIENT + script,
        folder=folder,
        **more,
    )


def test_a_sound_sender_passes_and_everything_is_written(tmp_path):
    (tmp_path / "orders.txt").write_text("order-1\norder-2\n", "utf-8")
    script = """
both = order(1, timestamp="2026-01-02T03:04:05Z"), order(2, timestamp="2026-01-02T03:04:06Z")
assert send(*both) == 503
time.sleep(1.01)
assert send(*both, tries=1) == 200
print("done", KEY == "wrong")
"""
    done = observe(
        tmp_path,
        script,
        "--fault",
        "status=503,first=1,retry_after=1",
        "--expected",
        str(tmp_path / "orders.txt"),
        "--key",
        "properties.order_id",
        "--expect",
        "reconciliation.missing == 0",
        "--junit",
        str(tmp_path / "junit.xml"),
        env={"SEGMENT_WRITE_KEY": "wrong"},
    ).check(0)
    run = done.run
    assert (run["verdict"], run["seen_from"], run["state"]) == ("pass", "receiver", "finished")
    assert run["messages"] == {
        "recorded": 2,
        "filtered": None,
        "selected": 2,
        "accepted": 2,
        "rejected": 0,
        "abandoned": 0,
        "dropped": None,
        "cancelled": None,
        "pending": 0,
    }
    assert run["throttle"]["retry_after_honoured"] == 1
    assert run["observed"]["expected"] | {"missing_lines": []} == {
        "key": "properties.order_id",
        "expected": 2,
        "listed_again": 0,
        "received": 2,
        "missing": 0,
        "unexpected": 0,
        "repeated": 0,
        "without_value": 0,
        "missing_lines": [],
    }
    assert run["expectations"][0]["holds"] is True
    assert (run["response_time_ms"], run["engine"], run["rate_per_s"]["offered"]) == (None, None, None)
    Draft202012Validator(SCHEMA).validate(run)
    assert "done False" in done.err
    assert "not measured" in done.out
    page = (done.folder / "report.html").read_text("utf-8")
    assert "Seen from the receiver" in page
    assert "not measured" in page
    assert 'name="harness observe' in (tmp_path / "junit.xml").read_text("utf-8")
    for path in done.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"anna@example" not in content, path
            assert b"order-1" not in content, path


def test_a_careless_sender_fails_and_the_report_says_why(tmp_path):
    script = """
send(order(1)); send(order(1)); send(order(2)); sys.exit(7)
"""
    done = observe(
        tmp_path, script, "--fault", "status=503,every=3", "--expect", "p99 of service_time_ms < 1s"
    ).check(3)
    found = {finding["check"]: finding for finding in done.run["findings"]}
    assert {"command", "duplicates", "abandoned"} <= set(found)
    assert found["command"]["evidence"].endswith("exit code 7.")
    assert found["expectation"]["level"] == "inconclusive"
    assert done.run["reconciliation"]["missing"] is None


def test_what_the_command_started_ends_with_it_and_its_flood_is_cut(tmp_path):
    script = """
import subprocess
child = subprocess.Popen(["sleep", "60"])
print("child", child.pid, flush=True)
for _ in range(3000): print("x" * 999)
"""
    done = observe(tmp_path, script).check(5)
    pid = int(done.err.partition("child ")[2].split()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert len(done.err) < 1_300_000
    assert "the rest is not shown" in done.err
    assert done.run["observed"]["command"]["output_bytes"] > 3_000_000
    assert "Nothing arrived" in done.run["sentence"]


def test_ctrl_c_is_the_end_without_a_command_and_a_dead_one_is_drawn_from_its_journal(tmp_path):
    folder = tmp_path / "run"
    with started("observe", "--run-dir", str(folder)) as process:
        assert process.stderr is not None
        url = process.stderr.readline().decode().split(" at ")[1].partition(",")[0]
        body = json.dumps({"userId": "u1", "event": "E", "messageId": "m1", "writeKey": "a" * 32}).encode()
        with urllib.request.urlopen(url + "/v1/track", body) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        done = finish(process, folder).check(0)
    assert done.run["messages"]["accepted"] == 1
    whole = done.run
    at_its_start = whole | {"state": "running", "verdict": None, "findings": [], "observed": None}
    (folder / "run.json").write_text(json.dumps(at_its_start), "utf-8")
    again = harness("report", str(folder), "--json", folder=folder).check(0)
    drawn = json.loads(again.out)
    assert drawn["state"] == "dead"
    assert drawn["messages"] == whole["messages"]
    assert drawn["observed"]["unique"] == 1
    assert (drawn["verdict"], drawn["findings"][0]["check"]) == ("inconclusive", "died")


def test_what_a_replay_sends_is_seen_as_it_was_sent(tmp_path):
    """The two ends of one wire agree."""
    recording = write_lines(tmp_path / "r.ndjson", steady(200, gap_s=0.002))
    folder, sent = tmp_path / "run", tmp_path / "sent"
    with started("observe", "--run-dir", str(folder), "--limit", "tracking=100/s") as process:
        assert process.stderr is not None
        url = process.stderr.readline().decode().split(" at ")[1].partition(",")[0]
        replayed = replay(recording, "--target", url, "--exceed-limits", folder=sent)
        process.send_signal(signal.SIGINT)
        done = finish(process, folder)
    mine, theirs = done.run, replayed.run
    assert mine["requests"]["by_status"] == theirs["requests"]["by_status"]
    assert mine["requests"]["retried"] == theirs["requests"]["retried"]
    assert mine["messages"]["accepted"] == theirs["messages"]["accepted"] == 200
    assert mine["throttle"]["throttled"] == theirs["throttle"]["throttled"] > 0
    assert mine["throttle"]["retry_after_violated"] == 0
    assert mine["observed"]["retries"]["unmarked"] == 0
    assert mine["observed"]["duplicates"] == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--expected", "x"], "--expected and --key go together"),
        (["--expected", "nowhere.txt", "--key", "a"], "nowhere.txt: cannot be read"),
        (["--expect", "p99 of nothing < 1"], "--expect: "),
        (["--duration", "soon"], "--duration: "),
        (["--limit", "fast"], "--limit fast: this is no limit"),
        (["--fault", "colour=red"], "--fault colour=red: "),
        (["--limits", "nothing"], "nothing"),
        (["--", "no-such-program"], "no-such-program: there is no such program"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_listens(tmp_path, args, said):
    with pytest.raises(UsageError) as refused:
        group.main(["observe", "--run-dir", str(tmp_path / "run"), *args], standalone_mode=False)
    assert said in str(refused.value)
    assert not (tmp_path / "run").exists()
