"""Call the admin of a mock: JSON out, JSON in, with nothing but the standard library."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from harness.errors import HarnessError, UsageError

_ANSWERS_WITHIN_S: Final = 30.0
_PREFIX: Final = "/__admin"


class MockGoneError(HarnessError):
    """The mock does not answer any more, or it failed."""


class AdminClient:
    """The calls of docs/mock.md, each over a connection of its own, so that any thread may make them."""

    __slots__ = ("_host", "_port", "url")

    def __init__(self, url: str) -> None:
        """Of the mock at this `http://` URL."""
        parts = urlsplit(url)
        self.url: Final = url
        self._host: Final = parts.hostname or ""
        self._port: Final = parts.port

    def ask(
        self,
        method: str,
        path: str,
        document: object = None,
        *,
        query: dict[str, str] | None = None,
        wait_s: float = 0.0,
    ) -> Any:
        """What it answers, parsed; `path` is without its `/__admin`, `wait_s` is what the call may take more.

        Raises UsageError with the mock's sentence when it was asked wrongly, MockGoneError when it is gone.
        """
        return json.loads(self._body(method, path, document, query or {}, wait_s))

    def lines(self, path: str, query: dict[str, str]) -> list[Any]:
        """An answer of NDJSON, parsed; raises as `ask` does."""
        return [json.loads(line) for line in self._body("GET", path, None, query, 0.0).splitlines()]

    def _body(self, method: str, path: str, document: object, query: dict[str, str], wait_s: float) -> bytes:
        target = f"{_PREFIX}{path}" + (f"?{urlencode(query)}" if query else "")
        body = None if document is None else json.dumps(document).encode()
        connection = HTTPConnection(self._host, self._port, timeout=_ANSWERS_WITHIN_S + wait_s)
        try:
            connection.request(method, target, body)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            raise MockGoneError(
                f"the mock at {self.url} does not answer any more ({str(error) or type(error).__name__}); "
                "see whether something ended its process"
            ) from error
        finally:
            connection.close()
        if answer.status >= 400:
            sentence = _sentence(content)
            if answer.status < 500:
                raise UsageError(sentence)
            raise MockGoneError(f"the mock at {self.url} failed: {sentence}")
        return content


def _sentence(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
