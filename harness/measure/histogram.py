"""Count durations in buckets so fine that a percentile is off by less than 1 %.

Log-linear, like HdrHistogram: each power of two is cut into 128 equal buckets, so a bucket is at most
1/128 of its values wide and its middle at most 0.4 % away from any of them. Below 256 ns each value has
its own bucket. There is no upper bound, hence nothing is clamped; a negative duration is no duration and
is counted apart.
"""

from collections import defaultdict
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

SUB_BITS: Final = 7
_EXACT_BITS: Final = SUB_BITS + 1  # values of so many bits have a bucket each
_NONE_YET: Final = 1 << 64  # above any duration in ns that an int64 clock can tell


class Histogram:
    """Durations in ns: counts by bucket, with exact count, mean, least and most."""

    __slots__ = ("_counts", "_max_ns", "_min_ns", "below_zero", "total_ns")

    def __init__(self) -> None:
        self._counts: defaultdict[int, int] = defaultdict(int)
        self._min_ns = _NONE_YET
        self._max_ns = -1
        self.total_ns = 0
        self.below_zero = 0

    def record(self, value_ns: int) -> None:
        """Count one duration; one below zero is counted in `below_zero` and nowhere else."""
        if value_ns < 0:
            self.below_zero += 1
            return
        shift = value_ns.bit_length() - _EXACT_BITS
        self._counts[(shift << SUB_BITS) + (value_ns >> shift) if shift > 0 else value_ns] += 1
        self.total_ns += value_ns
        # Not max() and min(): calls would cost a third more here.
        if value_ns > self._max_ns:  # noqa: PLR1730 - see above
            self._max_ns = value_ns
        if value_ns < self._min_ns:  # noqa: PLR1730 - see above
            self._min_ns = value_ns

    def record_zeros(self, times: int) -> None:
        """Count a duration of nothing, `times` times."""
        if times > 0:
            self._counts[0] += times
            self._min_ns = 0
            self._max_ns = max(self._max_ns, 0)

    @property
    def count(self) -> int:
        """How many durations were recorded; those below zero apart."""
        return sum(self._counts.values())

    @property
    def min_ns(self) -> int | None:
        """The shortest, exactly; None when there is none."""
        return None if self._max_ns < 0 else self._min_ns

    @property
    def max_ns(self) -> int | None:
        """The longest, exactly; None when there is none."""
        return None if self._max_ns < 0 else self._max_ns

    @property
    def mean_ns(self) -> float | None:
        """The mean, exactly; None when there is none."""
        count = self.count
        return self.total_ns / count if count else None

    def percentile_ns(self, share: float) -> float | None:
        """What `share` (0 to 1) of all durations do not exceed, by nearest rank; None when there is none."""
        return self.percentiles_ns((share,))[0]

    def percentiles_ns(self, shares: tuple[float, ...]) -> tuple[float | None, ...]:
        """`percentile_ns` for several shares, in rising order, with one sort of the buckets."""
        count = self.count
        if not count:
            return (None,) * len(shares)
        answers: list[float] = []
        buckets = iter(sorted(self._counts.items()))
        passed, bucket = 0, 0
        for share in shares:
            rank = max(1, ceil(share * count))
            while passed < rank:
                bucket, held = next(buckets)
                passed += held
            answers.append(min(max(_middle_ns(bucket), self._min_ns), self._max_ns))
        return tuple(answers)

    def count_above(self, value_ns: float) -> int:
        """How many were longer than `value_ns`, judged by the middle of their bucket, or by the longest."""
        shift = int(value_ns).bit_length() - _EXACT_BITS
        own = (shift << SUB_BITS) + (int(value_ns) >> shift) if shift > 0 else int(value_ns)
        least = own if min(_middle_ns(own), self._max_ns) > value_ns else own + 1
        return sum([held for bucket, held in self._counts.items() if bucket >= least])

    def buckets(self) -> list[tuple[float, int]]:
        """The middle of each bucket in ns, between the least and the most recorded, and its count; rising."""
        return [
            (min(max(_middle_ns(bucket), self._min_ns), self._max_ns), held)
            for bucket, held in sorted(self._counts.items())
        ]

    def merge(self, other: "Histogram") -> None:
        """Add all that `other` has counted."""
        counts = self._counts
        for bucket, held in other._counts.items():  # noqa: SLF001 - of its own class
            counts[bucket] += held
        self.total_ns += other.total_ns
        self.below_zero += other.below_zero
        self._max_ns = max(self._max_ns, other._max_ns)  # noqa: SLF001 - as above
        self._min_ns = min(self._min_ns, other._min_ns)  # noqa: SLF001 - as above

    def to_json(self) -> dict[str, Any]:
        """The sparse form for a file: `{"buckets": {bucket: n}, "total_ns", "min_ns", "max_ns", …}`."""
        return {
            "buckets": {str(bucket): held for bucket, held in self._counts.items()},
            "total_ns": self.total_ns,
            "min_ns": self.min_ns,
            "max_ns": self.max_ns,
            "below_zero": self.below_zero,
        }

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> "Histogram":
        """What `to_json` wrote."""
        histogram = cls()
        for bucket, held in form["buckets"].items():
            histogram._counts[int(bucket)] = held
        histogram.total_ns = form["total_ns"]
        histogram.below_zero = form["below_zero"]
        if form["max_ns"] is not None:
            histogram._min_ns, histogram._max_ns = form["min_ns"], form["max_ns"]
        return histogram

    def __bool__(self) -> bool:
        return bool(self._counts) or self.below_zero > 0

    def __repr__(self) -> str:
        return (
            f"<Histogram {self.count} from {self.min_ns} to {self.max_ns} ns, {self.below_zero} below zero>"
        )


def _middle_ns(bucket: int) -> float:
    if bucket < 1 << _EXACT_BITS:
        return bucket
    shift = (bucket >> SUB_BITS) - 1
    lowest_ns = (bucket - (shift << SUB_BITS)) << shift
    return lowest_ns + ((1 << shift) - 1) / 2
