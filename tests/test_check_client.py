"""`harness check client` with real programs: good ones, bad ones, and those that are none."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.e2e.bench import environment
from tests.throttle.clients.mutants import LONG_MUTANTS, MUTANTS

ROOT = Path(__file__).resolve().parent.parent
CLIENT = str(ROOT / "tests" / "throttle" / "clients" / "client.py")
SHORT = ["--pause", "1"]
# Sends one message, and then is at the end of its wits.
HALF = """
import json, os, urllib.request
one = {"type": "track", "userId": "u", "event": "E", "messageId": "1", "properties": {"harness_seq": 1}}
body = json.dumps({"writeKey": os.environ["HARNESS_WRITE_KEY"], "batch": [one]}).encode()
urllib.request.urlopen(os.environ["HARNESS_URL"] + "/v1/batch", body)
raise SystemExit("a bug of mine")
"""


def check(*options: str, cwd=ROOT, timeout=110):
    done = subprocess.run(
        [sys.executable, "-m", "harness", "check", "client", *options],
        cwd=cwd,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def judged(only: str, *command: str, options=(), timeout=110):
    names = [word for case in only.split() for word in ("--only", case)]
    done = check(*SHORT, *names, "--json", *options, "--", *command, timeout=timeout)
    document = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode
    return document, {case["case"]: case["verdict"] for case in document["cases"]}


def client(manners=""):
    return [sys.executable, CLIENT, *manners.split()]


def test_a_good_client_passes():
    document, verdicts = judged("A1 A7.400 B1 E1.plain E3 E11", *client())
    assert set(verdicts.values()) == {"pass"}, document
    assert document["exit_code"] == 0


def test_a_bad_client_fails_where_it_is_bad_and_the_evidence_says_when():
    document, verdicts = judged("A1 B1 E3", *client("ignore-retry-after new-id"))
    assert (verdicts["B1"], verdicts["E3"]) == ("fail", "fail")
    assert document["exit_code"] == 3
    found = {case["case"]: case for case in document["cases"]}
    assert "too early" in found["B1"]["evidence"]
    assert "monotonic clock" in found["B1"]["advice"]
    assert document["failed"]["must"] == 3 - list(verdicts.values()).count("pass")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["no-such-program"], "cannot be started"),
        (["sh", "-c", "echo oh no >&2; exit 7"], "exit 7); its last words: oh no"),
        (["true"], "nothing reached the endpoint"),
        (["sh", "-c", "kill -9 $$"], "signal 9"),
        ([sys.executable, "-c", HALF], "1 of 12 messages arrived; it ended by itself"),
    ],
)
def test_a_program_that_is_none_is_inconclusive_with_its_last_words(command, said):
    document, verdicts = judged("A1 B1", *command)
    assert set(verdicts.values()) == {"inconclusive"}
    assert document["exit_code"] == 4
    assert said in document["cases"][0]["evidence"]


def test_a_command_that_makes_no_sense_is_refused():
    for options, said in (
        (["--only", "A1"], "name one program"),
        (["--e2e-cli", "x", "--", "true"], "name one program"),
        (["--only", "Q", "--", "true"], "no such case"),
        (["--junit", "/no/such/folder/x.xml", "--", "true"], "there is no folder"),
    ):
        done = check(*options)
        assert done.returncode == 2
        assert said in done.stderr


def test_the_list_names_costs_and_levels():
    listed = check("--list", "--profile", "legacy").stdout
    assert "A12" in listed
    assert "18 s" in listed
    assert re.search(r"^B1 +3 s default +info ", listed, re.MULTILINE)


def test_what_stays_open_can_be_let_pass_and_a_build_server_hears_of_all(tmp_path):
    junit = tmp_path / "junit.xml"
    done = check(*SHORT, "--only", "A1", "--on-inconclusive", "warn", "--junit", str(junit), "--", "true")
    assert done.returncode == 0
    assert "not judged" in done.stdout
    assert 'name="A1 429 with Retry-After is tried again"' in junit.read_text("utf-8")


def test_interrupted_it_ends_the_programs(tmp_path):
    pids = tmp_path / "pids"
    code = f"import os, time; open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(100)"
    running = subprocess.Popen(
        [sys.executable, "-m", "harness", "check", "client", "--", sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    while not pids.exists() or not pids.read_text("utf-8").endswith(" "):
        assert running.poll() is None
    running.terminate()
    assert b"interrupted" in running.communicate(timeout=30)[1]
    assert running.returncode == 130
    for pid in pids.read_text("utf-8").split():
        assert not Path(f"/proc/{pid}").exists()


def test_a_driver_of_segments_own_kind_is_spoken_to_in_its_own_way(tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text(
        textwrap.dedent("""
        import json, sys, urllib.request
        asked = json.loads(sys.argv[sys.argv.index("--input") + 1])
        print("talk on standard error is its habit", len(sys.argv), file=sys.stderr)
        batch = [e | {"messageId": f"{asked['writeKey']}-{n}"}
                 for n, e in enumerate(e for s in asked["sequences"] for e in s["events"])]
        body = json.dumps({"writeKey": asked["writeKey"], "batch": batch}).encode()
        told = {"success": True, "sentBatches": 1}
        try:
            urllib.request.urlopen(asked["apiHost"] + "/v1/batch", body, timeout=5)
        except urllib.error.HTTPError as error:
            told = {"success": False, "sentBatches": 0, "error": str(error)}
        print(json.dumps(told, indent=2))
        """),
        "utf-8",
    )
    command = f"{sys.executable} {driver}"
    done = check("--only", "A1", "--only", "A7.400", "--only", "E6", "--json", "--e2e-cli", command)
    verdicts = {case["case"]: case["verdict"] for case in json.loads(done.stdout)["cases"]}
    assert verdicts == {"A1": "fail", "A7.400": "pass", "E6": "pass"}


def test_the_ids_it_lists_stand_for_numbers_it_does_not_give(tmp_path):
    driver = tmp_path / "bare.py"
    driver.write_text(
        textwrap.dedent("""
        import json, os, sys, urllib.request
        key, produced = os.environ["HARNESS_WRITE_KEY"], open(sys.argv[1], "w")
        ids = [f"{key}-{n}" for n in range(int(os.environ["HARNESS_EVENTS"]))]
        print(*ids, sep="\\n", file=produced)
        batch = [{"type": "track", "userId": "u", "event": "E", "messageId": i} for i in ids[1:]]
        body = json.dumps({"writeKey": key, "batch": batch}).encode()
        urllib.request.urlopen(os.environ["HARNESS_URL"] + "/v1/batch", body, timeout=5)
        """),
        "utf-8",
    )
    listing = ["--produced", f"{tmp_path}/{{case}}.txt"]
    _, verdicts = judged("E1.plain", sys.executable, str(driver), "{produced}", options=listing)
    assert verdicts == {"E1.plain": "fail"}
    _, verdicts = judged("E1.plain", sys.executable, str(driver), os.devnull)
    assert verdicts == {"E1.plain": "n/a"}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("manners", MUTANTS)
def test_each_bad_manner_fails_its_cases(manners):
    _, verdicts = judged(MUTANTS[manners], *client(manners), timeout=290)
    assert set(verdicts.values()) == {"fail"}, verdicts


@pytest.mark.slow
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("manners", LONG_MUTANTS)
def test_each_bad_manner_of_the_whole_set_fails_its_cases(manners):
    _, verdicts = judged(LONG_MUTANTS[manners], *client(manners), timeout=1_490)
    assert set(verdicts.values()) == {"fail"}, verdicts


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_the_default_set_ends_within_a_minute_and_each_case_within_its_cost():
    done = check("--json", "--", *client(), timeout=190)
    document = json.loads(done.stdout)
    assert document["duration_s"] <= 60
    assert not [case for case in document["cases"] if case["verdict"] != "pass"]
    assert not [case for case in document["cases"] if case["took_s"] > case["cost_s"] + 2]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_program_that_outlives_everything_is_ended_and_stays_open():
    document, verdicts = judged("A1", "sleep", "1000")
    assert verdicts == {"A1": "inconclusive"}
    assert "still running" in document["cases"][0]["evidence"]
