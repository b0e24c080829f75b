"""Keep the last seconds of a run at hand, as they are written down, for whoever shows how it goes.

It costs the run one call a second: a record passes through here on its way to the timeline.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.measure.timeline import Record, TimelineWriter
from harness.units import NS_PER_S

SECONDS_KEPT: Final = 60


class LimitNow(NamedTuple):
    """One scope of a limit, and the most it was used in a window of the last second."""

    name: str
    label: str  # which source, space or token; "" when there is one
    unit: str
    most: int
    window_s: float
    used: int


class Recent(NamedTuple):
    """What the last seconds were like; the newest last."""

    sent: tuple[int, ...]  # requests
    throttled: tuple[int, ...]  # of them, answered 429 in that second
    statuses: Mapping[str, int]  # of the whole run
    limits: tuple[LimitNow, ...]  # the fullest first


class RecentSeconds(TimelineWriter):
    """A timeline that remembers its newest records."""

    __slots__ = ("_latest", "_limits", "_seconds", "_statuses", "_used")

    def __init__(self, path: Path, hear: Callable[[Record], None] | None = None) -> None:
        """As `TimelineWriter`."""
        super().__init__(path, hear)
        self._limits: list[Mapping[str, Any]] = []
        self._seconds: deque[list[int]] = deque(maxlen=SECONDS_KEPT)  # number, sent, throttled
        self._statuses: Counter[str] = Counter()
        self._used: dict[tuple[int, str], tuple[int, int]] = {}  # second, most used in a window of it
        self._latest = 0

    def append(self, record: Record) -> None:
        """Write one record, and remember it."""
        super().append(record)
        if "limits" in record and "second" not in record:
            self._limits = list(record["limits"])
        if "second" not in record:
            return
        number = self._latest = max(self._latest, record["second"])
        self._statuses.update(record.get("by_status", {}))
        sent, throttled = record.get("sent", 0), record.get("throttled", 0)
        # A second that something was told of late has a second record.
        last = self._seconds[-1][0] if self._seconds else number - 1
        for quiet in range(max(last + 1, number - SECONDS_KEPT), number + 1):
            self._seconds.append([quiet, 0, 0])
        known = next((second for second in self._seconds if second[0] == record["second"]), None)
        if known is not None:
            known[1] += sent
            known[2] += throttled
        for place, label, peak, _, _ in record.get("limits", ()):
            if peak:
                self._used[place, label] = number, peak

    def recent(self) -> Recent:
        """What is remembered."""
        used = [
            LimitNow(
                limit["name"],
                label,
                limit["unit"],
                limit["count"],
                limit["window_ns"] / NS_PER_S,
                peak if second >= self._latest - 1 else 0,
            )
            for (place, label), (second, peak) in self._used.items()
            for limit in [self._limits[place]]
        ]
        used.sort(key=lambda limit: (-limit.used / limit.most, limit.name, limit.label))
        return Recent(
            tuple(sent for _, sent, _ in self._seconds),
            tuple(throttled for _, _, throttled in self._seconds),
            dict(self._statuses),
            tuple(used),
        )
