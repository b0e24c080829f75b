"""The curve of a distribution: rising, ever finer, and its ends exact."""

from hypothesis import given
from hypothesis import strategies as st

from harness.measure.curve import curve
from harness.measure.histogram import Histogram


def histogram_of(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


def test_nothing_makes_no_curve():
    assert curve(Histogram()) == ()


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=60))
def test_a_curve_rises_from_about_the_shortest_to_exactly_the_longest(values):
    found = curve(histogram_of(values))
    assert [share for share, _ in found] == sorted({share for share, _ in found})
    assert [ms for _, ms in found] == sorted(ms for _, ms in found)
    assert found[0][0] == 0
    assert found[-1] == (1.0, round(max(values) / 1e6, 4))


def test_it_has_as_many_nines_as_its_count():
    shares = [share for share, _ in curve(histogram_of(range(1_000)))]
    assert 0.999 in shares
    assert max(share for share in shares if share < 1) == 0.999
