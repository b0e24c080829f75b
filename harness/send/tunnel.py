"""Ask a proxy for a tunnel to the target, over a socket that is connected to the proxy.

Driven by the hub's watchers; its time-out is the owner's, who then closes it. A proxy that refuses for good
(it asks for a password, or forbids the target) is told as a sentence; one that could not reach the target, or
broke off, is a connect that failed, and may be tried again.
"""

import _socket
import re
from collections.abc import Callable
from typing import Any, Final

from harness.errors import TargetError
from harness.send.target import Proxy, Target

_READ: Final = 1  # libev's EV_READ and EV_WRITE
_WRITE: Final = 2
_HEAD_BYTES: Final = 16 << 10
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")
_NEEDS_LOGIN: Final = 407


def refused_by_proxy(proxy: Proxy, target: Target, status: int) -> TargetError | None:
    """What to say of a proxy that answered so; None where asking again may help."""
    if status == _NEEDS_LOGIN:
        return TargetError(
            f"the proxy {proxy.authority} asks for a user name and a password, or refuses the ones it got; "
            "put http://USER:PASSWORD@HOST:PORT into HTTPS_PROXY, or into http_proxy for a target without TLS"
        )
    if 400 <= status < 500:
        return TargetError(
            f"the proxy {proxy.authority} refuses to connect to {target.authority} (it answered {status}); "
            "let it, or name another with --proxy"
        )
    return None


class Tunnel:
    """One request for a tunnel."""

    __slots__ = (
        "_done",
        "_loop",
        "_proxy",
        "_received_bytes",
        "_rest",
        "_sock",
        "_target",
        "_unsent",
        "_watcher",
    )

    def __init__(
        self,
        loop: Any,
        sock: _socket.socket,
        target: Target,
        proxy: Proxy,
        done: Callable[[_socket.socket | TargetError | None], None],
    ) -> None:
        """`done` hears the socket, which now leads to the target; why it never will; or None."""
        self._loop = loop
        self._sock = sock
        self._target = target
        self._proxy = proxy
        self._done = done
        self._watcher: Any = None
        self._received_bytes = 0
        self._rest = b""  # behind the last interim answer
        host = f"[{target.host}]" if ":" in target.host else target.host
        login = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
        place = f"{host}:{target.port}"
        self._unsent = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n".encode("latin-1")

    def start(self) -> None:
        """Go on as far as it goes; `done` may hear of the end before this returns."""
        self._unwatch()
        try:
            if self._unsent:
                self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._end(None)
            return
        self._watcher = self._loop.io(self._sock.fileno(), _WRITE if self._unsent else _READ)
        self._watcher.start(self.start if self._unsent else self._on_readable)

    def close(self) -> None:
        """Give up; `done` hears nothing more."""
        self._unwatch()
        self._sock.close()

    def _on_readable(self) -> None:
        try:
            data = self._sock.recv(_HEAD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received_bytes += len(data)
        rest = self._rest + data
        interim = True
        while interim:
            self._rest = rest
            head, end, rest = rest.partition(b"\r\n\r\n")
            status = _STATUS.match(head + b"\r") if end else None
            interim = status is not None and status[1].startswith(b"1")
        if status is not None:
            self._answered(int(status[1]), rest)
        elif end or not data or self._received_bytes > _HEAD_BYTES:
            self._end(None)

    def _answered(self, status: int, rest: bytes) -> None:
        if not 200 <= status < 300:
            self._end(refused_by_proxy(self._proxy, self._target, status))
        elif rest:  # the target does not speak first
            self._end(None)
        else:
            self._unwatch()
            self._done(self._sock)

    def _end(self, result: TargetError | None) -> None:
        self.close()
        self._done(result)

    def _unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None
