"""The command: its exit codes, what it prints, and what a build server is told."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import group
from harness.errors import GuardError, HarnessError, TargetError
from harness.throttle.servers.checks import CHECKS
from tests.throttle.servers import limiters

CLEAN = dict.fromkeys(
    (
        "SEGMENT_WRITE_KEY",
        "SEGMENT_WORKSPACE",
        "SEGMENT_ACCESS_TOKEN",
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
    )
)


def run(*words: str, **env: str) -> Result:
    runner = CliRunner(env=CLEAN | env)
    return runner.invoke(group, ["check", "limits", *words], catch_exceptions=False)


def test_the_mock_keeps_the_limits_of_all_its_apis(tmp_path: Path):
    small = [word for text in ("tracking=20/s", "profile=10/s", "config=5/min") for word in ("--limit", text)]
    done = run(*small, "--json", "--junit", str(tmp_path / "checks.xml"))
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert {row["level"] for row in document["checks"]} == {"pass", "n/a"}
    assert {row["api"] for row in document["checks"]} == {"tracking", "profile", "config"}
    assert [row["count"] for row in document["limits"]] == [20, 10, 5]
    cases = ET.parse(tmp_path / "checks.xml").findall(".//testcase")
    assert len(cases) == 3 * len(CHECKS)
    assert cases[0].get("classname") == "check limits.tracking"


def test_a_failure_says_what_was_seen_and_what_to_do(tmp_path: Path):
    with limiters.serving(limiters.High()) as url:
        summary = tmp_path / "summary.md"
        done = run(
            *("--api", "tracking", "--target", url, "--limit", "tracking=10/s", "--only", "over"),
            *("--ci", "github"),
            GITHUB_STEP_SUMMARY=str(summary),
        )
    assert done.exit_code == 3
    assert "FAIL tracking over: what is beyond the limit is refused with 429\n  11 requests" in done.stdout
    assert "::error" in done.stderr
    assert "11 requests admitted" in summary.read_text("utf-8")


@pytest.mark.parametrize(("on_inconclusive", "code"), [("fail", 4), ("warn", 0)])
def test_what_stays_open_ends_as_asked(on_inconclusive: str, code: int, tmp_path: Path):
    with limiters.serving(limiters.Failing()) as url:
        done = run(
            *("--api", "tracking", "--target", url, "--limit", "tracking=10/s", "--only", "over"),
            *("--on-inconclusive", on_inconclusive),
        )
    assert done.exit_code == code
    assert "5 answered 503" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--only", "nothing"), "there is no such check; --list names them"),
        (("--limit", "tracking"), "is not API=RATE"),
        (("--limit", "profile=5messages/s"), "only the Tracking API has messages"),
        (("--limit", "config:/sources=5/min"), "limits of one endpoint are not checked"),
        (("--max-time", "soon"), "is no duration"),
        (("--target", "http://192.0.2.1"), "192.0.2.1 is not this machine"),
        (("--api", "profile", "--target", "config=http://127.0.0.1:9"), "--target names none of profile"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(words: tuple[str, ...], sentence: str):
    with pytest.raises(HarnessError) as refused:
        run(*words)
    assert sentence in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_server_that_is_not_there_is_inconclusive():
    with pytest.raises(TargetError, match="does not answer"):
        run("--target", "http://127.0.0.1:9")


def test_the_workspace_is_named_twice():
    said = "--confirm-workspace says staging and SEGMENT_WORKSPACE says production"
    with pytest.raises(GuardError, match=said):
        run(
            *(
                "--target",
                "http://192.0.2.1",
                "--confirm-host",
                "192.0.2.1",
                "--confirm-workspace",
                "staging",
            ),
            SEGMENT_WORKSPACE="production",
        )


def test_an_interruption_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.check_limits.check_limits", interrupted)
    assert run().exit_code == 130


def test_the_checks_are_listed_and_nothing_is_asked():
    done = run("--list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [check.id for check in CHECKS]
