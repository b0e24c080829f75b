"""Inflate a gzip body, but never beyond a bound."""

import zlib
from typing import Final

_GZIP: Final = 16 + zlib.MAX_WBITS
_MEMBERS: Final = 16  # libraries write one; a body of a hundred thousand empty ones would cost minutes


class InflateError(ValueError):
    """The bytes are not whole gzip."""


class TooLargeError(ValueError):
    """The bytes inflate to more than was allowed; nobody looked how much more."""


def inflate(body: bytes, at_most_bytes: int) -> bytes:
    """The inflated body, up to 16 gzip members of it. Raises InflateError or TooLargeError."""
    pieces: list[bytes] = []
    left_bytes = at_most_bytes
    while body:
        if len(pieces) == _MEMBERS:
            raise InflateError(f"more than {_MEMBERS} gzip members")
        member = zlib.decompressobj(_GZIP)
        try:
            piece = member.decompress(body, left_bytes + 1)
        except zlib.error as error:
            raise InflateError(str(error)) from error
        if len(piece) > left_bytes:
            raise TooLargeError
        if not member.eof:
            raise InflateError("gzip ends too early")
        pieces.append(piece)
        left_bytes -= len(piece)
        body = member.unused_data
    if not pieces:
        raise InflateError("nothing to inflate")
    return b"".join(pieces)
