"""Say that the mock is ready: one line of JSON, and a file for who cannot read our standard output."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from harness.errors import UsageError
from harness.mock.whole_file import write_whole


def ready_line(
    host: str,
    port: int,
    instance: str,
    *,
    ca: Path | None = None,
    tls: bool = False,
    token: str | None = None,
) -> dict[str, str | int]:
    """What the mock says once it answers: `url`, `port`, `pid` and `instance` always.

    `host` is the address listened at; one that stands for all of them is shown as loopback, which can be
    called. `ca` is the file with the certificate to trust, `token` the admin token that was made for this
    run; a token that was given is never repeated.
    """
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound
    shown = f"[{reachable}]" if ":" in reachable else reachable
    line: dict[str, str | int] = {
        "url": f"{'https' if tls else 'http'}://{shown}:{port}",
        "port": port,
        "pid": os.getpid(),
        "instance": instance,
    }
    if ca is not None:
        line["ca"] = str(ca.absolute())
    if token is not None:
        line["token"] = token
    return line


@contextmanager
def ready_file(path: Path | None, line: Mapping[str, str | int]) -> Iterator[None]:
    """Have `line` at `path` while the mock answers; None does nothing.

    The file appears whole and goes at the end, unless another mock has put its own there meanwhile. Raises
    UsageError when it cannot be written.
    """
    if path is None:
        yield
        return
    content = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    write_whole(path, content)
    try:
        yield
    finally:
        _take_away(path, content)


def _take_away(path: Path, content: bytes) -> None:
    try:
        if path.read_bytes() == content:
            path.unlink()
    except FileNotFoundError:
        return  # somebody did it for us
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: cannot be removed: {reason}; remove it, as this mock has ended") from error
