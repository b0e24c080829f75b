"""The settings of a mock: what a file may say, what it does, and that the page of them is true."""

import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from msgspec import inspect

from harness.cli.mock import mock_command
from harness.clock import ManualClock
from harness.errors import UsageError
from harness.mock.admin.routes import ROUTES as ADMIN_ROUTES
from harness.mock.config_api.catalog import Catalog
from harness.mock.edge.settings import CdnSettings, OAuthSettings
from harness.mock.faults.outcome import ALIASES, OUTCOMES
from harness.mock.faults.plan import Faults
from harness.mock.limits.headers import HEADER_SETS
from harness.mock.limits.presets import PRESETS
from harness.mock.limits.rule import ACTIONS, ALGORITHMS, SCOPES, UNITS, LimitRule
from harness.mock.limits.throttle import Limits
from harness.mock.listen import TOKEN_VARIABLE
from harness.mock.settings import LimitsSettings, MockSettings, read_settings, with_limits
from tests.mock.boxed import KEY, Client, answered, box_of, request

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "mock.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOML = [body for language, body in BLOCK.findall(PAGE) if language == "toml"]
LINES = [
    line
    for language, body in BLOCK.findall(PAGE)
    if language == "sh"
    for line in body.splitlines()
    if line.startswith("harness mock")
]


@pytest.fixture
def read(tmp_path):
    def reading(text: str) -> MockSettings:
        path = tmp_path / "mock.toml"
        path.write_text(text, "utf-8")
        return read_settings(path)

    return reading


def test_an_empty_file_says_what_no_file_says(read):
    assert read("") == MockSettings()


def test_all_that_is_set_stands_where_it_belongs(read):
    settings = read("""
        seed = 7
        [listen]
        names = ["segment.test"]
        [ledger]
        directory = "ledger"
        [live]
        page = false
        [limits]
        preset = "none"
        [[limits.rules]]
        count = 50
        [[faults]]
        status = 503
        [[sources]]
        slug = "web"
    """)
    assert (settings.seed, settings.listen.names) == (7, ("segment.test",))
    assert (settings.ledger.directory, settings.live.page) == (Path("ledger"), False)
    assert settings.limits.in_force() == (LimitRule(count=50),)
    assert [fault.status for fault in settings.faults] == [503]
    assert [source.slug for source in settings.sources] == ["web"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[listen]\nprt = 1", "listen.prt: there is no such setting; did you mean port?"),
        ("[listne]", "listne: there is no such setting; did you mean listen?"),
        ("[listen]\nport = 70_000", "listen.port: write a whole number <= 65535"),
        ("[listen]\nca_out = 'x'", "listen: there is no certificate to write without TLS"),
        (
            "[limits]\npreset = 'documentd'",
            "limits: there is no preset of limits called 'documentd'; did you",
        ),
        ("[[limits.rules]]\ncount = 0", "limits.rules[0]: a limit: count is 0; write a whole number"),
        (
            "[[limits.rules]]\ncuont = 1",
            "limits.rules[0].cuont: there is no such setting; did you mean count?",
        ),
        (
            "[[limits.rules]]\ncount = '5'",
            "limits.rules[0].count: text in quotes stands there; write a whole",
        ),
        ("[[limits]]\ncount = 5", "limits: a list stands there; write a table"),
        ("[[faults]]\nstatus = 99", "faults[0]: fault without a name: status must be"),
        (
            "[[faults]]\nlatency = {msx = 1}",
            "faults[0].latency.msx: there is no such setting; did you mean ms?",
        ),
        ("[[sources]]\nname = 'x'", "sources[0]: slug is missing; write it"),
        ("[tracking]\nbehaviour = 'lax'", "tracking.behaviour: there is no 'lax'; write one of documented"),
        ("[listen\n", "cannot be read as TOML: "),
        ("a = 1\na = 2", "cannot be read as TOML: "),
    ],
)
def test_a_mistake_names_the_file_the_place_and_the_remedy_in_one_line(read, tmp_path, text, sentence):
    with pytest.raises(UsageError) as raised:
        read(text)
    assert str(raised.value).startswith(f"{tmp_path / 'mock.toml'}: {sentence}")
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, sentence in (
        ("no", "no such file"),
        (".", "is a directory"),
        ("binary", "cannot be read as TOML"),
    ):
        with pytest.raises(UsageError, match=sentence):
            read_settings(tmp_path / name)


def test_no_repr_shows_a_secret(read):
    secret = "Xs3cretX"
    settings = read(f"""
        [listen]
        token = "{secret}"
        [profile]
        tokens = ["{secret}"]
        [config]
        tokens = ["{secret}"]
        [[faults]]
        status = 500
        write_key = "{secret}"
        [[sources]]
        slug = "web"
        write_keys = ["{secret}"]
        settings = {{ apiKey = "{secret}" }}
        [[sources.destinations]]
        name = "Mixpanel"
        settings = {{ apiKey = "{secret}" }}
    """)
    assert settings.sources[0].write_keys == (secret,)
    assert secret not in repr(settings)
    assert "Xs3" not in repr(settings)


# Limits: a preset, and rules before it


def counts(limits: LimitsSettings) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for rule in limits.in_force():
        found.setdefault(rule.api, []).append(rule.count)
    return found


def test_without_a_word_the_limits_of_the_brief_hold():
    assert counts(LimitsSettings()) == {"tracking": [500], "profile": [100], "config": [100]}
    assert LimitsSettings().in_force() == LimitsSettings(preset="brief").in_force()


def test_a_rule_takes_the_place_of_what_the_preset_says_of_its_api():
    limits = LimitsSettings(rules=(LimitRule(count=7),))
    assert counts(limits) == {"profile": [100], "config": [100], "tracking": [7]}


def test_a_rule_for_an_endpoint_stands_beside_what_the_preset_says_of_the_api():
    limits = LimitsSettings(rules=(LimitRule(count=7, endpoint="/v1/batch"),))
    assert counts(limits)["tracking"] == [500, 7]


def test_rules_that_are_added_take_the_place_of_those_for_the_same_and_leave_the_others():
    settings = MockSettings(
        limits=LimitsSettings(preset="none", rules=(LimitRule(count=1), LimitRule(count=2, api="config")))
    )
    changed = with_limits(settings, None, [LimitRule(count=3), LimitRule(count=4, unit="messages")])
    assert counts(changed.limits) == {"config": [2], "tracking": [3, 4]}
    assert with_limits(settings, None, []) == settings


def test_a_preset_that_is_given_sets_all_others_aside():
    settings = MockSettings(limits=LimitsSettings(rules=(LimitRule(count=1),)))
    assert with_limits(settings, "none", []).limits == LimitsSettings(preset="none")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_asked_for(name):
    assert LimitsSettings(preset=name).in_force() == PRESETS[name].rules


# docs/mock.md


def started(settings: MockSettings) -> None:
    """What a start makes of settings, so far as it can refuse them."""
    clock = ManualClock()
    Catalog(settings.sources, settings.config)
    Faults(settings.faults, settings.seed, clock.now_ns())
    Limits(settings.limits.in_force(), clock)


@pytest.mark.parametrize("text", TOML)
def test_the_examples_of_the_page_are_settings_that_a_mock_starts_with(read, text):
    settings = read(text)
    assert settings != MockSettings()
    started(settings)


@pytest.mark.parametrize("line", LINES)
def test_the_commands_of_the_page_are_commands(tmp_path, monkeypatch, line):
    asked: list[MockSettings] = []
    process = SimpleNamespace(run=lambda settings, **_: asked.append(settings))
    monkeypatch.setitem(sys.modules, "harness.mock.serve", process)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mock.toml").write_text(TOML[0], "utf-8")
    result = CliRunner(env={TOKEN_VARIABLE: None}).invoke(mock_command, shlex.split(line, comments=True)[2:])
    assert (result.exit_code, result.output) == (0, "")
    started(asked[0])


def test_the_page_has_examples_and_commands():
    assert len(TOML) >= 2
    assert len(LINES) >= 3


def test_the_page_has_every_setting_with_its_default_and_what_it_does():
    tables = tables_of(PAGE)
    said = {place: {name: row[0] for name, row in rows.items()} for place, rows in tables.items()}
    assert said == settings_by_place()
    assert [name for rows in tables.values() for name, row in rows.items() if not row[1]] == []


@pytest.mark.parametrize(
    "names", [PRESETS, HEADER_SETS, OUTCOMES, ALIASES, ALGORITHMS, ACTIONS, SCOPES, UNITS, [TOKEN_VARIABLE]]
)
def test_the_page_has_every_name_that_a_setting_may_take(names):
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def tables_of(page: str) -> dict[str, dict[str, tuple[str, str]]]:
    """The rows of the settings' tables: place, name, then default and meaning."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    place = None
    for line in page.splitlines():
        if line.startswith("#"):
            heading = re.fullmatch(r"### (?:`(\[.*\])`|At the top)", line)
            place = None if heading is None else heading[1] or ""
        row = re.fullmatch(r"\| `([^`]+)` \| (.*?) \| (.*) \|", line)
        if place is not None and row is not None:
            found.setdefault(place, {})[row[1]] = (row[2].strip("`"), row[3].strip())
    return found


def settings_by_place() -> dict[str, dict[str, str]]:
    """The same of the Structs: place as TOML has it, name, default as TOML has it."""
    found: dict[str, dict[str, str]] = {}
    kind = inspect.type_info(MockSettings)
    assert isinstance(kind, inspect.StructType)
    gather(found, kind, "", "", None)
    return found


def gather(found, kind: inspect.StructType, place: str, prefix: str, given: msgspec.Struct | None) -> None:
    for field in kind.fields:
        default = default_of(field) if given is None else getattr(given, field.name)
        inner = f"{place}.{field.name}" if place else field.name
        for one in alternatives(field.type):
            if isinstance(one, inspect.StructType) and not place:
                gather(found, one, field.name, "", None)
            elif isinstance(one, inspect.StructType):
                nested = default if isinstance(default, msgspec.Struct) else None
                gather(found, one, place, f"{prefix}{field.name}.", nested)
            elif isinstance(one, inspect.VarTupleType) and isinstance(one.item_type, inspect.StructType):
                gather(found, one.item_type, f"[{inner}]", "", None)
            elif isinstance(one, inspect.DictType) and isinstance(one.value_type, inspect.StructType):
                gather(found, one.value_type, f"{inner}.NAME", "", None)
            else:
                continue
            break
        else:
            name = f"[{place.replace('[', '').replace(']', '')}]" if place else ""
            name = f"[{name}]" if place.startswith("[") else name
            found.setdefault(name, {})[prefix + field.name] = in_toml(default)


def alternatives(kind: inspect.Type) -> list[inspect.Type]:
    if isinstance(kind, inspect.UnionType):
        return [one for inner in kind.types for one in alternatives(inner)]
    return alternatives(kind.type) if isinstance(kind, inspect.Metadata) else [kind]


def default_of(field: inspect.Field) -> Any:
    if field.required:
        return ...
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def in_toml(value: Any) -> str:
    if value is None:
        return "–"
    if value is ...:
        return "required"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(in_toml, value))}]"
    return repr(value)


def test_the_tables_are_read_from_the_structs_and_not_from_thin_air():
    by_place = settings_by_place()
    assert by_place["[listen]"]["port"] == "0"
    assert by_place["[[limits.rules]]"]["count"] == "500"
    assert by_place["[[sources.destinations]]"]["name"] == "required"
    assert set(by_place["[oauth]"]) == set(OAuthSettings.__struct_fields__)
    assert set(by_place["[cdn]"]) == set(CdnSettings.__struct_fields__) - {"sources"}


def test_every_admin_call_is_told_of_on_the_page_and_its_examples_are_understood():
    assert not [route.pattern for route in ADMIN_ROUTES if f"{route.pattern}`" not in PAGE]
    examples = re.findall(r"curl -d '(.*?)' \$MOCK(/\S+)", PAGE)
    assert len(examples) == 2
    for body, path in examples:
        client = Client(box_of())
        client.send(request("POST", path, body.replace("'$KEY'", KEY).encode()))
        client.loop.pass_time(30)
        assert answered(client.wire.written).status == 200, body
