"""Say how options for pipelines are written: when to give up, what to be no worse than, where to serve."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from harness.units import NS_PER_S, parse_duration_ns

LOOPBACK: Final = "127.0.0.1"
_PORTS: Final = 65_535


class PipelineRow(NamedTuple):
    """A row of the table of options, without its group."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    metavar: str = ""


def parse_flag(text: str) -> bool:
    """`true` or `false`, as a scenario file has it. Raises ValueError."""
    if text.lower() in ("true", "1", "yes"):
        return True
    if text.lower() in ("false", "0", "no"):
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def parse_regression(text: str) -> float:
    """`10%` as 0.1. Raises ValueError."""
    number = text.strip()
    try:
        percent = float(number.removesuffix("%")) if number.endswith("%") else -1.0
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 1_000:
        raise ValueError(f"{text!r} is no share between 0% and 1000%; write it like 10%")
    return percent / 100


def parse_listening(text: str) -> tuple[str, int]:
    """`9464`, `0.0.0.0:9464`, `[::1]:9464` as host and port; 0 for any free port. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else LOOPBACK
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > _PORTS:
        raise ValueError(f"{text!r} is no port; write 9464, or HOST:9464 to be reached from elsewhere")
    return host, int(port)


def _text(text: str) -> str:
    return text


PIPELINE_ROWS: Final = (
    PipelineRow(
        "abort-on-fail",
        parse_flag,
        False,
        "Stop the run (exit 3) as soon as an --expect is false on what was measured so far.",
    ),
    PipelineRow(
        "abort-grace",
        parse_duration_ns,
        30 * NS_PER_S,
        "Judge nothing before so much of the run has passed.",
        "TIME",
    ),
    PipelineRow(
        "baseline",
        _text,
        None,
        "Fail (exit 3) if this run is worse than that one, beyond chance: its run folder, or its run.json.",
        "RUN",
    ),
    PipelineRow(
        "max-regression",
        parse_regression,
        0.1,
        "How much worse than the baseline a figure may be; 10% unless given.",
        "SHARE%",
    ),
    PipelineRow(
        "metrics-port",
        parse_listening,
        None,
        "While it runs, serve its figures to Prometheus at /metrics; on this machine alone unless a host is "
        "named.",
        "[HOST:]PORT",
    ),
    PipelineRow(
        "otel",
        parse_flag,
        False,
        "Send Locust's metrics out by OpenTelemetry (locust[otel]), as the OTEL_ variables say.",
    ),
)
