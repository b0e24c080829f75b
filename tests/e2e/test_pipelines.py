"""Compare, baseline, early stop and the outputs for programs, through the real command."""

import csv
import io
import json
import re
import time
import xml.etree.ElementTree as ET

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.e2e.bench import finish, harness, locust, replay, started, steady, write_lines
from tests.proxy import FaultingProxy, Rule, Status, nth
from tests.report.test_document import SCHEMA
from tests.report.test_prometheus import read

FOREVER = ("--rate", "100/s", "--loop", "forever")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return write_lines(tmp_path_factory.mktemp("r") / "r.ndjson", steady(150, gap_s=0.01))


@pytest.fixture(scope="module")
def told(tmp_path_factory, recording):
    """One run with everything it can be asked to tell."""
    folder = tmp_path_factory.mktemp("told")
    outputs = ("--csv", str(folder / "t.csv"), "--junit", str(folder / "j.xml"), "--json")
    expected = ("--expect", "throttle.throttled == 0")
    return replay(recording, *outputs, *expected, folder=folder / "run").check(0), folder


def test_no_two_outputs_disagree(told):
    done, folder = told
    document = json.loads(done.out)
    assert document == done.run
    Draft202012Validator(SCHEMA).validate(document)
    rows = list(csv.DictReader(io.StringIO((folder / "t.csv").read_text("utf-8"))))
    sent = document["requests"]["sent"]
    assert sum(int(row["sent"]) for row in rows) == sent == 150
    assert sum(int(row["status_2xx"]) for row in rows) == document["requests"]["by_status"]["200"]
    suite = ET.parse(folder / "j.xml").getroot()
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert (properties["run_id"], properties["verdict"]) == (document["run_id"], document["verdict"])


def test_a_report_draws_the_same_csv_again(told):
    done, folder = told
    again = folder / "again.csv"
    harness("report", str(done.folder), "--csv", str(again), folder=done.folder).check(0)
    assert again.read_text("utf-8") == (folder / "t.csv").read_text("utf-8")


def test_a_run_that_is_too_short_is_shown_and_not_comparable(told, tmp_path):
    done, _ = told
    page = tmp_path / "c.html"
    both = (str(done.folder), str(done.folder / "run.json"))
    text = harness("compare", *both, "--html", str(page), folder=tmp_path).check(4).out
    assert text.startswith("Not comparable: the baseline lasted ")
    assert "p50 of service_time_ms" in text
    assert "within the noise" not in text
    assert page.read_text("utf-8").startswith("<!doctype html>")
    as_json = json.loads(harness("compare", "--json", *both, folder=tmp_path).check(4).out)
    assert (as_json["format"], as_json["runs"][0]["comparable"]) == ("compare/1", False)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere",), "one run has nothing to be compared with"),
        (("nowhere", "nor-there"), "nowhere: is no run folder"),
        (("a", "b", "--max-regression", "ten"), "--max-regression: 'ten' is no share"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(tmp_path, args, said):
    assert said in harness("compare", *args, folder=tmp_path).check(2).err


@pytest.mark.slow
def test_a_baseline_is_held_against_the_run_and_read_before_it(told, tmp_path, recording):
    done, _ = told
    new = replay(recording, "--baseline", str(done.folder), folder=tmp_path / "run").check(4)
    assert new.run["findings"][-1]["check"] == "regression"
    assert "Not comparable with" in new.run["sentence"]
    missing = replay(recording, "--baseline", str(tmp_path / "none"), folder=tmp_path / "never").check(2)
    assert "is no run folder" in missing.err
    assert not (tmp_path / "never").exists()


def test_a_lost_expectation_stops_the_run_and_says_at_which_second(tmp_path, recording):
    args = ("--expect", "messages.accepted < 20", "--abort-on-fail", "--abort-grace", "1s")
    done = replay(recording, *FOREVER, *args, folder=tmp_path / "run").check(3)
    assert (done.run["state"], done.run["stopped_by"]) == ("stopped", "--abort-on-fail")
    assert re.match(
        r"Stopped by --abort-on-fail with .*Fail: Expected messages.accepted < 20, but it was ", done.out
    )
    assert re.search(r"after [12] s, and --abort-on-fail ended the run there", done.run["sentence"])
    Draft202012Validator(SCHEMA).validate(done.run)
    assert done.run["sums_hold"]
    assert done.run["messages"]["pending"] == 0


@pytest.mark.slow
def test_metrics_are_served_while_it_runs_and_grow_to_what_is_reported(tmp_path, recording):
    folder = tmp_path / "run"
    args = ("--duration", "3s", "--metrics-port", "0", "--run-dir", str(folder))
    with started("replay", str(recording), *FOREVER, *args) as process:
        assert process.stderr is not None
        address = re.search(rb"metrics at (http://127\.0\.0\.1:\d+/metrics)", process.stderr.readline())
        assert address is not None
        pages = []
        while len(pages) < 12:
            answer = httpx.get(address[1].decode(), trust_env=False)
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            pages.append(read(answer.text))
            time.sleep(0.15)  # what is watched is a process that goes on by itself
        done = finish(process, folder)
    done.check(0)
    sent = [page["harness_requests_sent_total", None] for page in pages]
    assert sent == sorted(sent)
    assert 0 < sent[-1] <= done.run["requests"]["sent"]
    assert ("harness_run_info", done.run["run_id"]) in pages[0]


def test_a_metrics_port_that_is_taken_is_said_before_anything_is_sent(tmp_path, recording, start_mock):
    port = start_mock().port
    refused = replay(recording, "--metrics-port", str(port), folder=tmp_path / "run").check(2)
    assert f"--metrics-port {port}: cannot listen on 127.0.0.1" in refused.err


def test_opentelemetry_gets_every_attempt_by_its_name(tmp_path, start_mock, recording):
    """Locust's own set-up, with the exporter that prints: by `harness replay` and by `locust -f` alike."""
    exporters = {
        "OTEL_METRICS_EXPORTER": "console",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    mock = start_mock()
    with FaultingProxy(mock.port, [Rule(Status(429, (("Retry-After", "1"),)), nth(50))]) as proxy:
        through = ("--target", proxy.url)
        alone = replay(recording, "--otel", *through, folder=tmp_path / "a", env=exporters).check(0)
    under = locust(
        "scenarios/replay.py", "--otel", "--recording", str(recording), folder=tmp_path / "b", env=exporters
    ).check(0)
    told = [durations(done.out) for done in (alone, under)]
    assert told[0] == {("/v1/track", None): 150, ("/v1/track", "Throttled"): 1}
    assert told[1] == {("/v1/track", None): 150}


def durations(out):
    """How many durations the last export has, by name and error."""
    exports = [json.loads(text) for text in re.findall(r"^\{$.*?^\}$", out, re.DOTALL | re.MULTILINE)]
    metrics = [
        metric
        for resource in exports[-1]["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
    ]
    (duration,) = (metric for metric in metrics if metric["name"] == "locust.client.duration")
    points = duration["data"]["data_points"]
    return {(one["attributes"]["name"], one["attributes"].get("error.type")): one["count"] for one in points}


def test_otel_without_its_packages_is_refused_before_anything_is_sent(tmp_path, recording):
    nothing = dict.fromkeys(("OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER"), "none")
    refused = replay(recording, "--otel", folder=tmp_path / "run", env=nothing).check(2)
    assert "--otel: OpenTelemetry is not installed, or all its exporters are `none`" in refused.err
    assert not (tmp_path / "run").exists()
