"""Write the requests of a check: made-up messages for no destination, and reads that change nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import orjson

from harness.segment.endpoints import BATCH_PATH, single_path
from harness.segment.profile_paths import traits_path
from harness.throttle.servers.exchange import OTHER, OWN

_PERSON: Final = "harness-limit-check"
_READ_PATH: Final = "/sources?pagination.count=1"
_TAKEN: Final = {
    "tracking": lambda status: 200 <= status < 300,
    # A profile nobody has is answered 404 by an API that let the request through.
    "profile": lambda status: 200 <= status < 300 or status == 404,
    "config": lambda status: 200 <= status < 300,
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready for the wire."""

    data: bytes = field(repr=False)  # its head holds a credential
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """With whose credential requests are made."""

    authorization: str = field(repr=False)
    space: str = ""


class Asks:
    """The requests of one API to one target; each message has an id of its own."""

    def __init__(
        self,
        api: str,
        authority: str,
        callers: dict[str, Caller],
        *,
        prefix: str,
        wall_text: Callable[[], str],
    ) -> None:
        """`callers` by who (own, and other where there is one); `prefix` begins each messageId."""
        self.api: Final = api
        self.has_other: Final = OTHER in callers
        self.prefix: Final = prefix
        self._authority: Final = authority
        self._callers: Final = callers
        self._wall_text: Final = wall_text
        self._made = 0

    def one(self, who: str = OWN, messages: int = 1, padding_bytes: int = 0) -> Ask:
        """A request; `messages` and `padding_bytes` speak of the Tracking API alone."""
        caller = self._callers[who]
        if self.api == "profile":
            return Ask(self._head("GET", traits_path(caller.space, f"u:{_PERSON}"), caller))
        if self.api == "config":
            return Ask(self._head("GET", _READ_PATH, caller))
        ids = tuple(f"{self.prefix}{self._made + number}" for number in range(messages))
        self._made += messages
        made = [self._message(message_id, padding_bytes) for message_id in ids]
        document = made[0] if messages == 1 else {"batch": made, "sentAt": self._wall_text()}
        body = orjson.dumps(document)
        path = single_path("track") if messages == 1 else BATCH_PATH
        more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return Ask(self._head("POST", path, caller, more) + body, ids)

    def taken(self, status: int | None) -> bool:
        """Whether this status says that the request passed the limit."""
        return status is not None and _TAKEN[self.api](status)

    def _message(self, message_id: str, padding_bytes: int) -> dict[str, object]:
        message: dict[str, object] = {
            "type": "track",
            "event": "Harness Limit Check",
            "userId": _PERSON,
            "messageId": message_id,
            "timestamp": self._wall_text(),
            "integrations": {"All": False},
        }
        if padding_bytes:
            message["properties"] = {"padding": "x" * padding_bytes}
        return message

    def _head(self, method: str, path: str, caller: Caller, more: str = "") -> bytes:
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self._authority}\r\nUser-Agent: segment-harness\r\n"
            f"Accept: */*\r\nAuthorization: {caller.authorization}\r\n{more}\r\n"
        ).encode("latin-1")
