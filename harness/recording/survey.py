"""Look a recording over before anything is sent: how much, of what, when, by whom, and with whose keys."""

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import BadLineError
from harness.recording.reader import Recording
from harness.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a recording found."""

    items: int
    by_api: Mapping[str, int]
    by_kind: Mapping[str, int]  # message types; for Profile and Config the method
    by_source: Mapping[str, int]  # of messages: only they have a write key
    people: int  # exact: ids that any message joins count as one person
    first_at_ns: int | None  # as `Item.at_ns`
    last_at_ns: int | None
    peak: int  # the largest number of items in any window of the length asked for; 0 without times
    gap_variation: (
        float | None
    )  # coefficient of variation of the gaps between items; None for less than two gaps
    oversize: int  # messages over 32,768 bytes
    biggest_bytes: int  # the biggest message, as compact JSON
    biggest_line: int
    lines: int
    bytes_read: int  # of the file
    secrets_found: frozenset[int]  # which of the given secrets stand in a line, by position
    truncated_last_line: int
    bad_line: str | None  # why the pass ended before the file; what stands behind was not looked at

    @property
    def span_ns(self) -> int | None:
        """From the first item to the last; None without times."""
        if self.first_at_ns is None or self.last_at_ns is None:
            return None
        return self.last_at_ns - self.first_at_ns


def survey(recording: Recording, *, secrets: Sequence[bytes] = (), window_ns: int = NS_PER_S) -> Survey:
    """Read `recording` once, whole; a stream cannot be read again after it.

    Memory grows with the number of people, about 70 bytes for each id. A bad line ends the pass, as it
    would end a replay, and is told in `bad_line`. Secrets are compared byte by byte, and never kept. `peak`
    is counted in windows of `window_ns` of recorded time: a second of a replay at speed 10 is ten of them.

    Raises:
        RecordingError: the recording is a stream that has been read.
    """
    found: set[int] = set()

    def look_for_secrets(raw: bytes) -> None:
        for position, secret in enumerate(secrets):
            if secret in raw:
                found.add(position)

    apis: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    people = _People()
    pace = _Pace(window_ns)
    bad_line: str | None = None
    try:
        for item in recording.items(watch=look_for_secrets if secrets else None, whole=True):
            apis[item.api] += 1
            kinds[item.kind] += 1
            if item.api == "tracking":
                sources[item.source] += 1
            people.meet(item.keys)
            if item.at_ns is not None:
                pace.add(item.at_ns)
    except BadLineError as error:
        bad_line = str(error)
    counts = recording.counts
    return Survey(
        items=counts.items,
        by_api=dict(apis),
        by_kind=dict(kinds),
        by_source=dict(sources),
        people=people.count,
        first_at_ns=pace.first_ns,
        last_at_ns=pace.last_ns,
        peak=pace.peak,
        gap_variation=pace.gap_variation,
        oversize=counts.oversize,
        biggest_bytes=counts.biggest_bytes,
        biggest_line=counts.biggest_line,
        lines=counts.lines,
        bytes_read=counts.bytes_read,
        secrets_found=frozenset(found),
        truncated_last_line=counts.truncated_last_line,
        bad_line=bad_line,
    )


class _People:
    """How many people there are, when ids of one message are one person's (union-find on hashes)."""

    def __init__(self) -> None:
        self._met: set[int] = set()
        self._joined: dict[int, int] = {}  # only of ids that some message joined
        self._joins = 0

    @property
    def count(self) -> int:
        return len(self._met) - self._joins

    def meet(self, keys: Sequence[str]) -> None:
        # 64-bit hashes: two of ten million ids share one with a chance of 3 in a million.
        hashes = [hash(key) for key in keys]
        self._met.update(hashes)
        for other in hashes[1:]:
            first, second = self._root(hashes[0]), self._root(other)
            if first != second:
                self._joined[second] = first
                self._joins += 1

    def _root(self, key: int) -> int:
        joined = self._joined
        while (parent := joined.get(key, key)) != key:
            joined[key] = joined.get(parent, parent)  # halves the path for the next who asks
            key = parent
        return key


class _Pace:
    """The first and last instant, the busiest window, and how uneven the gaps are; instants in order."""

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.peak = 0
        self._second: deque[tuple[int, int]] = deque()  # (instant, items) within a window of the latest
        self._in_second = 0
        self._gaps = 0
        self._mean_ns = 0.0
        self._squares = 0.0

    @property
    def gap_variation(self) -> float | None:
        if self._gaps < 2 or self._mean_ns == 0:
            return None
        return math.sqrt(self._squares / self._gaps) / self._mean_ns

    def add(self, at_ns: int) -> None:
        if self.first_ns is None or self.last_ns is None:
            self.first_ns = at_ns
        elif at_ns < self.last_ns:
            # One that came too late to be sorted has no place among the gaps; the reader counts it.
            self.first_ns = min(self.first_ns, at_ns)
            return
        else:
            self._add_gap(at_ns - self.last_ns)
        self._add_to_second(at_ns)
        self.last_ns = at_ns

    def _add_to_second(self, at_ns: int) -> None:
        second = self._second
        if second and second[-1][0] == at_ns:
            second[-1] = (at_ns, second[-1][1] + 1)
        else:
            second.append((at_ns, 1))
        self._in_second += 1
        while second[0][0] <= at_ns - self._window_ns:
            self._in_second -= second.popleft()[1]
        self.peak = max(self.peak, self._in_second)

    def _add_gap(self, gap_ns: int) -> None:
        # Welford's running variance.
        self._gaps += 1
        step = gap_ns - self._mean_ns
        self._mean_ns += step / self._gaps
        self._squares += step * (gap_ns - self._mean_ns)
