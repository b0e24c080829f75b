import random
from math import isinf, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.measure.resample import Resampling, block_length, deviation, student
from tests.throttle.paired import wandering


@pytest.mark.parametrize(("sameness", "least"), [(0.0, 0.90), (0.5, 0.88), (0.8, 0.84)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(sameness, least):
    runs, points, held = 120, 240, 0
    for seed in range(runs):
        series = wandering(points, sameness, random.Random(seed))
        mean = sum(series) / points
        resampling = Resampling(points, seed, replicates=300)
        length = resampling.rounded(block_length([value - mean for value in series]))
        draws = resampling.sums(series, length)
        covered = -(-points // length) * length
        half = deviation([total / covered for total in draws], mean) * resampling.widening(length, 0.95)
        held += abs(mean) <= half
    assert least <= held / runs <= 1


def test_blocks_are_longer_where_seconds_resemble_each_other():
    lengths = [
        block_length(wandering(2_000, sameness, random.Random(3))) for sameness in (0.0, 0.6, 0.9, 0.98)
    ]
    assert lengths == sorted(lengths)
    assert lengths[0] == 13  # the cube root
    assert 60 < lengths[2] < 200


def test_blocks_keep_what_single_seconds_would_lose():
    series = wandering(1_000, 0.9, random.Random(5))
    resampling = Resampling(1_000, 1)
    spread = {length: deviation(resampling.sums(series, length), sum(series)) for length in (1, 64)}
    assert spread[64] > 3 * spread[1]  # of a series without memory they would be equal


@given(st.lists(st.integers(0, 1_000), min_size=3, max_size=80), st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_same_seed_draws_the_same_and_no_second_is_favoured(column, length, seed):
    first, second = (Resampling(len(column), seed, replicates=40) for _ in range(2))
    length = first.rounded(length)
    sums = first.sums(column, length)
    assert sums == second.sums(column, length)
    blocks = max(2, -(-len(column) // length))
    assert first.sums([1] * len(column), length) == [blocks * length] * 40
    assert all(min(column) * blocks * length <= total <= max(column) * blocks * length for total in sums)


def test_a_series_that_never_moves_has_no_spread():
    resampling = Resampling(60, 1)
    assert deviation(resampling.sums([7] * 60, resampling.rounded(block_length([0] * 60))), 7 * 60) == 0


@pytest.mark.parametrize(("freedom", "wide"), [(4, 2.776), (14, 2.145), (30, 2.042), (1e9, 1.960)])
def test_student_is_as_the_tables_have_it(freedom, wide):
    assert student(0.95, freedom) == pytest.approx(wide, rel=0.002)


def test_of_one_block_nothing_can_be_told():
    assert isinf(student(0.95, 0.5))
    assert Resampling(90, 1).widening(30, 0.95) > student(0.95, 2) * sqrt(1.4)
