"""Read a whole distribution off a histogram, ever finer towards its longest: the curve of an HDR plot."""

from typing import Final

from harness.measure.histogram import Histogram
from harness.units import NS_PER_MS

Curve = tuple[tuple[float, float], ...]  # (share of durations, ms that they do not exceed), both rising

_STEPS_A_NINE: Final = 8


def curve(histogram: Histogram) -> Curve:
    """From the shortest to the longest: eight steps for each nine (90 %, 99 %, …) that the count has."""
    count = histogram.count
    if not count:
        return ()
    shares = [0.0]
    # A share closer to 1 than one duration in all is the maximum by another name.
    while 10 ** (len(shares) / _STEPS_A_NINE) <= count:
        shares.append(1 - 10 ** (-len(shares) / _STEPS_A_NINE))
    found = (*histogram.percentiles_ns(tuple(shares)), histogram.max_ns)  # the longest is known exactly
    shares.append(1.0)
    return tuple(
        (round(share, 9), round(value_ns / NS_PER_MS, 4))
        for share, value_ns in zip(shares, found, strict=True)
        if value_ns is not None
    )
