"""Delays have the shape they are asked for, and what the cap cuts is said."""

import math
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.mock.faults.latency import LOG_NORMAL_CAP_MS, Latency, draw_delay, latency_trouble

MS = 1_000_000
DRAWS = 4_000


def drawn_ms(latency: Latency, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [draw_delay(latency, random).delay_ns / MS for _ in range(DRAWS)]


def assert_share_below(values: list[float], bound: float, share: float) -> None:
    """Within four standard deviations of what a binomial count of the values under a true quantile has."""
    below = sum(value <= bound for value in values)
    assert abs(below - DRAWS * share) <= 4 * math.sqrt(DRAWS * share * (1 - share))


def test_a_fixed_delay_is_itself_and_draws_nothing():
    random = Random(3)
    before = random.getstate()
    assert draw_delay(Latency(ms=12.5), random) == (12_500_000, False)
    assert random.getstate() == before


def test_a_uniform_delay_fills_its_range_evenly():
    values = drawn_ms(Latency(lower_ms=100, upper_ms=300))
    assert min(values) >= 100
    assert max(values) <= 300
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert_share_below(values, 100 + 200 * share, share)


@pytest.mark.parametrize(("median_ms", "sigma"), [(80, 0.4), (5, 1.0), (900, 0.1)])
def test_a_log_normal_delay_has_its_median_and_its_sigma(median_ms, sigma):
    values = drawn_ms(Latency(median_ms=median_ms, sigma=sigma))
    for share in (0.05, 0.159, 0.5, 0.841, 0.95, 0.99):
        assert_share_below(values, median_ms * math.exp(sigma * NormalDist().inv_cdf(share)), share)


def test_the_tail_beyond_the_cap_is_cut_and_each_cut_is_said():
    random, cap_ms = Random(5), 120
    delays = [draw_delay(Latency(median_ms=80, sigma=0.5, cap_ms=cap_ms), random) for _ in range(DRAWS)]
    random = Random(5)
    uncut = [draw_delay(Latency(median_ms=80, sigma=0.5), random).delay_ns for _ in range(DRAWS)]
    assert [d.delay_ns for d in delays] == [min(value, cap_ms * MS) for value in uncut]
    assert [d.capped for d in delays] == [value > cap_ms * MS for value in uncut]
    assert 0 < sum(d.capped for d in delays) < DRAWS


def test_a_log_normal_delay_without_a_cap_has_the_default_one():
    assert draw_delay(Latency(median_ms=3_600_000, sigma=0), Random(1)) == (LOG_NORMAL_CAP_MS * MS, True)


@given(
    st.builds(
        Latency,
        **{name: st.none() | st.floats(allow_nan=True) | st.just(1.0) for name in Latency.__struct_fields__},
    ),
    st.integers(0, 9),
)
def test_what_is_called_sound_can_be_drawn_and_is_bounded(latency, seed):
    if latency_trouble(latency) is None:
        assert 0 <= draw_delay(latency, Random(seed)).delay_ns <= 3_600_000 * MS


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        (Latency(), "not nothing"),
        (Latency(ms=1, sigma=1), "not ms and sigma"),
        (Latency(lower_ms=1), "not lower_ms"),
        (Latency(cap_ms=1), "not cap_ms"),
        (Latency(ms=-1), "latency.ms must be between 0 and 3.6e+06, not -1"),
        (Latency(ms=float("nan")), "latency.ms must be"),
        (Latency(lower_ms=9, upper_ms=3), "latency.lower_ms must not be above latency.upper_ms"),
        (Latency(median_ms=0, sigma=1), "latency.median_ms must be above 0"),
        (Latency(median_ms=5, sigma=11), "latency.sigma must be between 0 and 10, not 11"),
    ],
)
def test_a_latency_without_sense_is_told_what_is_wrong(latency, said):
    assert said in (latency_trouble(latency) or "")


def test_a_shapeless_latency_is_not_drawn_from():
    with pytest.raises(ValueError, match="without a shape"):
        draw_delay(Latency(), Random(1))
