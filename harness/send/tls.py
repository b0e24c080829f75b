"""Speak TLS over a non-blocking socket, which then reads and writes like a plain one.

Enters: a connected socket. Leaves: the same face (`recv`, `send`, `fileno`, `close`), or why it cannot be.
What always holds: the other side's certificate is verified, for the host that was named; bytes count as sent
once all that carries them was handed to the kernel; an end without TLS's own goodbye is no proper end. It
never blocks and knows no loop: what it waits for is BlockingIOError, as with a plain socket.
"""

import _socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from harness.errors import TargetError, UsageError

_CIPHERTEXT_BYTES: Final = 65_536
_PLAINTEXT_BYTES: Final = 262_144  # at once, so that what is held twice stays small
_READ: Final = 1  # libev's EV_READ and EV_WRITE
_WRITE: Final = 2


@lru_cache(maxsize=8)
def client_context(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later, HTTP/1.1, certificates verified by this machine's authorities and those of the file.

    Raises UsageError when the file holds none.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ValueError) as error:
            reason = "holds no certificate in PEM" if isinstance(error, ssl.SSLError) else str(error)
            raise UsageError(f"--ca-file {ca_file}: {reason}; name a file of certificates") from None
    return context


def not_trusted(url: str, error: ssl.SSLCertVerificationError) -> TargetError:
    """What to say when a target's certificate cannot be verified."""
    return TargetError(
        f"{url}: its certificate is not to be trusted ({error.verify_message}); nothing is sent there. Name "
        "the host that the certificate names, or give the authority that signed it with --ca-file."
    )


class TlsSocket:
    """One connection. Its methods raise OSError as a socket's do; `ssl.SSLError` is one."""

    __slots__ = ("_incoming", "_object", "_outgoing", "_owed", "_sock", "_unsent")

    def __init__(self, sock: _socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._sock = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._unsent = b""  # ciphertext that the kernel has not taken
        self._owed = 0  # bytes whose ciphertext was made, and is not sent

    @property
    def wants_to_write(self) -> bool:
        """True while something waits for the kernel to take it."""
        return bool(self._unsent)

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def shake(self) -> bool:
        """Go on with the handshake; True once it is done."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        self._flush()
        return not self._unsent

    def take_in(self) -> None:
        """Take what has come. Raises BlockingIOError when nothing has."""
        data = self._sock.recv(_CIPHERTEXT_BYTES)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def recv(self, size: int, flags: int = 0) -> bytes:  # noqa: ARG002 - a socket's signature
        """What has come, however much that is; nothing at a proper end. Peeking takes it too."""
        self.take_in()
        pieces: list[bytes] = []
        try:
            while piece := self._object.read(size):
                pieces.append(piece)
                if not (self._incoming.pending or self._object.pending()):
                    return b"".join(pieces)  # to be told so by an exception costs as much as the reading
            self._say_goodbye()  # the other side did, and may wait for ours before it closes
        except ssl.SSLWantReadError:
            if not pieces:
                self._flush()  # a renewed key is answered
                raise BlockingIOError from None
        except ssl.SSLZeroReturnError:
            pass  # both have said it
        except ssl.SSLError:
            if not pieces:
                raise  # broken off; told once what came before was read
        return b"".join(pieces)

    def send(self, data: bytes | memoryview) -> int:
        """How much of it has left; called again with the rest, as a socket is."""
        if self._owed:
            self._flush()
        else:
            self._owed = self._object.write(data[:_PLAINTEXT_BYTES])
            self._flush()
        if self._unsent:
            raise BlockingIOError
        sent, self._owed = self._owed, 0
        return sent

    def _say_goodbye(self) -> None:
        with suppress(ssl.SSLError):  # it was said before
            self._object.unwrap()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._unsent += self._outgoing.read()
        while self._unsent:
            try:
                self._unsent = self._unsent[self._sock.send(self._unsent) :]
            except BlockingIOError:
                return


class Handshake:
    """One handshake, driven by the hub's watchers. Its time-out is the owner's, who then closes it."""

    __slots__ = ("_done", "_loop", "_tls", "_url", "_watcher")

    def __init__(
        self, loop: Any, tls: TlsSocket, url: str, done: Callable[[TlsSocket | TargetError | None], None]
    ) -> None:
        """`done` hears the socket, ready for use; why it is not trusted; or None when it broke off."""
        self._loop = loop
        self._tls = tls
        self._url = url
        self._done = done
        self._watcher: Any = None

    def start(self) -> None:
        """Go on as far as it goes; `done` may hear of the end before this returns."""
        self._unwatch()
        try:
            whole = self._tls.shake()
        except ssl.SSLCertVerificationError as error:
            self._end(not_trusted(self._url, error))
        except OSError:
            self._end(None)
        else:
            if whole:
                self._done(self._tls)
                return
            wanted = _READ | (_WRITE if self._tls.wants_to_write else 0)
            self._watcher = self._loop.io(self._tls.fileno(), wanted)
            self._watcher.start(self._on_ready)

    def close(self) -> None:
        """Give up; `done` hears nothing more."""
        self._unwatch()
        self._tls.close()

    def _on_ready(self) -> None:
        try:
            self._tls.take_in()
        except BlockingIOError:
            pass  # it was the other way that is free
        except OSError:
            self._end(None)
            return
        self.start()

    def _end(self, result: TargetError | None) -> None:
        self.close()
        self._done(result)

    def _unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None
