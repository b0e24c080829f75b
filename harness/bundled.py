"""Find the files that ship with the harness: in a checkout where they stand, else inside the package."""

from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.recording.reader import open_recording
from harness.recording.survey import survey
from harness.units import NS_PER_S

DEMO_LASTS_NS: Final = 22 * NS_PER_S

_PACKAGE: Final = Path(__file__).resolve().parent
_HOMES: Final = (_PACKAGE.parent, _PACKAGE / "bundled")


def bundled_file(name: str) -> Path:
    """The path of a shipped file, as in `recordings/otto-shop.ndjson`. Raises UsageError."""
    for home in _HOMES:
        path = home / name
        if path.is_file():
            return path
    raise UsageError(f"{name} is missing from this installation; install segment-harness again")


def demo_recording() -> Path:
    """The recording that `harness demo` replays."""
    return bundled_file("recordings/otto-shop.ndjson")


def demo_speed() -> float:
    """The speed at which the demo's recording lasts about 20 seconds (22 exactly), to two digits."""
    with open_recording(str(demo_recording()), needs_times=True) as recording:
        span_ns = survey(recording).span_ns or DEMO_LASTS_NS
    return float(f"{span_ns / DEMO_LASTS_NS:.2g}")
