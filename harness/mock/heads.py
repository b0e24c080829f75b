"""Know the head of a request again, so that a client's ten thousandth call is not parsed like its first.

A client repeats its head byte for byte but for the length of the body. What is remembered is what the parser
itself made of the head, and only of a plain one: a POST over HTTP/1.1 that stays open, with a body of a
stated length and nothing else that steers the exchange. For everything else the parser has to be asked.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from harness.mock.exchange import CONTENT_CAP_BYTES, origin_form

END: Final = b"\r\n\r\n"
LONGEST_BYTES: Final = 4_096  # of a head that is remembered

_METHOD: Final = b"POST"
_STEERING: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


class Head(NamedTuple):
    """What a plain head says. Its repr shows a credential: never log it."""

    method: str
    target: str  # as on the request line, but never a whole URL
    headers: Mapping[bytes, bytes]  # names in lower case
    body_bytes: int


@lru_cache(maxsize=1_024)
def plain_head(head: bytes) -> Head | None:
    """This head, which ends with its empty line, when it is a plain one; else None."""
    reader = _Reader()
    parser = HttpRequestParser(reader)
    try:
        parser.feed_data(head)
    except (HttpParserError, HttpParserUpgrade):
        return None
    headers = reader.headers
    length = headers.get(b"content-length", b"")
    plain = (
        reader.is_whole
        and not reader.goes_on  # for a parser lenient enough to end a head at two bare newlines
        and parser.get_method() == _METHOD
        and parser.get_http_version() == "1.1"
        and parser.should_keep_alive()
        and headers.keys().isdisjoint(_STEERING)
        and length.isdigit()
        and 0 < int(length) <= CONTENT_CAP_BYTES
    )
    if not plain:
        return None
    return Head(_METHOD.decode("ascii"), origin_form(reader.target.decode("latin-1")), headers, int(length))


class _Reader:
    """What the parser told of one head."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.is_whole = self.goes_on = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self.is_whole = True

    def on_body(self, _body: bytes) -> None:
        self.goes_on = True

    def on_message_complete(self) -> None:
        self.goes_on = True
