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
LIMITS_SHOWN: Final = 12
SCOPES_KEPT: Final = 64  # of each second: its fullest

WAITS: Final = frozenset({"lane_wait", "limit_wait", "batch_wait", "user_wait"})

Scope = tuple[int, str]  # the place of a limit, and which of its scopes


class LimitNow(NamedTuple):
    """One scope of a limit, and the most it was used in a window that ended in each of the last seconds."""

    api: str
    name: str
    label: str  # which source, space or token; "" when there is one
    unit: str
    most: int
    window_s: float
    used: int  # in the fullest window of the last second
    throttled: int = 0  # requests answered 429 in the seconds below
    past: tuple[int, ...] = ()  # as `used`, beside `Recent.sent`


class Recent(NamedTuple):
    """What the last seconds were like; the newest last."""

    sent: tuple[int, ...]  # requests
    throttled: tuple[int, ...]  # of them, answered 429 in that second
    statuses: Mapping[str, int]  # of the whole run
    limits: tuple[LimitNow, ...]  # the fullest first
    longest_wait: tuple[str, int] | None = None  # of the items sent in these seconds: which wait, ns
    by_limit: tuple[LimitNow, ...] = ()  # each limit in its fullest scope, which has no name here


class _Second:
    """What is kept of one second."""

    __slots__ = ("by_limit", "number", "sent", "throttled", "used", "waits")

    def __init__(self, number: int) -> None:
        self.number = number
        self.sent = 0
        self.throttled = 0
        self.used: dict[Scope, tuple[int, int]] = {}  # most in a window of it, 429s
        self.by_limit: dict[int, int] = {}  # the most that any of its scopes used, by place of the limit
        self.waits: dict[str, int] = {}  # the longest of each


class RecentSeconds(TimelineWriter):
    """A timeline that remembers its newest records."""

    __slots__ = ("_known", "_limits", "_seconds", "_statuses")

    def __init__(self, path: Path, hear: Callable[[Record], None] | None = None) -> None:
        """As `TimelineWriter`."""
        super().__init__(path, hear)
        self._limits: list[Mapping[str, Any]] = []
        self._seconds: deque[_Second] = deque(maxlen=SECONDS_KEPT)
        self._statuses: Counter[str] = Counter()
        self._known: Recent | None = None  # until the next record

    def append(self, record: Record) -> None:
        """Write one record, and remember it."""
        super().append(record)
        if "limits" in record and "second" not in record:
            self._limits = list(record["limits"])
        if "second" not in record:
            return
        self._known = None
        number = record["second"]
        self._statuses.update(record.get("by_status", {}))
        # A second that something was told of late has a second record.
        last = self._seconds[-1].number if self._seconds else number - 1
        for quiet in range(max(last + 1, number - SECONDS_KEPT + 1), number + 1):
            self._seconds.append(_Second(quiet))
        known = next((second for second in self._seconds if second.number == number), None)
        if known is not None:
            known.sent += record.get("sent", 0)
            known.throttled += record.get("throttled", 0)
            self._take_limits(known, record.get("limits", ()))
            for name in WAITS.intersection(record):
                known.waits[name] = max(known.waits.get(name, 0), record[name]["max_ns"])

    def _take_limits(self, second: _Second, limits: Any) -> None:
        for place, label, peak, _, throttled in limits:
            before = second.used.get((place, label), (0, 0))
            second.used[place, label] = max(before[0], peak), before[1] + throttled
            second.by_limit[place] = max(peak, second.by_limit.get(place, 0))
        if len(second.used) > SCOPES_KEPT:
            ranked = sorted(second.used.items(), key=lambda entry: -self._share(entry[0], entry[1][0]))
            second.used = dict(ranked[:SCOPES_KEPT])

    def recent(self) -> Recent:
        """What is remembered."""
        if self._known is None:
            seconds = tuple(self._seconds)
            now = self._used_now()
            self._known = Recent(
                tuple(second.sent for second in seconds),
                tuple(second.throttled for second in seconds),
                dict(self._statuses),
                tuple(self._limit_now(scope, now.get(scope, 0)) for scope in self._fullest(now)),
                max(
                    (wait for second in seconds for wait in second.waits.items()),
                    key=lambda wait: wait[1],
                    default=None,
                ),
                tuple(self._fullest_of(place) for place in range(len(self._limits))),
            )
        return self._known

    def _fullest(self, now: Mapping[Scope, int]) -> list[Scope]:
        """The scopes to show: by the last second, and where there is room, those that were full before it."""
        # In tenths, so that two that are about as full do not change places each second.
        ranked = sorted(now, key=lambda scope: (-round(self._share(scope, now[scope]), 1), scope))
        if len(ranked) >= LIMITS_SHOWN:
            return ranked[:LIMITS_SHOWN]
        before: dict[Scope, int] = {}
        for second in self._seconds:
            for scope, (peak, _) in second.used.items():
                if peak and scope not in now:
                    before[scope] = max(peak, before.get(scope, 0))
        ranked += sorted(before, key=lambda scope: (-self._share(scope, before[scope]), scope))
        return ranked[:LIMITS_SHOWN]

    def _used_now(self) -> dict[Scope, int]:
        # The last second may have been told of only in part yet.
        newest = list(self._seconds)[-2:]
        return {scope: peak for second in newest for scope, (peak, _) in second.used.items() if peak}

    def _share(self, scope: Scope, used: int) -> float:
        count: int = self._limits[scope[0]]["count"]
        return used / count

    def _fullest_of(self, place: int) -> LimitNow:
        newest = list(self._seconds)[:-3:-1]
        used = next((second.by_limit[place] for second in newest if place in second.by_limit), 0)
        return self._told((place, ""), used)

    def _limit_now(self, scope: Scope, used: int) -> LimitNow:
        past = [second.used.get(scope, (0, 0)) for second in self._seconds]
        return self._told(scope, used)._replace(
            throttled=sum(throttled for _, throttled in past), past=tuple(peak for peak, _ in past)
        )

    def _told(self, scope: Scope, used: int) -> LimitNow:
        limit = self._limits[scope[0]]
        window_s = limit["window_ns"] / NS_PER_S
        return LimitNow(limit["api"], limit["name"], scope[1], limit["unit"], limit["count"], window_s, used)
