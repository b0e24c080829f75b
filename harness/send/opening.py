"""Open a socket to the first of several addresses that takes the connection."""

import _socket  # the plain socket: gevent replaces `socket` in a patched process, never this one
import errno
from collections.abc import Callable, Sequence
from typing import Any, Final

from harness.send.route import Address

_WRITE: Final = 2  # libev's EV_WRITE
_UNDER_WAY: Final = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR})


class Opening:
    """One attempt, driven by the hub's watchers. Its time-out is the owner's, who then closes it."""

    __slots__ = ("_addresses", "_done", "_loop", "_sock", "_writable")

    def __init__(
        self, loop: Any, addresses: Sequence[Address], done: Callable[[_socket.socket | None], None]
    ) -> None:
        """`done` hears a connected, non-blocking socket, now its own, or None when no address took it."""
        self._loop = loop
        self._addresses = list(addresses)
        self._done = done
        self._sock: _socket.socket | None = None
        self._writable: Any = None

    def start(self) -> None:
        """Try the next address; `done` may hear of the end of it before this returns."""
        while self._addresses:
            self.close()
            address = self._addresses.pop(0)
            try:
                sock = self._sock = _socket.socket(address.family, _socket.SOCK_STREAM)
                sock.setblocking(False)
                error = sock.connect_ex(address.sockaddr)
            except OSError:  # no more descriptors, or no such family on this machine
                continue
            if error in _UNDER_WAY:
                self._writable = self._loop.io(sock.fileno(), _WRITE)
                self._writable.start(self._on_writable, sock)
                return
            if error == 0 and _is_ready(sock):
                self._hand_over(sock)
                return
        self.close()
        self._done(None)

    def close(self) -> None:
        """Give up; `done` hears nothing more."""
        self._unwatch()
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _on_writable(self, sock: _socket.socket) -> None:
        self._unwatch()
        if sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR) == 0 and _is_ready(sock):
            self._hand_over(sock)
        else:
            self.start()

    def _hand_over(self, sock: _socket.socket) -> None:
        self._sock = None
        self._done(sock)

    def _unwatch(self) -> None:
        if self._writable is not None:
            self._writable.stop()
            self._writable.close()
            self._writable = None


def _is_ready(sock: _socket.socket) -> bool:
    try:
        # A port that nobody listens on can be its own peer: the kernel picked it for our end as well.
        if sock.getsockname() == sock.getpeername():
            return False
        sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    except OSError:  # reset meanwhile: as good as never opened
        return False
    return True
