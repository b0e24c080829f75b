"""Turn a recorded Profile or Config call into the request that repeats it."""

from collections.abc import Callable, Sequence
from typing import Final

import orjson

from harness.errors import BadLineError
from harness.model import Arrival, Item, Message, Request

# The Public API is versioned by what the client accepts; its legacy sister and the Profile API take JSON
# alone (docs.segmentapis.com "Versioning", Profile API docs; read 2025-11 to 2026-08).
_PUBLIC_API: Final = "application/vnd.segment.v1+json"
_JSON: Final = "application/json"
_LEGACY_PREFIXES: Final = ("/v1beta/", "/workspaces")


class CallEncoder:
    """Builds the requests of calls; satisfies `model.Encode`.

    read: the body of an item, from the recording; an empty one where there is none.
    """

    def __init__(
        self,
        *,
        read: Callable[[Item], Message],
        version: str,
        extra_headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._read = read
        self._headers = (("User-Agent", f"segment-harness/{version}"), *extra_headers)

    def __call__(self, arrivals: tuple[Arrival, ...], attempt: int) -> Request:
        """The request for one call: its recorded method and path, and its body unless it is a GET.

        Raises BadLineError.
        """
        item = arrivals[0].item
        headers = (("Accept", _accepted(item)), *self._headers)
        body = b""
        if item.kind != "GET":
            headers = (("Content-Type", _JSON), *headers)
            body = self._body(item)
        if attempt > 1:
            headers = (*headers, ("X-Retry-Count", str(attempt - 1)))
        return Request(item.api, item.source, item.kind, item.path, headers, body, arrivals, attempt)

    def _body(self, item: Item) -> bytes:
        try:
            return orjson.dumps(self._read(item))
        except orjson.JSONEncodeError as error:
            raise BadLineError(
                f"{item.place.file}:{item.place.line}: the body cannot be written as JSON ({error}); "
                "mend or remove the line."
            ) from error


def _accepted(item: Item) -> str:
    public = item.api == "config" and not item.path.startswith(_LEGACY_PREFIXES)
    return _PUBLIC_API if public else _JSON
