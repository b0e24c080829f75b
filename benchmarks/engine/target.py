"""The servers that requests go to, none of them ours: nginx, and one that keeps instants and ids."""

import http.client
import json
import shutil
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.mock.process import Server, free_port, get, running

_WATCHING: Final = Path(__file__).parent / "servers" / "watching.py"
_NGINX: Final = """
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
  client_body_buffer_size 1m; client_max_body_size 2m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}; {tls}
    location = /requests {{ stub_status; }}
    location / {{ default_type application/json; return 200 '{{"success":true}}'; }}
  }}
}}
"""
_TLS: Final = (
    "listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;"
)


class Target(NamedTuple):
    """A server that counts what it answered."""

    server: Server
    url: str
    tls_url: str | None = None
    ca: Path | None = None


class Counter:
    """How many requests nginx has answered, asked over one connection; its own questions are left out."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._asked = 0

    def requests(self) -> int:
        """So far."""
        self._connection.request("GET", "/requests")
        told = self._connection.getresponse().read().split()
        self._asked += 1
        # Active connections: 1 server accepts handled requests 2 2 2 Reading: …
        return int(told[9]) - self._asked

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def lacks_nginx() -> bool:
    """True where nginx is not installed."""
    return shutil.which("nginx") is None


@contextmanager
def nginx(folder: Path, core: int | None) -> Iterator[Target]:
    """Nginx on one core: plain, and with TLS."""
    port, tls_port = free_port(), free_port()
    ca = _certify(folder)
    text = _NGINX.format(folder=folder, port=port, tls=_TLS.format(port=tls_port, folder=folder))
    (folder / "nginx.conf").write_text(text, "utf-8")
    command = ["nginx", "-e", str(folder / "errors"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(command, port, "/", core) as server:
        yield Target(server, f"http://127.0.0.1:{port}", f"https://localhost:{tls_port}", ca)


def _certify(folder: Path) -> Path:
    import trustme  # noqa: PLC0415 - the project's own; nothing else here needs it

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "chain.pem", append=True)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return folder / "ca.pem"


class Watching(NamedTuple):
    """The server that keeps the instants, or the ids."""

    server: Server
    url: str

    def counts(self) -> dict[str, Any]:
        """Its sums."""
        told: dict[str, Any] = json.loads(get(self.server.port, "/counts")[1])
        return told

    def stamps_ns(self) -> "array[int]":
        """The instants of all requests that were not of a paused source, in order."""
        stamps: array[int] = array("q")
        stamps.frombytes(get(self.server.port, "/stamps")[1])
        return stamps


@contextmanager
def watching(core: int | None, *how: str) -> Iterator[Watching]:
    """That server on one core; `how` as `servers/watching.py` has it."""
    port = free_port()
    with running([sys.executable, str(_WATCHING), str(port), *how], port, "/counts", core) as server:
        yield Watching(server, f"http://127.0.0.1:{port}")
