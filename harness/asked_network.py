"""Say how the options about the way to a target are written: time-outs, and the proxy in between."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from harness.units import NS_PER_S, parse_duration_ns

NO_PROXY: Final = "none"  # not even one that the environment names


class NetworkRow(NamedTuple):
    """A row of the table of options, without its group."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    metavar: str


def parse_time_out(text: str) -> int:
    """A duration above 0, in ns. Raises ValueError."""
    time_out_ns = parse_duration_ns(text)
    if time_out_ns <= 0:
        raise ValueError(f"{text!r} leaves no time at all; write it like 5s")
    return time_out_ns


def _text(text: str) -> str:
    return text


NETWORK_ROWS: Final = (
    NetworkRow("ca-file", _text, None, "Trust the authorities in this file (PEM) as well.", "FILE"),
    NetworkRow(
        "proxy",
        _text,
        None,
        "The HTTP proxy to go through, http://HOST:PORT; none for not even the one in the environment "
        "(HTTPS_PROXY, http_proxy, ALL_PROXY, NO_PROXY), where one with a user name and a password belongs.",
        "URL|none",
    ),
    NetworkRow(
        "connect-timeout",
        parse_time_out,
        5 * NS_PER_S,
        "How long a connection may take to open, name look-up and TLS included.",
        "TIME",
    ),
    NetworkRow(
        "answer-timeout",
        parse_time_out,
        15 * NS_PER_S,
        "How long an answer may take; then the connection is closed and the request tried again.",
        "TIME",
    ),
)
