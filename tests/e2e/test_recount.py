"""Each number of a run is what a program of its own counts from the raw files; a falsified one is noticed.

The program is `tests/recount`: it shares no line with the harness.
"""

import ast
import copy
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.bench import (
    HARNESS,
    ROOT,
    TIMEOUT_S,
    environment,
    finish,
    harness,
    replay,
    started,
    steady,
    write_lines,
)
from tests.e2e.test_faults import wait_until
from tests.recount.__main__ import main, recount
from tests.recount.evidence import Evidence
from tests.recount.left_out import UNEXPLAINED
from tests.recount.rows import Row

RECOUNT = ROOT / "tests" / "recount"
# Some are refused, some are lost before and some after they were stored; each call is noted.
FAULTS = """
seed = 3
[ledger]
calls = true
[[faults]]
name = "before"
every = 17
status = 503
[[faults]]
name = "after"
api = "tracking"
every = 13
status = 500
when = "after"
[[faults]]
name = "spoilt"
api = "tracking"
every = 19
outcome = "reset-after-body"
when = "after"
[[faults]]
name = "no"
api = "tracking"
every = 23
status = 400
"""


class Case(NamedTuple):
    """A run to be counted again."""

    args: tuple[str, ...] = ()
    recording: str = "steady"  # of `recordings`
    mock: str | None = None  # settings of a mock beside it; None: the run starts its own


def mixed() -> list[dict[str, Any]]:
    """Messages, batches and calls of two sources and a handful of people, an alias among them."""
    lines = steady(60, gap_s=0.004, people=7) + steady(30, gap_s=0.009, people=5, source="ios")
    traits = "/v1/spaces/s/collections/users/profiles/user_id:user-1/traits"
    lines += [{"at": 0.1 + place / 100, "path": traits} for place in range(9)]
    lines += [{"at": 0.2, "path": "/workspaces"}, {"at": 0.21, "path": "/sources"}]
    people = [{"type": "track", "event": "Ü", "anonymousId": f"a-{place % 3}"} for place in range(7)]
    lines += [
        {"at": 0.15, "source": "web", "path": "/v1/batch", "body": {"context": {"a": 1}, "batch": people}}
    ]
    alias = {"userId": "user-1", "previousId": "a-1"}
    lines += [{"at": 0.25, "source": "web", "path": "/v1/alias", "body": alias}]
    return sorted(lines, key=lambda line: line["at"])


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recordings")
    made = {"steady": steady(150, gap_s=0.004), "mixed": mixed(), "one": steady(1)}
    made["late"] = [{**line, "at": round(0.6 - line["at"], 6)} for line in made["steady"][::-1]][::-1]
    paths = {name: write_lines(folder / f"{name}.ndjson", lines) for name, lines in made.items()}
    return paths | {"reads": ROOT / "recordings" / "config-reads.ndjson"}


@contextmanager
def mock(folder: Path, settings: str) -> Iterator[tuple[str, Path]]:
    """The URL and the journal of a mock with these settings."""
    (folder / "mock.toml").write_text(settings, "utf-8")
    args = ("mock", "--ledger", str(folder / "ledger"), "--config", str(folder / "mock.toml"))
    process = subprocess.Popen([*HARNESS, *args], stdout=subprocess.PIPE, env=environment(), cwd=ROOT)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], folder / "ledger" / "journal.ndjson"
    finally:
        process.terminate()
        process.communicate(timeout=TIMEOUT_S)


def ran(case: Case, folder: Path, recordings: dict[str, Path]) -> Evidence:
    """The case's run, to its end, and what there is to count."""
    recording, run = recordings[case.recording], folder / "run"
    args = ("--trace", "--csv", str(folder / "t.csv"), *case.args)
    if case.mock is None:
        done = replay(recording, *args, folder=run)
        assert "Traceback" not in done.err, done.err
        return Evidence(run, recording=recording)
    with mock(folder, case.mock) as (url, journal):
        done = replay(recording, "--target", url, *args, folder=run)
        assert "Traceback" not in done.err, done.err
    return Evidence(run, recording=recording, journal=journal)


def wrong(rows: list[Row] | Any) -> list[Row]:
    return [row for row in rows if row.agrees is False]


QUICK = {
    "faults and copies of three APIs": Case(
        ("--multiply", "2", "--rate", "400/s"), recording="mixed", mock=FAULTS
    ),
    "batches under a ceiling": Case(("--batch", "7", "--limit", "tracking=30/s"), recording="mixed"),
}
MATRIX = {
    "single calls": Case(),
    "recorded batches": Case(("--batch", "recorded"), recording="mixed"),
    "as fast as it goes": Case(("--rate", "max", "--batch", "20")),
    "copies spread in time": Case(("--multiply", "3", "--spread", "1s", "--batch", "5")),
    "rounds by chance": Case(("--loop", "3", "--rate", "300/s", "--arrivals", "poisson")),
    "above the limit": Case(("--exceed-limits", "--rate", "900/s", "--loop", "6")),
    "answers of 429": Case(
        ("--exceed-limits",),
        mock='[ledger]\ncalls = true\n[[limits.rules]]\napi = "tracking"\ncount = 60\nwindow_s = 1\n',
    ),
    "dropped when late": Case(
        ("--late", "drop", "--late-after", "1ms", "--users", "1"),
        mock='[[faults]]\nname = "slow"\nlatency = {ms = 20}\n',
    ),
    "dropped at the limit": Case(("--on-limit", "drop", "--limit", "tracking=50/s")),
    "ended by time": Case(("--duration", "300ms")),
    "one message": Case(recording="one"),
    "no message": Case(recording="reads"),
    "nothing but errors": Case(("--retry", "none"), mock='[[faults]]\nname = "all"\nstatus = 500\n'),
    "out of order": Case(("--batch", "5"), recording="late"),
    "stored and spoilt, and not sent again": Case(
        ("--retry", "none"), mock='[[faults]]\nname = "f"\nevery = 7\nstatus = 503\nwhen = "after"\n'
    ),
    "lost on the way": Case(
        mock='[[faults]]\nname = "f"\nevery = 7\noutcome = "reset-before-head"\nwhen = "after"\n'
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def quick(tmp_path_factory, recordings) -> dict[str, Evidence]:
    """The quick runs, side by side."""
    folders = {name: tmp_path_factory.mktemp("run") for name in QUICK}
    with ThreadPoolExecutor(len(QUICK)) as pool:
        runs = pool.map(lambda name: ran(QUICK[name], folders[name], recordings), QUICK)
        return dict(zip(QUICK, runs, strict=True))


@pytest.mark.parametrize("name", QUICK)
def test_a_run_tells_what_its_raw_files_tell(quick, name):
    evidence = quick[name]
    rows = recount(evidence, csv=evidence.folder.path.parent / "t.csv")
    assert wrong(rows) == []
    assert sum(row.agrees is True for row in rows) > 400
    assert [row.number for row in rows if row.found == UNEXPLAINED] == []
    for file in ("delivery.map", "journal", "trace", "timeline.ndjson", "report.html", "CSV", "recording"):
        assert any(file in row.source for row in rows), file


@pytest.mark.slow
@pytest.mark.parametrize("name", MATRIX)
def test_whatever_is_asked_for_a_run_tells_what_its_raw_files_tell(tmp_path, recordings, name):
    evidence = ran(MATRIX[name], tmp_path, recordings)
    assert wrong(recount(evidence, csv=tmp_path / "t.csv")) == []


def test_a_killed_run_tells_what_its_raw_files_tell(tmp_path, start_mock):
    recording = write_lines(tmp_path / "r.ndjson", steady(2_000, gap_s=0.01))
    served, folder, told = start_mock(), tmp_path / "run", tmp_path / "told.json"
    with started(
        "replay", str(recording), "--target", served.url, "--run-dir", str(folder), "--trace"
    ) as run:
        wait_until(lambda: served.ledger()["stored"] >= 150)
        run.send_signal(signal.SIGKILL)
        run.wait(TIMEOUT_S)
    told.write_text(harness("report", str(folder), "--json", folder=folder).check(0).out, "utf-8")
    evidence = Evidence(
        folder, recording=recording, journal=tmp_path / "ledger-0" / "journal.ndjson", told=told
    )
    assert evidence.told["state"] == "dead"
    assert evidence.told["duration_s"] > 0.5
    assert wrong(recount(evidence)) == []


@pytest.mark.slow
def test_an_interrupted_run_tells_what_its_raw_files_tell(tmp_path):
    recording, folder = write_lines(tmp_path / "r.ndjson", steady(2_000, gap_s=0.01)), tmp_path / "run"
    with started("replay", str(recording), "--run-dir", str(folder), "--trace") as run:
        wait_until(lambda: (folder / "trace.ndjson").exists() and (folder / "trace.ndjson").stat().st_size)
        run.send_signal(signal.SIGINT)
        finish(run, folder).check(130)
    assert wrong(recount(Evidence(folder, recording=recording))) == []


@pytest.mark.slow
def test_an_observation_tells_what_its_journal_tells(tmp_path, recordings):
    folder = tmp_path / "run"
    with started("observe", "--run-dir", str(folder), "--limit", "tracking=100/s") as process:
        assert process.stderr is not None
        url = process.stderr.readline().decode().split(" at ")[1].partition(",")[0]
        replay(recordings["steady"], "--target", url, "--exceed-limits", folder=tmp_path / "sent")
        process.send_signal(signal.SIGINT)
        finish(process, folder)
    rows = recount(Evidence(folder))
    assert wrong(rows) == []
    assert sum(row.agrees is True for row in rows) > 25


def numbers(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each number in a document."""
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from numbers(value, (*path, key))
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield path


# What no file tells, as `left_out.py` says; and what only leads to a place, or says how something is drawn.
NOT_WATCHED = {
    "exit_code", "legs", "plan", "mock", "engine", "other", "made_with", "batch_sizes", "findings",
    "trust_warnings", "expectations",
    "found", "hit_ratio", "readable_ms", "still_missing_ms", "not_found",  # of a Profile API's answers
    "characters", "limit_bytes", "to_bytes",
    "above", "value_ms", "curves",  # how a distribution is drawn: held against it, within bounds
}  # fmt: skip


def test_a_number_that_was_changed_is_noticed_wherever_it_stands(quick):
    """Each number of `run.json` in turn, but for those that are said not to be recomputed."""
    evidence = quick["batches under a ceiling"]
    whole = evidence.told
    unnoticed = []
    for path in numbers(whole):
        if NOT_WATCHED & set(map(str, path)):
            continue
        falsified = copy.deepcopy(whole)
        *way, last = path
        part = falsified
        for key in way:
            part = part[key]
        part[last] = part[last] * 1.5 + 1
        evidence.told = falsified
        try:
            if not wrong(recount(evidence)):
                unnoticed.append(".".join(map(str, path)))
        finally:
            evidence.told = whole
    assert unnoticed == [], "\n".join(unnoticed)


def test_one_byte_of_the_delivery_map_is_noticed(quick, tmp_path):
    evidence, folder = quick["batches under a ceiling"], tmp_path / "run"
    shutil.copytree(evidence.folder.path, folder)
    content = bytearray((folder / "delivery.map").read_bytes())
    content[4096 + 20] = 0x06
    (folder / "delivery.map").write_bytes(content)
    found = {row.number for row in wrong(recount(Evidence(folder, recording=evidence.recording)))}
    assert {"messages.accepted", "messages.abandoned", "reconciliation.received_though_refused"} <= found


@pytest.mark.parametrize(
    ("file", "line", "noticed"),
    [
        ("mock/journal.ndjson", 3, "reconciliation.missing"),
        ("trace.ndjson", 3, "trace: a line for each item that came to an end"),
        ("timeline.ndjson", 1, "started_at, in µs since 1970"),
        ("timeline.ndjson", 2, "requests.sent"),
        ("timeline.ndjson", -1, "state: the timeline has its end"),
    ],
)
def test_a_line_that_was_taken_away_is_noticed(quick, tmp_path, file, line, noticed):
    evidence, folder = quick["batches under a ceiling"], tmp_path / "run"
    shutil.copytree(evidence.folder.path, folder)
    lines = (folder / file).read_bytes().splitlines(keepends=True)
    del lines[line]
    (folder / file).write_bytes(b"".join(lines))
    found = {row.number for row in wrong(recount(Evidence(folder, recording=evidence.recording)))}
    assert noticed in found


def test_the_program_says_what_disagrees_and_ends_with_1(quick, tmp_path, capsys):
    evidence = quick["batches under a ceiling"]
    folder, recording = str(evidence.folder.path), str(evidence.recording)
    assert main([folder, "--recording", recording]) == 0
    assert " 0 disagree" in capsys.readouterr().out
    told = {**evidence.told, "messages": {**evidence.told["messages"], "accepted": 7}}
    (tmp_path / "told.json").write_text(json.dumps(told), "utf-8")
    assert main([folder, "--recording", recording, "--told", str(tmp_path / "told.json"), "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {"messages.accepted"} <= {row["number"] for row in rows if row["agrees"] is False}


def test_the_program_shares_no_line_with_the_harness():
    for path in sorted(RECOUNT.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert (
                    name.startswith("tests.recount") or name.partition(".")[0] in sys.stdlib_module_names
                ), path
