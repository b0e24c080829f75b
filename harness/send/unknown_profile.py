"""Recognise the answer by which the Profile API says that it knows no such profile."""

from typing import Final

import orjson

from harness.model import Answer, Request

_NOT_FOUND: Final = 404


def is_unknown_profile(request: Request, answer: Answer) -> bool:
    """Whether a read was answered so: 404 with the code `not_found`, which is an answer and no refusal.

    A space that is not there has the same status and code; its sentence names it (Profile API docs, "Errors",
    read 2025-11). Any other 404 is not the Profile API's own: a wrong host, or a proxy.
    """
    if answer.status != _NOT_FOUND or request.api != "profile" or request.method != "GET":
        return False
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return False
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict) or error.get("code") != "not_found":
        return False
    return "space" not in str(error.get("message", "")).lower()
