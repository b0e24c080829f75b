"""Bad input: one clear sentence, the exit code, never a traceback, and nothing is sent."""

import gzip
import json
import socket

import pytest

from tests.e2e.bench import harness, replay, steady, write_lines

GOOD = json.dumps(steady(1)[0])


@pytest.fixture
def good(tmp_path):
    return write_lines(tmp_path / "good.ndjson", steady(5))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--speed", "0"], "--speed"),
        (["--speed", "-1"], "--speed"),
        (["--speed", "fast"], "--speed"),
        (["--rate", "0/s"], "--rate"),
        (["--rate", "100/fortnight"], "--rate"),
        (["--rate", "10/s", "--speed", "2"], "give one"),
        (["--users", "0"], "--users"),
        (["--loop", "0"], "--loop"),
        (["--duration", "0s"], "--duration"),
        (["--batch", "some"], "--batch"),
        (["--limit", "tracking=none"], "--limit"),
        (["--integrations", "[1]"], "--integrations"),
        (["--allow", "missing=3"], "--allow"),
        (["--target", "ftp://127.0.0.1"], "http://"),
        (["--target", "http://user:secret@127.0.0.1:1"], "user name"),
        (["--target", "http://segment.example"], "--confirm-host"),
        (["--region", "eu"], "SEGMENT_WRITE_KEY"),
        (["--source", "web=not a name"], "--source"),
        (["--scenario", "nowhere.toml"], "nowhere.toml"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused_before_anything_happens(tmp_path, good, args, says):
    done = replay(good, *args, folder=tmp_path / "run").check(2)
    assert says in done.err
    assert "secret" not in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.ndjson", None, "missing.ndjson"),
        ("empty.ndjson", b"", "empty.ndjson"),
        ("table.ndjson", b"a,b,c\n1,2,3\n" * 10, "table.ndjson:1"),
        ("notime.ndjson", b'{"type":"track","event":"E","userId":"u"}\n', "notime.ndjson:1"),
        ("broken.ndjson.gz", b"no gzip", "broken.ndjson.gz"),
        ("a.txt", GOOD.encode(), "a.txt"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_place(tmp_path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = replay(path, folder=tmp_path / "run").check(2)
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_bad_line_ends_the_reading_and_what_stood_before_it_is_delivered(tmp_path):
    lines = [json.dumps(line) for line in steady(40)]
    lines[30] = '{"at": 0.3, "path": "/v1/unknown", "body": {}}'
    path = tmp_path / "r.ndjson"
    path.write_text("\n".join(lines) + "\n")
    done = replay(path, folder=tmp_path / "run").check(1)
    assert "r.ndjson:31" in done.err
    assert done.run["messages"]["accepted"] == 30
    assert done.run["recording_complete"] is False
    assert done.run["reconciliation"]["missing"] == 0


def test_a_truncated_last_line_is_counted_and_not_fatal(tmp_path):
    path = tmp_path / "r.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in steady(20)) + '{"at": 0.5, "pa')
    done = replay(path, folder=tmp_path / "run").check(0)
    assert done.run["messages"]["accepted"] == 20
    assert done.run["recording"]["truncated_last_line"] == 1


def test_a_gzipped_recording_is_read_as_it_is(tmp_path):
    path = tmp_path / "r.ndjson.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in steady(50)).encode()))
    done = replay(path, folder=tmp_path / "run").check(0)
    assert done.run["messages"]["accepted"] == 50


def test_an_unreachable_target_is_inconclusive(tmp_path, good):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = replay(good, "--target", f"http://127.0.0.1:{port}", folder=tmp_path / "run").check(4)
    assert "nothing was sent" in done.err
    assert not (tmp_path / "run").exists()


def test_a_run_folder_that_is_in_use_is_refused(tmp_path, good):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "precious").write_text("x")
    done = replay(good, folder=folder).check(2)
    assert "not empty" in done.err
    assert [path.name for path in folder.iterdir()] == ["precious"]


def test_a_recording_in_which_nothing_is_replayed_ends_with_5(tmp_path, start_mock):
    line = {
        "at": 0,
        "api": "profile",
        "method": "GET",
        "path": "/v1/spaces/s/collections/users/profiles/u:1/traits",
    }
    target = f"tracking={start_mock().url}"
    recording = write_lines(tmp_path / "r.ndjson", [line])
    done = replay(recording, "--target", target, folder=tmp_path / "run").check(5)
    assert done.run["calls"]["filtered"] == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("speed = 2\nsped = 3\n", "did you mean speed"),
        ("speed = [1]\n", "speed"),
        ("speed = \n", "TOML"),
        ("speed = 0\n", "--speed"),
    ],
)
def test_a_bad_scenario_is_refused_with_its_file(tmp_path, good, content, says):
    scenario = tmp_path / "s.toml"
    scenario.write_text(content)
    done = replay(good, "--scenario", str(scenario), folder=tmp_path / "run").check(2)
    assert says in done.err


def test_a_scenario_gives_options_and_the_command_line_wins(tmp_path, good):
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        f'recording = "{good}"\nspeed = 2\nloop = 2\nexceed-limits = true\nlimit = ["tracking=90/s"]\n'
    )
    folder = tmp_path / "run"
    done = harness(
        "replay", "--scenario", str(scenario), "--loop", "3", "--run-dir", str(folder), folder=folder
    )
    plan = done.check(0).run["plan"]
    assert (plan["speed"], plan["loop"], plan["exceed_limits"]) == (2.0, 3, True)
    assert plan["limit"] == [{"api": "tracking", "count": 90, "window_s": 1.0}]
    assert done.run["messages"]["accepted"] == 15
