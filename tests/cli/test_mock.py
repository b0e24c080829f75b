"""`harness mock`: what it takes, and what it says of what it does not."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli.mock import mock_command
from harness.mock.faults.rule import FaultRule
from harness.mock.listen import TOKEN_VARIABLE, ListenSettings
from harness.mock.settings import LedgerSettings, LimitsSettings, MockSettings

TOKEN = "a-made-up-token"


@pytest.fixture
def asked(monkeypatch):
    """What the command asks of the process, instead of the process."""
    calls: list[tuple[MockSettings, dict[str, Any]]] = []
    process = SimpleNamespace(run=lambda settings, **options: calls.append((settings, options)))
    monkeypatch.setitem(sys.modules, "harness.mock.serve", process)
    return calls


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mock.toml"
    path.write_text(
        f"""
        [listen]
        port = 7000
        host = "::1"
        token = "{TOKEN}"
        [ledger]
        directory = "from-file"
        bodies_bytes = 1000
        [tracking]
        behaviour = "strict"
        dedupe = false
        [limits]
        preset = "docs-20000"
        rules = [{{ api = "tracking", count = 9 }}, {{ api = "profile", count = 8 }}]
        [[faults]]
        status = 500
        """,
        "utf-8",
    )
    return path


def run(*arguments: str, token: str | None = None) -> Result:
    return CliRunner(env={TOKEN_VARIABLE: token}).invoke(mock_command, list(arguments))


def settings_of(asked, *arguments: str, token: str | None = None) -> MockSettings:
    result = run(*arguments, token=token)
    assert (result.exit_code, result.output) == (0, "")
    settings = asked[-1][0]
    assert isinstance(settings, MockSettings)
    return settings


def figures(settings: MockSettings) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for rule in settings.limits.in_force():
        found.setdefault(rule.api, []).append(rule.count)
    return found


def test_alone_it_listens_on_loopback_with_the_documented_limits(asked):
    assert run().exit_code == 0
    assert asked == [(MockSettings(), {"parent_pipe": False})]
    assert asked[0][0].listen.host == "127.0.0.1"
    assert figures(asked[0][0]) == {"tracking": [500], "profile": [100], "config": [100]}


def test_the_defaults_that_its_help_shows_are_those_of_the_settings():
    shown = {param.name: param.default for param in mock_command.params}
    listen, settings = ListenSettings(), MockSettings()
    assert (shown["port"], shown["host"]) == (listen.port, listen.host)
    assert (shown["limits"], shown["behaviour"]) == (settings.limits.preset, settings.tracking.behaviour)


def test_options_reach_the_process(asked):
    settings = settings_of(
        asked,
        *("--port", "8765", "--host", "0.0.0.0", "--ledger", "x", "--limit", "tracking=50/s"),
        *("--behaviour", "strict", "--tls", "--ca-out", "ca.pem", "--ready-file", "ready.json"),
        *("--fault", "status=503,first=3", "--fault", "latency.ms=20", "--parent-pipe"),
    )
    assert settings.listen == ListenSettings(
        port=8_765, host="0.0.0.0", tls=True, ca_out=Path("ca.pem"), ready_file=Path("ready.json")
    )
    assert settings.ledger == LedgerSettings(directory=Path("x"))
    assert settings.tracking.behaviour == "strict"
    assert [fault.status for fault in settings.faults] == [503, None]
    assert figures(settings) == {"tracking": [50], "profile": [100], "config": [100]}
    assert asked[0][1] == {"parent_pipe": True}


def test_limits_of_one_api_stand_beside_each_other(asked):
    settings = settings_of(
        asked, "--limits", "none", "--limit", "tracking=50/s", "--limit", "tracking=70messages/s"
    )
    assert [(rule.count, rule.unit) for rule in settings.limits.in_force()] == [
        (50, "requests"),
        (70, "messages"),
    ]


def test_no_limit_can_be_had(asked):
    assert settings_of(asked, "--limits", "none").limits.in_force() == ()


def test_the_file_is_read_and_the_command_line_wins(asked, file):
    assert settings_of(asked, "--config", str(file)).listen.port == 7_000
    settings = settings_of(
        asked,
        *("--config", str(file), "--port", "0", "--behaviour", "documented", "--ledger", "given"),
        *("--limit", "tracking=50/s", "--fault", "status=503"),
    )
    assert settings.listen == ListenSettings(port=0, host="::1", token=TOKEN)
    assert settings.ledger == LedgerSettings(directory=Path("given"), bodies_bytes=1_000)
    assert (settings.tracking.behaviour, settings.tracking.dedupe) == ("documented", False)
    assert settings.faults == (FaultRule(status=500), FaultRule(status=503))
    assert figures(settings) == {"tracking": [50], "profile": [8], "config": [200]}


def test_a_preset_that_is_given_sets_the_limits_of_the_file_aside(asked, file):
    assert settings_of(asked, "--config", str(file), "--limits", "none").limits == LimitsSettings(
        preset="none"
    )


def test_the_token_comes_from_the_environment_and_wins_over_the_file(asked, file):
    assert settings_of(asked, "--config", str(file), token="another-token").listen.token == "another-token"
    assert settings_of(asked, "--config", str(file), token="").listen.token == TOKEN


def test_a_mock_that_a_program_has_for_itself_does_not_take_the_token_of_the_shell(asked):
    assert settings_of(asked, "--parent-pipe", token=TOKEN).listen.token == ""


def test_a_token_that_is_none_is_one_sentence_that_does_not_show_it(asked):
    result = run(token="short")
    assert (result.exit_code, asked) == (2, [])
    assert result.stderr.startswith(f"harness mock: {TOKEN_VARIABLE}: the token must be")
    assert "short" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--limit", "50/s"], "--limit 50/s: this is no limit; write it like tracking=50/s"),
        (["--limit", "tracking=1.5/s"], "--limit tracking=1.5/s: this is no limit"),
        (["--limits", "documentd"], "--limits documentd: there is no preset of limits called 'documentd'"),
        (["--fault", "status=1"], "--fault status=1: fault without a name: status must be"),
        (["--ca-out", "ca.pem"], "without TLS; turn it on, or leave the file out (--tls, --ca-out)"),
        (["--host", ""], "host is empty; write an address"),
        (["--config", "nowhere.toml"], "nowhere.toml: cannot be read: no such file or directory; name a"),
    ],
)
def test_what_it_does_not_understand_is_one_sentence_and_exit_2(asked, arguments, sentence):
    result = run(*arguments)
    assert (result.exit_code, asked) == (2, [])
    assert sentence in result.stderr
    assert result.stderr.startswith("harness mock: ")
    assert len(result.stderr.splitlines()) == 1


def test_help_has_an_example_and_hides_what_is_not_for_people():
    text = run("--help").output
    assert "Example:" in text
    assert "  harness mock --port 8765 --ledger ledger/ --limit tracking=50/s\n" in text
    assert "parent-pipe" not in text
    assert "token" not in {name for param in mock_command.params for name in param.opts}


def test_importing_the_command_imports_nothing_heavy():
    heavy = (
        "{'uvloop', 'httptools', 'gevent', 'locust', 'orjson', 'msgspec', 'trustme', 'cryptography', 'jwt'}"
    )
    program = f"import sys, harness.cli.mock; print({heavy} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert result.stdout.strip() == "set()"


def test_settings_without_a_file_import_nothing_that_only_mistakes_need():
    rare = "{'tomllib', 'harness.mock.mistake', 'harness.mock.short_forms', 'trustme', 'cryptography', 'jwt'}"
    program = f"import sys, harness.mock.settings as s; s.MockSettings(); print({rare} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert result.stdout.strip() == "set()"
