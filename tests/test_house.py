"""The habits of the house that no linter knows."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
).stdout.split("\n")
PYTHON = sorted((ROOT / "harness").rglob("*.py"))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_first_line_of_a_file_says_its_one_idea(path: Path):
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, f"{path} does not say what it is for"
    assert docstring.splitlines()[0].rstrip().endswith((".", ":", "`.", '"')), docstring.splitlines()[0]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_grows_beyond_400_lines(path: Path):
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_exception_to_a_rule_has_its_reason(path: Path):
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        for mark in re.finditer(r"#\s*(noqa|type: ignore)\S*(?: [A-Z0-9, ]+?)?(?P<rest>.*)$", line):
            assert len(mark["rest"].strip(" -#")) > 8, f"{path}:{number}: say why"


def test_no_room_is_called_utils_helpers_or_manager():
    assert not [name for name in FILES if re.search(r"(^|/)(utils?|helpers?|managers?)(\.py|/)", name)]


def test_the_pinned_versions_name_no_index_and_carry_hashes():
    pinned = (ROOT / "requirements.txt").read_text("utf-8")
    assert "http" not in pinned.replace("http-sf", "").replace("httpcore", "").replace(
        "httptools", ""
    ).replace("httpx", "").replace("geventhttpclient", "")
    assert "--index" not in pinned
    requirements = re.findall(r"^[a-z0-9._-]+==", pinned, re.MULTILINE)
    assert len(requirements) > 30
    assert pinned.count("--hash=sha256:") > len(requirements)


def test_every_dependency_is_pinned_and_has_a_reason():
    pinned = (ROOT / "requirements.txt").read_text("utf-8").lower()
    architecture = (ROOT / "ARCHITECTURE.md").read_text("utf-8").lower()
    for requirement in importlib.metadata.requires("segment-harness") or []:
        name = re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower()
        assert f"\n{name}==" in "\n" + pinned
        assert f"`{name}`" in architecture, f"ARCHITECTURE.md has no reason for {name}"


@pytest.mark.parametrize(
    "program",
    [
        "import harness",
        "import harness.engine",
        "import harness.pytest_plugin",
        "import harness.pytest_mock",
        "import harness.cli, sys; sys.argv = ['harness', '--help']; harness.cli.main()",
        "import harness.cli, sys; sys.argv = ['harness', 'replay', '--help']; harness.cli.main()",
        "import harness.cli, sys; sys.argv = ['harness', 'capacity', '--help']; harness.cli.main()",
        "import harness.cli, sys; sys.argv = ['harness', 'check', 'limits', '--list']; harness.cli.main()",
    ],
)
def test_importing_the_harness_and_asking_for_help_loads_nothing_heavy(program: str):
    watch = (
        "import atexit, sys\n"
        "heavy = {'locust', 'gevent', 'httpx'}\n"
        "atexit.register(lambda: print('LOADED', *sorted(heavy & set(sys.modules))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watch + program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "LOADED"
