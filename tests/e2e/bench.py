"""Run the real commands as a user would: processes, sockets and files, on loopback and port 0."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
HARNESS = [sys.executable, "-W", "error::DeprecationWarning:harness", "-m", "harness"]
TIMEOUT_S = 90


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def run(self) -> dict[str, Any]:
        document = json.loads((self.folder / "run.json").read_text("utf-8"))
        assert isinstance(document, dict)
        return document

    @property
    def trace(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "trace.ndjson").read_text("utf-8").splitlines()]

    @property
    def journal_counts(self) -> dict[str, int]:
        return {key: self.run["messages"][key] for key in ("recorded", "accepted")}

    def check(self, code: int) -> "Ended":
        """This exit code, and no traceback whatever it is.

        A machine that is busy with something else makes a sound run inconclusive, by its own word: where 0 is
        asked for, that word alone may stand in the way. No test rests on how fast this machine is.
        """
        assert "Traceback" not in self.err, self.err
        told = f"exit {self.code}\n{self.out}\n{self.err}"
        if code == 0 and self.code == 4 and (self.folder / "run.json").is_file():
            assert all(finding["level"] != "inconclusive" for finding in self.run["findings"]), told
            assert any(finding["level"] == "inconclusive" for finding in self.run["trust_warnings"]), told
            return self
        assert self.code == code, told
        return self


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEGMENT_", "GITHUB_"))}
    return kept | {"PYTHONUNBUFFERED": "1"} | more


def harness(
    *args: str, folder: Path, env: Mapping[str, str] | None = None, stdin: bytes | None = None
) -> Ended:
    """`harness ARGS`, to its end."""
    done = subprocess.run(
        [*HARNESS, *args],
        capture_output=True,
        input=stdin,
        env=environment(**(env or {})),
        cwd=ROOT,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode(), folder)


def replay(recording: Path | str, *args: str, folder: Path, **more: Any) -> Ended:
    """`harness replay RECORDING ARGS` with its run folder in `folder`."""
    return harness("replay", str(recording), "--run-dir", str(folder), *args, folder=folder, **more)


def locust(file: Path | str, *args: str, folder: Path, env: Mapping[str, str] | None = None) -> Ended:
    """`locust -f FILE --headless ARGS`, to its end, with its run folder in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--run-dir", str(folder), *args],
        capture_output=True,
        text=True,
        env=environment(**(env or {})),
        cwd=ROOT,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr, folder)


@contextmanager
def started(*args: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A command that goes on while the test does something to it; ended with the test."""
    process = subprocess.Popen(
        [*HARNESS, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**(env or {})),
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process: subprocess.Popen[bytes], folder: Path) -> Ended:
    out, err = process.communicate(timeout=TIMEOUT_S)
    return Ended(process.returncode, out.decode(), err.decode(), folder)


class Mock:
    """A mock of Segment as a process, that can be killed and started again on its ledger."""

    def __init__(self, ledger: Path, *args: str) -> None:
        self._ledger = ledger
        self._args = args
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [*HARNESS, "mock", "--port", str(self.port), "--ledger", str(self._ledger), *self._args]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), cwd=ROOT)
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self.port = ready["port"]
        self.url = ready["url"]

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()

    def ledger(self) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/__admin/ledger", trust_env=False).json()
        assert isinstance(answer, dict)
        return answer

    def ids(self, prefix: str = "") -> list[dict[str, Any]]:
        text = httpx.get(f"{self.url}/__admin/ledger/ids", params={"prefix": prefix}, trust_env=False).text
        return [json.loads(line) for line in text.splitlines()]

    def messages(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/__admin/ledger/messages", trust_env=False).json()
        return list(answer["messages"])


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def steady(count: int, *, gap_s: float = 0.01, people: int = 50, source: str = "web") -> list[dict[str, Any]]:
    """Track calls at an even pace, of so many people in turn."""
    return [
        {
            "at": round(i * gap_s, 6),
            "source": source,
            "path": "/v1/track",
            "body": {"event": "Product Viewed", "userId": f"user-{i % people}", "properties": {"place": i}},
        }
        for i in range(count)
    ]
