"""Histograms against plain sorting."""

from math import ceil

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measure.histogram import Histogram

DURATIONS_NS = st.lists(st.one_of(st.integers(0, 1_000), st.integers(0, 1 << 60)), min_size=1, max_size=200)


def filled(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


@given(DURATIONS_NS, st.floats(0, 1))
def test_a_percentile_is_within_1_percent_of_the_sorted_value_and_within_the_extremes(values, share):
    histogram = filled(values)
    exact = sorted(values)[max(1, ceil(share * len(values))) - 1]
    answer = histogram.percentile_ns(share)
    assert abs(answer - exact) <= exact * 0.01
    assert min(values) <= answer <= max(values)


@given(DURATIONS_NS)
def test_count_mean_and_extremes_are_exact(values):
    histogram = filled(values)
    assert (histogram.count, histogram.min_ns, histogram.max_ns) == (len(values), min(values), max(values))
    assert histogram.total_ns == sum(values)
    assert histogram.mean_ns == sum(values) / len(values)


@given(DURATIONS_NS)
def test_percentiles_together_are_those_asked_one_by_one(values):
    histogram = filled(values)
    shares = (0.0, 0.5, 0.5, 0.99, 1.0)
    assert histogram.percentiles_ns(shares) == tuple(histogram.percentile_ns(share) for share in shares)


@given(DURATIONS_NS, DURATIONS_NS)
def test_merging_through_a_file_is_recording_all_in_one(left, right):
    merged = filled(left)
    merged.merge(Histogram.from_json(orjson.loads(orjson.dumps(filled(right).to_json()))))
    assert merged.to_json() == filled(left + right).to_json()


@given(st.integers(0, 1 << 62))
def test_a_bucket_is_never_wider_than_1_percent(value):
    one, other = filled([value]), filled([value + 1 + value // 100])
    assert value < 100 or one.to_json()["buckets"] != other.to_json()["buckets"]


def test_negative_durations_are_counted_apart_and_nowhere_else():
    histogram = filled([-1, 5, -7])
    assert (histogram.below_zero, histogram.count, histogram.min_ns, histogram.total_ns) == (2, 1, 5, 5)
    back = Histogram.from_json(histogram.to_json())
    back.merge(filled([-3]))
    assert back.below_zero == 3


def test_an_empty_histogram_has_no_figures():
    empty = Histogram()
    assert (empty.count, empty.mean_ns, empty.percentile_ns(0.5), empty.max_ns) == (0, None, None, None)
    assert not empty
    assert Histogram.from_json(empty.to_json()).min_ns is None


@pytest.mark.parametrize(("bound_ns", "above"), [(0, 2), (4, 1), (100_000_000, 0)])
def test_what_is_above_a_bound_is_counted(bound_ns, above):
    assert filled([0, 3, 50_000]).count_above(bound_ns) == above


@given(DURATIONS_NS, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_no_more_is_above_a_percentile_than_its_rank_leaves(values, share):
    histogram = filled(values)
    above = histogram.count_above(histogram.percentile_ns(share))
    assert above <= len(values) - max(1, ceil(share * len(values)))
