"""The pages say what is true: their commands run, their code works, their links lead somewhere."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from harness import errors
from harness.asked_capacity import CAPACITY_OPTIONS
from harness.cli import COMMANDS, group
from harness.cli.replay import GroupedCommand
from harness.options import GROUPS, KEY_VARIABLE, OPTIONS, Option
from harness.plan import make_plan, read_scenario
from harness.recording.reader import open_recording
from harness.recording.survey import survey
from harness.segment.messages import NEVER_SENT
from harness.units import NS_PER_S
from tests.e2e.bench import Ended, environment
from tests.recount.__main__ import parser as recount_parser
from tests.test_layers import DOMAIN, SPINE, STAGES, STORIES

ROOT = Path(__file__).resolve().parent.parent
CLI_PAGE = ROOT / "docs" / "cli.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "reports/README.md"])
TIMEOUT_S = 60
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT_IN_THE_PAGES = "8765"  # the one thing replaced: a test takes a free port
NOT_IN_THE_TABLES = {
    "--help",
    "--headless",
    "--host",
    "--otel",  # locust's
    "--users",
    "--run-time",
    "--stop-timeout",
    "--recording",
    "--rm",  # docker's
    "--junitxml",  # pytest's
    "--input",  # of the drivers in the repositories of Segment's libraries
}


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(text) if found == language]


README = page("README.md")
CONSOLE = blocks(README, "sh")
RUN_BLOCKS = [block for block in CONSOLE if not block.startswith("make ")]


def commands() -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in COMMANDS}
    listed = {}
    for name, command in found.items():
        if command is not None:
            listed[name] = command
        if isinstance(command, click.Group):
            listed |= {f"{name} {each}": of_group for each, of_group in command.commands.items()}
    return listed


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder in which a page's commands find the checkout's files and leave their own."""
    for name in ("recordings", "scenarios"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def shell_environment() -> dict[str, str]:
    env = environment()
    return env | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(ROOT)}


def run_line(line: str, room: Path) -> Ended:
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=room,
        env=shell_environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    folders = sorted(room.glob("*/run.json")) + sorted(room.glob("reports/*/run.json"))
    newest = max(folders, key=lambda path: path.stat().st_mtime_ns, default=room / "run.json")
    return Ended(done.returncode, done.stdout, done.stderr, newest.parent)


@contextmanager
def in_another_terminal(line: str, room: Path) -> Iterator[None]:
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}"], cwd=room, env=shell_environment(), stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert b'"url"' in process.stdout.readline(), f"{line} does not say where it listens"
        yield
    finally:
        process.terminate()
        process.communicate(timeout=TIMEOUT_S)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert isinstance(port, int)
    return port


def run_lines(lines: list[str], room: Path) -> list[Ended]:
    if not lines:
        return []
    line, rest = lines[0], lines[1:]
    if line.startswith("harness mock"):
        with in_another_terminal(line, room):
            return run_lines(rest, room)
    expected = re.search(r"# exit (\d+)$", line)
    ended = run_line(line, room)
    ended.check(int(expected[1]) if expected else 0)
    return [ended, *run_lines(rest, room)]


@pytest.mark.parametrize("block", RUN_BLOCKS, ids=lambda block: block.splitlines()[0][:50])
def test_the_commands_of_the_readme_do_what_it_says(block: str, room: Path):
    lines = [line for line in block.splitlines() if line and not line.startswith("#")]
    assert all(line.startswith(("harness ", "locust ")) for line in lines)
    port = str(free_port())
    runs = run_lines([line.replace(PORT_IN_THE_PAGES, port) for line in lines], room)
    for ended in runs:
        if ended.code == errors.EXIT_USAGE:
            assert ended.err in blocks(README, "text"), f"README shows another refusal than {ended.err!r}"
        elif "\nrecorded " in ended.out:
            assert ended.out.rstrip().endswith("report.html")
            assert ended.run["reconciliation"]["missing"] == 0


def test_what_the_readme_shows_of_the_demo_is_a_report_as_it_is_printed(room: Path):
    shown = blocks(README, "text")[0].splitlines()
    quick = "--speed 10000000 --exceed-limits --mock-limits none"
    printed = run_line(f"harness replay recordings/otto-shop.ndjson {quick}", room).check(0).out
    labels = [line[:12].rstrip() for line in shown if line[:9].strip() and line[:4].lower() != "warn"]
    assert re.fullmatch(r"reports/\S+/report\.html", shown[-1])
    assert len(labels) > 10
    for label in labels[:-1]:
        assert f"\n{label}" in printed, f"no line of a report begins with {label!r}"


def test_every_make_target_the_pages_name_exists():
    targets = set(re.findall(r"^([a-z-]+):.*## ", page("Makefile"), re.MULTILINE))
    named = set()
    for path in PAGES:
        named |= set(
            re.findall(r"(?:`|^)make (?:[A-Z]+=\S+ )?([a-z][a-z-]*)", path.read_text("utf-8"), re.MULTILINE)
        )
    assert {"demo", "test"} <= named
    assert named <= targets
    assert targets <= {*named, "help", "check"}, "CONTRIBUTING leaves out a command"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text("utf-8")):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), f"{path.name} links to {target}, which is not there"


def test_every_option_the_readme_names_is_an_option():
    known = {name for command in commands().values() for param in command.params for name in param.opts}
    known |= {name for action in recount_parser()._actions for name in action.option_strings}
    for path in PAGES:
        if path != CLI_PAGE and path.name != "CONTRIBUTING.md":
            named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", path.read_text("utf-8")))
            assert named <= known | NOT_IN_THE_TABLES, path


def test_the_python_of_the_readme_runs_under_locust(room: Path):
    examples = blocks(README, "python")
    assert examples
    lines = blocks(README, "json")[0]
    (room / "small.ndjson").write_text(lines, "utf-8")
    for example in examples:
        code = compile(example, "README.md", "exec")
        assert {"build", "on_answer"} <= set(re.findall(r"def (\w+)", example)), code
        seen = f'{example}        print("ANSWERED", request.headers[-1], answer.status)\n'
        (room / "locustfile.py").write_text(seen, "utf-8")
        ended = run_line(
            "locust -f locustfile.py --headless --recording small.ndjson --rate max --run-dir r", room
        )
        ended.check(0)
        assert ended.run["messages"]["accepted"] == 3
        assert ended.out.count("ANSWERED ('X-Test-Run', 'nightly') 200") == 3


def test_the_recording_of_the_readme_can_be_read(tmp_path: Path):
    path = tmp_path / "small.ndjson"
    path.write_text(blocks(README, "json")[0], "utf-8")
    with open_recording(str(path), needs_times=True) as recording:
        found = survey(recording)
    assert (found.items, found.people, dict(found.by_source)) == (3, 2, {"web": 3})
    assert recording.header.privacy == "synthetic"


def test_the_scenario_of_the_readme_is_one(tmp_path: Path):
    for number, block in enumerate(blocks(README, "toml")):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, "utf-8")
        plan = make_plan(None, {}, read_scenario(str(path)))
        assert plan.recording == "recordings/otto-shop.ndjson"


def test_the_exit_codes_of_the_readme_are_the_programs():
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert listed == {value for name, value in vars(errors).items() if name.startswith("EXIT_")}


def test_the_readme_names_the_key_variable_and_all_that_never_leaves():
    assert f"`{KEY_VARIABLE}`" in README
    assert all(f"`{field}`" in README for field in NEVER_SENT)


def test_the_architecture_names_every_room_and_story():
    architecture = page("ARCHITECTURE.md")
    for name in SPINE | DOMAIN | STAGES | STORIES:
        assert f"`{name}`" in architecture, f"ARCHITECTURE.md does not say what {name} is for"


def test_every_development_dependency_has_its_reason():
    declared = re.search(r"^dev = \[(.*?)^\]", page("pyproject.toml"), re.MULTILINE | re.DOTALL)
    assert declared is not None
    names = re.findall(r'"([a-z-]+)', declared[1])
    assert names
    assert all(f"`{name}`" in page("ARCHITECTURE.md") for name in names)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_its_help_has_an_example(name: str):
    command = commands()[name]
    assert command.help
    assert example_of(command), f"harness {name} --help shows no example"
    assert f"harness {name}" in README


def test_the_page_of_commands_and_options_is_current():
    drawn = cli_page()
    assert all(f"| `--{option.name}" in drawn for option in OPTIONS)
    if os.environ.get("ACCEPT_CLI_DOCS"):
        CLI_PAGE.write_text(drawn, "utf-8")
    assert CLI_PAGE.read_text("utf-8") == drawn, "ACCEPT_CLI_DOCS=1 writes docs/cli.md anew"


def test_the_build_server_script_is_sound():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text("utf-8")
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", str(script)], check=True, timeout=TIMEOUT_S)


# docs/cli.md, made from the commands themselves


def cli_page() -> str:
    parts = [
        "# Commands and options",
        "Made from the commands themselves by `tests/test_docs.py`; `harness COMMAND --help` says the same.",
        "A time is written `500ms`, `30s`, `5m`; a rate `500/s` or `100/min`; a size `64MiB`.",
    ]
    for name, command in commands().items():
        parts += [f"## harness {name}", words_of(command), f"```\n{example_of(command)}\n```"]
        parts += [table_of(title, params) for title, params in groups_of(command)]
    return "\n\n".join(parts) + "\n"


def help_of(command: click.Command) -> str:
    # A page needs none of click's marks, and a raw docstring holds them as two characters.
    return (command.help or "").replace("\\b", "").replace("\b", "")


def words_of(command: click.Command) -> str:
    words = help_of(command).partition("Example:")[0].strip()
    return "\n\n".join(" ".join(part.split()) for part in words.split("\n\n") if part.strip())


def example_of(command: click.Command) -> str:
    text = "\n".join([help_of(command), command.epilog or ""])
    return text.partition("Example:")[2].strip()


def groups_of(command: click.Command) -> list[tuple[str, list[click.Parameter]]]:
    table = command.table if isinstance(command, GroupedCommand) else ()
    group_of = {option.field: option.group for option in table}
    titles = [*GROUPS, "Also"] if group_of else ["Options"]
    grouped: dict[str, list[click.Parameter]] = {title: [] for title in titles}
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            grouped[group_of.get(param.name or "", titles[-1])].append(param)
    return [(title, params) for title, params in grouped.items() if params]


def table_of(title: str, params: list[click.Parameter]) -> str:
    rows = [f"### {title}\n" if title != "Options" else "", "| option | default | |", "|---|---|---|"]
    table = {f"--{option.name}": option for option in (*OPTIONS, *CAPACITY_OPTIONS)}
    for param in params:
        assert isinstance(param, click.Option)
        option = table.get(param.opts[-1])
        metavar = "" if param.is_flag else metavar_of(param)
        named = ", ".join(param.opts) + (f" {metavar}" if metavar else "")
        default = default_of(option) if option is not None else plain(param.default)
        cells = (f"`{named}`", f"`{default}`" if default else "", param.help or "")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows).strip("\n")


def metavar_of(param: click.Option) -> str:
    if param.metavar:
        return param.metavar
    if isinstance(param.type, click.Choice):
        return "|".join(map(str, param.type.choices))
    return "N"


def default_of(option: Option) -> str:
    if option.metavar == "SHARE%":
        return f"{option.default:.0%}"
    if option.metavar == "TIME" and option.default is not None:
        return f"{option.default / NS_PER_S:g}s"
    if option.metavar == "SIZE":
        return f"{option.default >> 20}MiB"
    return plain(option.default)


def plain(value: object) -> str:
    if isinstance(value, bool) or value is None or value == () or not isinstance(value, str | int | float):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
