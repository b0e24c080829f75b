"""The plugin as its users have it: a wheel, in a virtual environment of a project of their own."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 300
CONFTEST = """
import harness

def pytest_report_header():
    return f"harness from {harness.__file__}"
"""
TESTS = """
import json
import urllib.request

import pytest


def send(mock, number):
    message = {"type": "track", "userId": "u", "event": "E", "messageId": f"m{number}"}
    body = json.dumps({**message, "writeKey": mock.write_key}).encode()
    urllib.request.urlopen(urllib.request.Request(mock.url + "/v1/track", body)).close()


@pytest.mark.parametrize("run", range(4))
def test_delivery(segment_mock, run):
    for number in range(10):
        send(segment_mock, number)
    assert len(segment_mock.wait_for(10)) == 10
    segment_mock.assert_delivered_once([f"m{number}" for number in range(10)])


def test_too_fast(segment_mock):
    for number in range(10):
        send(segment_mock, number)
    segment_mock.assert_never_over("5/s")
"""


def run(*command: str | Path, cwd: Path) -> str:
    hidden = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
def test_a_foreign_project_with_an_environment_of_its_own(tmp_path):
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert built.startswith("exit 0"), built
    made = run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    assert made.startswith("exit 0"), made
    python = tmp_path / "venv" / "bin" / "python"
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # What the harness and pytest depend on is where this test runs; the harness itself is the wheel's.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    installed = run(
        python,
        "-m",
        "pip",
        "install",
        "--no-index",
        "--no-deps",
        "--force-reinstall",
        "--ignore-installed",
        wheel,
        cwd=tmp_path,
    )
    assert installed.startswith("exit 0"), installed
    project = tmp_path / "project"
    project.mkdir()
    (project / "conftest.py").write_text(CONFTEST)
    (project / "test_segment.py").write_text(TESTS)
    (project / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    for parallel in ((), ("-n", "2")):
        said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *parallel, cwd=project)
        assert said.startswith("exit 1"), said
        assert "1 failed, 4 passed" in said
        assert "10 requests within" in said
    said = run(python, "-m", "pytest", "-p", "no:cacheprovider", "-k", "delivery", cwd=project)
    assert f"harness from {packages}" in said, said
    assert "4 passed" in said
    said = run(python, "-m", "pytest", "-p", "no:segment-mock", "-p", "no:cacheprovider", cwd=project)
    assert "fixture 'segment_mock' not found" in said
