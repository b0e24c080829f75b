"""What is to be pasted into a build server, and the image: their commands run, their promises hold."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.mock.launch import launch
from tests.sdk.sdks import needed
from tests.test_docs import ROOT, blocks, free_port, page, shell_environment

TIMEOUT_S = 60
QUICK = "harness replay recordings/otto-shop.ndjson --speed 10000000 --exceed-limits --mock-limits none"
DOCKERFILE = page("Dockerfile")
FINAL = DOCKERFILE.rpartition("\nFROM ")[2]


def github_jobs() -> dict[str, list[str]]:
    """The scripts of each job, in order."""
    jobs: dict[str, list[str]] = {}
    body = page("docs/ci/github.yml").partition("\njobs:\n")[2]
    for name, steps in re.findall(r"^  (\w+):\n(.*?)(?=^  \w+:\n|\Z)", body, re.MULTILINE | re.DOTALL):
        scripts = re.findall(r"^        run: (?:\|\n((?:          .*\n?)+)|(.+)$)", steps, re.MULTILINE)
        jobs[name] = [re.sub("^ {10}", "", block, flags=re.MULTILINE) or line for block, line in scripts]
    return jobs


def gitlab_jobs() -> dict[str, list[str]]:
    jobs: dict[str, list[str]] = {}
    for name, body in re.findall(
        r"^(replay|integration):\n(.*?)(?=^\w|\Z)", page("docs/ci/gitlab.yml"), re.MULTILINE | re.DOTALL
    ):
        jobs[name] = re.findall(r"^    - ((?:harness|timeout|curl) .*)$", body, re.MULTILINE)
    return jobs


def run_job(scripts: list[str], folder: Path) -> str:
    """The steps of a job, one after the other, in one shell that ends at the first that fails."""
    for name in ("recordings", "scenarios"):
        (folder / name).symlink_to(ROOT / name)
    script = "\n".join(one for one in scripts if not one.startswith("pip install"))
    script = script.replace("8765", str(free_port())).replace("harness demo", QUICK)
    done = subprocess.run(
        ["bash", "-c", f"set -eo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"],
        cwd=folder,
        env=shell_environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode in {0, 4} if "replay" in script else done.returncode == 0, (
        done.stderr + done.stdout
    )
    return done.stdout


def test_the_job_of_a_replay_leaves_its_report_and_its_test_cases(tmp_path):
    scripts = github_jobs()["replay"]
    assert len(scripts) == 3
    run_job(scripts, tmp_path)
    assert (tmp_path / "segment-junit.xml").read_text("utf-8").startswith("<?xml")
    assert (tmp_path / "segment-run" / "report.html").is_file()
    in_another_order = [line.replace(" --ci none", "") for line in scripts[1:]]
    assert gitlab_jobs()["replay"] == in_another_order


@pytest.mark.parametrize("jobs", [github_jobs, gitlab_jobs], ids=["github", "gitlab"])
def test_the_job_of_an_integration_proves_that_its_message_arrived(jobs, tmp_path):
    scripts = jobs()["integration"]
    assert '"met":true' in run_job(scripts, tmp_path)
    (tmp_path / "without").mkdir()
    silent = [re.sub(r"^curl \S+ \S+ \S+ \S+track", "echo", script) for script in scripts]
    assert silent != scripts
    with pytest.raises(AssertionError):
        run_job(
            [
                script.replace('"timeout_s": 10', '"timeout_s": 0').replace('"timeout_s":10', '"timeout_s":0')
                for script in silent
            ],
            tmp_path / "without",
        )


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_one_line_is_to_be_changed(name):
    text = page(f"docs/ci/{name}.yml")
    assert text.count("OWNER") == 1
    assert text.splitlines()[1].startswith("# The one line to change:")
    assert "OWNER" in text.splitlines()[3]
    assert "\t" not in text


def test_the_node_example_proves_what_it_says(tmp_path):
    node = needed(shutil.which("node"), "Node")
    (example,) = blocks(page("docs/ci.md"), "js")
    (tmp_path / "limit.test.mjs").write_text(example, "utf-8")

    def run(url: str, source: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "limit.test.mjs").write_text(source, "utf-8")
        direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return subprocess.run(
            [node, "--test", "limit.test.mjs"],
            cwd=tmp_path,
            env=direct | {"SEGMENT_MOCK": url},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    with launch() as mock:
        done = run(mock.url, example)
        assert done.returncode == 0, done.stdout
        rude = example.replace('Number(answer.headers.get("Retry-After"))', "1")
        assert rude != example
        done = run(mock.url, rude)
        assert done.returncode == 1
        assert "throttled" in done.stdout or "too early" in done.stdout or "!==" in done.stdout


# The image


def test_it_is_built_in_two_stages_from_pinned_versions_alone():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert {re.fullmatch(r"python:\d\.\d+-slim-\w+", base) is not None for base in bases} == {True}
    installs = re.findall(r"\bpip (?:--python \S+ )?(?:install|download|wheel)[^&\n]*", DOCKERFILE)
    assert len(installs) == 4
    for install in installs:
        hashed = "--require-hashes" in install and "requirements.txt" in install
        assert hashed or "--no-index --find-links /wheels" in install, install
    assert "pip" not in FINAL.replace("pipe", "")
    assert "COPY --from=build /opt/harness /opt/harness" in FINAL


def test_what_it_copies_is_all_that_a_wheel_is_built_from():
    ignored = page(".dockerignore").splitlines()
    assert ignored[0] == "*"
    there = {line[1:] for line in ignored if line.startswith("!")}
    wheel = page("pyproject.toml").partition("force-include]")[2].partition("\n[")[0]
    needed_by_wheel = {"harness", "README.md", "LICENSE", "pyproject.toml", "requirements.txt"}
    assert there == needed_by_wheel | set(re.findall(r'^"(\S+)" =', wheel, re.MULTILINE))
    assert not [name for name in there if not (ROOT / name).exists()]


def test_it_runs_as_nobody_in_particular():
    user = re.search(r"^USER (\d+):(\d+)$", FINAL, re.MULTILINE)
    assert user is not None
    assert f"--uid {user[1]}" in FINAL
    assert FINAL.index("USER") < FINAL.index("ENTRYPOINT")
    assert not re.search(r"TOKEN|KEY|SECRET|PASSWORD", DOCKERFILE)


def listed(instruction: str) -> list[str]:
    found = re.search(rf"^{instruction}[^\[]*(\[.*\])$", FINAL, re.MULTILINE)
    assert found is not None
    words = json.loads(found[1])
    assert isinstance(words, list)
    return words


def test_its_entry_answers_its_health_check_and_ends_on_sigterm(tmp_path):
    port = str(free_port())
    assert "EXPOSE 8765" in FINAL
    entry = [word.replace("8765", port) for word in listed("ENTRYPOINT")]
    health = [word.replace("8765", port) for word in listed("HEALTHCHECK")]
    assert (entry[0], health[0]) == ("harness", "python")
    health[0] = sys.executable
    broken_proxy = {"http_proxy": "http://127.0.0.1:9", "SEGMENT_MOCK_NAMES": "segment-mock"}
    env = shell_environment() | broken_proxy
    assert (
        subprocess.run(health, env=env, check=False, capture_output=True, timeout=TIMEOUT_S).returncode != 0
    )
    process = subprocess.Popen(entry, cwd=tmp_path, env=env, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert subprocess.run(health, env=env, check=False, timeout=TIMEOUT_S).returncode == 0
        from http.client import HTTPConnection

        for host, status in (("segment-mock", 200), ("elsewhere", 403)):
            connection = HTTPConnection("127.0.0.1", int(port), timeout=10)
            headers = {"Host": f"{host}:{port}", "Authorization": f"Bearer {ready['token']}"}
            connection.request("GET", "/__admin/ledger", headers=headers)
            assert connection.getresponse().status == status
            connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0
    finally:
        process.kill()
        process.communicate()
