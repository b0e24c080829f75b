"""`harness mock`: what it takes, and what it says of what it does not."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli.mock import mock_command
from harness.mock import serve
from harness.segment.limits import BRIEF


@pytest.fixture
def asked(monkeypatch):
    """What the command asks of the process, instead of the process."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(serve, "run", lambda **options: calls.append(options))
    return calls


def run(*arguments: str) -> Result:
    return CliRunner().invoke(mock_command, list(arguments))


def test_alone_it_listens_on_loopback_with_the_documented_limit(asked):
    assert run().exit_code == 0
    assert asked == [
        {"host": "127.0.0.1", "port": 0, "directory": None, "limit": BRIEF[0], "parent_pipe": False}
    ]


def test_options_reach_the_process(asked):
    assert (
        run("--port", "8765", "--host", "0.0.0.0", "--ledger", "x", "--limit", "tracking=50/s").exit_code == 0
    )
    [options] = asked
    assert (options["port"], options["host"], options["directory"]) == (8_765, "0.0.0.0", Path("x"))
    limit = options["limit"]
    assert (limit.count, limit.window_ns, limit.unit, limit.scope) == (
        50,
        1_000_000_000,
        "requests",
        "source",
    )


def test_no_limit_can_be_had(asked):
    assert run("--limits", "none").exit_code == 0
    assert asked[0]["limit"] is None


@pytest.mark.parametrize(
    "text", ["50/s", "profile=5/s", "tracking=", "tracking=0/s", "tracking=fast", "tracking=1.5/s"]
)
def test_a_limit_it_does_not_understand_is_one_sentence_and_exit_2(asked, text):
    result = run("--limit", text)
    assert (result.exit_code, asked) == (2, [])
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_help_has_an_example_and_hides_what_is_not_for_people():
    text = run("--help").output
    assert "Example:" in text
    assert "  harness mock --port 8765 --ledger ledger/ --limit tracking=50/s\n" in text
    assert "parent-pipe" not in text


def test_importing_the_command_imports_nothing_heavy():
    heavy = "{'uvloop', 'httptools', 'gevent', 'locust', 'orjson'}"
    program = f"import sys, harness.cli.mock; print({heavy} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert result.stdout.strip() == "set()"
