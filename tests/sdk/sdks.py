"""Run real SDKs against a real mock, and read what became of their messages in its ledger alone."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from harness.mock.launch import RunningMock

HERE: Final = Path(__file__).parent
PACKAGES: Final = HERE / "node_modules" / "@segment"
KEY: Final = "sdkkey0123456789abcdef01234xSDK9"  # made up
DONE_WITHIN_S: Final = 20.0

Call = tuple[str, dict[str, Any]]


class Arrival(NamedTuple):
    """A message that reached the mock, once."""

    id: str
    class_: str
    at: datetime


class Ledger:
    """What the mock says of the messages it saw."""

    def __init__(self, mock: RunningMock) -> None:
        self._url = mock.url + "/__admin/ledger"

    def counts(self) -> Any:
        """The counts of our write key; its sums hold."""
        found = self._get(f"?write_key={KEY}").json()
        classes = ("stored", "duplicates", "discarded", "refused", "throttled", "faulted")
        assert found["received"] == sum(found[name] for name in classes)
        return found

    def arrivals(self) -> list[Arrival]:
        """Each arrival, in order."""
        lines = [json.loads(line) for line in self._get("/ids").text.splitlines()]
        return [
            Arrival(line["id"], line["class"], datetime.fromisoformat(line["received_at"])) for line in lines
        ]

    def messages(self) -> list[Any]:
        """The stored messages in their final form, in order."""
        found = self._get("/messages").json()
        assert found["evicted"] == 0
        stored: list[Any] = found["messages"]
        return stored

    def _get(self, rest: str) -> httpx.Response:
        return httpx.get(self._url + rest, trust_env=False, timeout=10).raise_for_status()


def waited_s(arrivals: list[Arrival]) -> list[float]:
    """How long after each throttled arrival its message came again."""
    waits = []
    for number, arrival in enumerate(arrivals):
        if arrival.class_ == "throttled":
            again = next((later for later in arrivals[number + 1 :] if later.id == arrival.id), None)
            assert again is not None, f"{arrival.id} was throttled and given up"
            waits.append((again.at - arrival.at).total_seconds())
    return waits


def run_python(settings: dict[str, Any], calls: list[Call]) -> Any:
    """Make these calls with segment-analytics-python; what its `on_error` was told."""
    return _run([sys.executable, str(HERE / "python_sender.py")], settings, calls)


def run_node(settings: dict[str, Any], calls: list[Call]) -> Any:
    """Make these calls with @segment/analytics-node; the answers and errors that it told of."""
    node = needed(shutil.which("node"), "Node")
    needed(PACKAGES / "analytics-node", "@segment/analytics-node")
    return _run([node, str(HERE / "node" / "sender.cjs")], settings, calls)


def needed(what: Any, name: str) -> Any:
    """It, if it is there. Without it the test is skipped, and fails where CI=true."""
    if what is None or (isinstance(what, Path) and not what.exists()):
        message = f"{name} is not here: run tests/sdk/install"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return what


def private_key() -> str:
    """A new RSA key as PEM, for clients that sign for a token."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return (
        rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _run(command: list[str], settings: dict[str, Any], calls: list[Call]) -> Any:
    plan = json.dumps({"settings": settings, "calls": calls})
    direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        command, input=plan, capture_output=True, text=True, timeout=DONE_WITHIN_S, check=False, env=direct
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])
