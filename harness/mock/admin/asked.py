"""Read what a caller of the admin asks for: a JSON body into its form, a number out of the query."""

from typing import Final, TypeVar

import msgspec

from harness.errors import HarnessError
from harness.mock.exchange import Reply, refusal
from harness.mock.route import Visit

Form = TypeVar("Form")

_LIST_MOST: Final = 10_000


class AskedWronglyError(HarnessError):
    """The sentence says what to send instead; the caller is answered 400."""


def form_of(visit: Visit, form: type[Form]) -> Form:
    """The call's JSON body as this form; an empty body is an empty object. Raises AskedWronglyError."""
    body = visit.call.body
    if body is None:
        raise AskedWronglyError("the body is too large")
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AskedWronglyError(f"the body does not fit: {error}") from error


def number_of(visit: Visit, name: str, default: int, most: int = _LIST_MOST) -> int:
    """A whole number in the query, 0 to `most`. Raises AskedWronglyError."""
    text = visit.one(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise AskedWronglyError(f"{name}={text[:40]!r} is no whole number; write one from 0 to {most}")
    number = int(text)
    if number > most:
        raise AskedWronglyError(f"{name}={number} is too many; write a number from 0 to {most}")
    return number


def asked_wrongly(error: HarnessError) -> Reply:
    """The answer to a caller who asked wrongly."""
    return refusal(400, "invalid_request", str(error))
