"""Read the histograms of the timeline: buckets added up, and what their percentiles are."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from tests.recount.figures import PERCENTILES, to_ms

# Most items wait for nothing: how many is one number in a record, and stands for a zero in each of these.
_OF_UNWAITED: Final = ("lane_wait", "limit_wait", "batch_wait", "user_wait")


class Buckets(NamedTuple):
    """Durations by bucket."""

    by_bucket: Counter[int]
    total_ns: int
    max_ns: int
    below_zero: int

    @property
    def durations(self) -> int:
        return self.by_bucket.total()


def added(records: Iterable[Mapping[str, Any]], key: str) -> Buckets:
    """A histogram of these records as one."""
    counts: Counter[int] = Counter()
    total_ns = max_ns = below_zero = 0
    for record in records:
        if key in _OF_UNWAITED and record.get("unwaited"):
            counts[0] += record["unwaited"]
        form = record.get(key)
        if form is not None:
            counts.update({int(bucket): count for bucket, count in form["buckets"].items()})
            total_ns += form["total_ns"]
            max_ns = max(max_ns, form["max_ns"] or 0)
            below_zero += form["below_zero"]
    return Buckets(counts, total_ns, max_ns, below_zero)


def figure_ms(buckets: Buckets, stat: str) -> float | None:
    """`mean`, `max` or a percentile: the middle of the bucket in which the nearest rank falls."""
    if not buckets.durations:
        return None
    if stat == "max":
        return to_ms(buckets.max_ns)
    if stat == "mean":
        return to_ms(buckets.total_ns / buckets.durations)
    rank, passed = max(1, math.ceil(PERCENTILES[stat] * buckets.durations)), 0
    for bucket, held in sorted(buckets.by_bucket.items()):
        passed += held
        if passed >= rank:
            return to_ms(middle_ns(bucket))
    raise AssertionError(stat)


def middle_ns(bucket: int) -> float:
    """Below 256 a bucket is one value; above, each power of two is cut into 128 buckets."""
    if bucket < 256:
        return bucket
    shift = bucket // 128 - 1
    return ((bucket - 128 * shift) << shift) + ((1 << shift) - 1) / 2
