"""Write the head of a request; the one place where a credential becomes bytes."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from harness.model import Request

_REMEMBERED: Final = 256
# Everything visible in ASCII stands as it is; a space or a line break from a recorded path does not.
_VISIBLE: Final = "".join(map(chr, range(0x21, 0x7F)))


class Heads:
    """Heads by method, path, headers and source; all connections of a run share one."""

    __slots__ = ("_authority", "_before_path", "_credentials", "_known", "_more")

    def __init__(
        self,
        authority: str,
        credentials: Callable[[str], str],
        *,
        before_path: str = "",
        more: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """`authority` is the Host header; `credentials` answers a source's whole Authorization header.

        A proxy is told the target `before_path`, and needs headers of its own.
        """
        self._authority = authority
        self._before_path = before_path
        self._more = more
        self._credentials = credentials
        self._known: dict[tuple[str, str, tuple[tuple[str, str], ...], str], bytes] = {}

    def __repr__(self) -> str:
        return f"<Heads for {self._authority}, {len(self._known)} known>"

    def of(self, request: Request) -> bytes:
        """Everything before the body, the empty line included."""
        key = (request.method, request.path, request.headers, request.source)
        head = self._known.get(key)
        if head is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            head = self._known[key] = self._write(request)
        if not request.body and request.method == "GET":
            return head + b"\r\n"
        return b"%bContent-Length: %d\r\n\r\n" % (head, len(request.body))

    def _write(self, request: Request) -> bytes:
        headers = (
            ("Host", self._authority),
            *request.headers,
            ("Authorization", self._credentials(request.source)),
            *self._more,
        )
        lines = [f"{request.method} {self._before_path}{quote(request.path, safe=_VISIBLE)} HTTP/1.1"]
        for name, value in headers:
            if not (name + value).isprintable():
                raise ValueError(f"the header {name!r} holds a control character")
            lines.append(f"{name}: {value}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n"
