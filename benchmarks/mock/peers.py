"""The servers that are measured side by side; the foreign ones live in a folder of their own.

    python benchmarks/mock/peers.py install

installs uvicorn and Granian with pip, WireMock and Mockoon with npm, all pinned, below
`$XDG_CACHE_HOME` (else `~/.cache`). What cannot be installed is named, and later left out.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

PYTHON_PEERS: Final = ("granian==2.8.7", "httptools==0.9.0", "orjson", "uvicorn==0.54.0", "uvloop==0.23.0")
NODE_PEERS: Final = ("wiremock@3.13.2", "@mockoon/cli@9.9.0")
SERVERS: Final = Path(__file__).parent / "servers"

_CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segment-harness" / "mock-peers-1"
)
_VENV: Final = _CACHE / "venv"
_NODE: Final = _CACHE / "node"
_TAKEN: Final = '{"success":true}'
_PATHS: Final = ("/v1/track", "/v1/batch")


class Peer(NamedTuple):
    """One server: how it is started at a port, and how it is asked what it has taken."""

    name: str
    needs: tuple[Path | str, ...]  # files, and programs by name
    command: Callable[[int, Path], list[str]]  # of a port and a folder of its own
    ready_path: str = "/"
    prepare: Callable[[int], None] | None = None  # once it answers
    counts_at: str | None = None  # where it tells how many requests and messages it took

    def lacks(self) -> list[str]:
        """What it needs and is not here."""
        missing = [
            need
            for need in self.needs
            if not (need.exists() if isinstance(need, Path) else shutil.which(need))
        ]
        return [str(need) for need in missing]


def _ours(port: int, folder: Path) -> list[str]:
    never_reached = ["--limit", "tracking=1000000/s"]
    kept = ["--ledger", str(folder / "ledger")]
    return [sys.executable, "-m", "harness", "mock", "--port", str(port), *never_reached, *kept]


def _protocol(port: int, _folder: Path) -> list[str]:
    return [sys.executable, str(SERVERS / "bare_protocol.py"), str(port)]


def _uvicorn(port: int, _folder: Path) -> list[str]:
    quiet = ["--no-access-log", "--log-level", "error"]
    fast = ["--loop", "uvloop", "--http", "httptools"]
    return [
        str(_VENV / "bin" / "python"), "-m", "uvicorn", "--app-dir", str(SERVERS), "bare_asgi:app",
        "--port", str(port), *quiet, *fast,
    ]  # fmt: skip


def _granian(port: int, _folder: Path) -> list[str]:
    one_core = ["--workers", "1", "--runtime-threads", "1", "--loop", "uvloop"]
    return [
        str(_VENV / "bin" / "granian"), "--interface", "asgi", "--working-dir", str(SERVERS), "bare_asgi:app",
        "--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "error", *one_core,
    ]  # fmt: skip


def _wiremock(port: int, folder: Path) -> list[str]:
    jar = next((_NODE / "node_modules" / "wiremock" / "build").glob("*.jar"))
    # Without a bound its journal of whole requests would fill the memory.
    bounded = ["--max-request-journal-entries", "1000"]
    plain = ["--disable-banner", "--use-chunked-encoding", "never", "--root-dir", str(folder)]
    return ["java", "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1", *bounded, *plain]


def _stub_wiremock(port: int) -> None:
    for path in _PATHS:
        answer = {"status": 200, "body": _TAKEN, "headers": {"Content-Type": "application/json"}}
        stub = {"request": {"method": "POST", "urlPath": path}, "response": answer}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/__admin/mappings", json.dumps(stub).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10):
            pass


def _mockoon(port: int, folder: Path) -> list[str]:
    data = folder / "mockoon.json"
    routes = [
        {
            "uuid": path, "type": "http", "documentation": "", "method": "post", "endpoint": path[1:],
            "responseMode": None,
            "responses": [
                {
                    "uuid": path + "/200", "body": _TAKEN, "latency": 0, "statusCode": 200, "label": "",
                    "headers": [{"key": "Content-Type", "value": "application/json"}], "bodyType": "INLINE",
                    "filePath": "", "databucketID": "", "sendFileAsBody": False, "rules": [],
                    "rulesOperator": "OR", "disableTemplating": True, "fallbackTo404": False, "default": True,
                    "crudKey": "id", "callbacks": [],
                }
            ],
        }
        for path in _PATHS
    ]  # fmt: skip
    order = [{"type": "route", "uuid": path} for path in _PATHS]
    environment = {
        "uuid": "bench", "lastMigration": 33, "name": "bench", "endpointPrefix": "", "latency": 0,
        "port": port, "hostname": "127.0.0.1", "folders": [], "routes": routes, "rootChildren": order,
        "proxyMode": False,
        "proxyHost": "", "proxyRemovePrefix": False, "cors": False, "headers": [], "proxyReqHeaders": [],
        "proxyResHeaders": [], "data": [], "callbacks": [],
    }  # fmt: skip
    data.write_text(json.dumps(environment), "utf-8")
    cli = _NODE / "node_modules" / ".bin" / "mockoon-cli"
    return [
        str(cli),
        "start",
        "--data",
        str(data),
        "--repair",
        "--disable-log-to-file",
        "--disable-admin-api",
    ]


PEERS: Final = (
    Peer("ours", (), _ours, "/__admin/health", counts_at="/__admin/ledger"),
    Peer("bare Protocol", (), _protocol, counts_at="/"),
    Peer("uvicorn, ASGI", (_VENV / "bin" / "uvicorn",), _uvicorn, counts_at="/"),
    Peer("Granian, ASGI", (_VENV / "bin" / "granian",), _granian, counts_at="/"),
    Peer(
        "WireMock",
        ("java", _NODE / "node_modules" / "wiremock"),
        _wiremock,
        "/__admin/mappings",
        _stub_wiremock,
    ),
    Peer("Mockoon", ("node", _NODE / "node_modules" / "@mockoon" / "cli"), _mockoon),
)


def install() -> bool:
    """Install what can be installed; True when that is all."""
    done = []
    if not _VENV.exists():
        done.append(_ran([sys.executable, "-m", "venv", str(_VENV)]))
    done.append(_ran([str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *PYTHON_PEERS]))
    _NODE.mkdir(parents=True, exist_ok=True)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done += [_ran(["npm", "install", "--prefix", str(_NODE), *quiet, package]) for package in NODE_PEERS]
    for peer in PEERS:
        missing = peer.lacks()
        print(f"{peer.name:<16}" + (f"not here: {', '.join(missing)}" if missing else "ready"))
    return all(done)


def _ran(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False).returncode == 0
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return False


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python benchmarks/mock/peers.py install")
    sys.exit(0 if install() else 1)
