"""A bare ASGI application: what a mock costs on an ordinary server before it does anything."""

from collections.abc import Awaitable, Callable
from typing import Any

from answer import SUCCESS, Count

_COUNT = Count()
_HEADERS = [(b"content-type", b"application/json")]


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """POST takes a call, GET tells how many there were."""
    if scope["type"] != "http":
        return
    if scope["method"] == "GET":
        answer = _COUNT.told()
    else:
        pieces, more = [], True
        while more:
            event = await receive()
            pieces.append(event.get("body", b""))
            more = event.get("more_body", False)
        _COUNT.take(b"".join(pieces))
        answer = SUCCESS
    headers = [*_HEADERS, (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
