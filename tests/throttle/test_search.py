"""The search against targets on paper whose capacity is known: sharp, noisy, tiring, and a late generator."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.throttle.search import Bounds, Found, Tried, Try, found, next_try

RATES = st.floats(0.5, 1e6)
PRECISIONS = st.floats(0.001, 1.0)
STEPS_MOST = 500


def search(bounds, holds):
    """The whole history of a search; `holds(wanted)` plays the target."""
    tried = []
    while (wanted := next_try(bounds, tried)) is not None:
        tried.append(Tried(*wanted, held=holds(wanted)))
        assert len(tried) < STEPS_MOST, "the search does not end"
    return tried


def rates(tried):
    return [one.rate_per_s for one in tried]


def sharp(capacity_per_s):
    return lambda wanted: wanted.rate_per_s <= capacity_per_s


def test_a_search_doubles_then_halves_then_confirms():
    tried = search(Bounds(100, None, 0.05), sharp(437))
    assert rates(tried) == [100, 200, 400, 800, 566, 476, 436, 456, 436]
    assert [one.confirms for one in tried] == [False] * 8 + [True]
    assert found(tried) == Found(436, 456, confirmed=True)


def test_the_highest_rate_asked_for_is_tried_and_not_exceeded():
    tried = search(Bounds(100, 350, 0.05), sharp(1_000))
    assert rates(tried) == [100, 200, 350, 350]
    assert found(tried) == Found(350, None, confirmed=True)


def test_a_first_rate_that_fails_ends_the_search():
    tried = search(Bounds(100, None, 0.05), sharp(99))
    assert rates(tried) == [100]
    assert found(tried) == Found(None, 100, confirmed=False)


def test_a_failed_confirmation_goes_on_downwards_with_steps_as_long():
    def tires(wanted):
        """Carries 1,000 for a short while, 300 for longer."""
        return wanted.rate_per_s <= (300 if wanted.confirms else 1_000)

    tried = search(Bounds(100, None, 0.05), tires)
    low, high, confirmed = found(tried)
    assert confirmed
    assert low is not None
    assert high is not None
    assert 300 / 1.05 <= low <= 300 < high
    first_failure = next(place for place, one in enumerate(tried) if one.confirms)
    assert all(one.confirms for one in tried[first_failure:])
    assert len(tried) < 30


def test_no_rate_is_reported_that_was_not_confirmed():
    tried = search(Bounds(100, None, 0.05), lambda wanted: not wanted.confirms and wanted.rate_per_s < 900)
    assert found(tried).held_per_s is None
    assert tried[-1] == Tried(100, confirms=True, held=False)


def test_a_step_that_the_generator_spoiled_is_tried_once_more():
    bounds = Bounds(100, None, 0.05)
    spoiled = Tried(200, confirms=False, held=False, spoiled=True)
    tried = [Tried(100, confirms=False, held=True), spoiled]
    assert next_try(bounds, tried) == Try(200, confirms=False)
    assert next_try(bounds, [*tried, spoiled]) == Try(141, confirms=False)
    good = Tried(200, confirms=False, held=True)
    assert next_try(bounds, [*tried, good]) == Try(400, confirms=False)
    assert found([*tried, good]) == Found(200, None, confirmed=False)


@settings(max_examples=100, deadline=None)
@given(capacity=RATES, start=RATES, precision=PRECISIONS)
def test_what_is_found_is_the_capacity_within_the_precision_in_a_bounded_number_of_steps(
    capacity, start, precision
):
    tried = search(Bounds(start, None, precision), sharp(capacity))
    low, high, confirmed = found(tried)
    if capacity < start:
        assert (low, high, len(tried)) == (None, start, 1)
        return
    assert low is not None
    assert high is not None
    assert confirmed
    assert low <= capacity < high <= low * (1 + precision)
    doublings = math.ceil(math.log2(capacity / start)) + 2
    halvings = math.ceil(math.log2(math.log(2) / math.log1p(precision))) + 2
    assert len(tried) <= doublings + max(0, halvings) + 1


@settings(max_examples=100, deadline=None)
@given(
    capacity=st.floats(50, 1e5),
    sustained=st.floats(0.1, 1.0),
    precision=st.floats(0.01, 0.5),
    seed=st.integers(),
)
def test_a_target_with_noise_and_less_breath_is_never_overrated(capacity, sustained, precision, seed):
    """A latency curve: near its capacity a step holds by chance, above the noise never."""
    chance = Random(seed)
    noise = 0.1

    def holds(wanted):
        own = capacity * (sustained if wanted.confirms else 1.0)
        load = wanted.rate_per_s / own
        wait = math.inf if load >= 1 + noise else 1 / max(0.01, 1 + noise - load)
        return wait * chance.uniform(0.9, 1.1) < 10

    tried = search(Bounds(10.0, None, precision), holds)
    low, high, confirmed = found(tried)
    if low is not None:
        assert confirmed
        assert low <= capacity * sustained * (1 + noise)
        assert high is not None
        assert low < high <= low * (1 + precision)


@pytest.mark.parametrize("most", [100.0, 150.0, 1e9])
def test_every_search_ends_whatever_the_target_answers(most):
    for seed in range(200):
        chance = Random(seed)
        tried = search(Bounds(100.0, most, 0.02), lambda _, chance=chance: chance.random() < 0.7)
        assert all(one.rate_per_s <= most for one in tried)
