import itertools
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.measure.counters import Counters
from harness.measure.spacing import Spacing, variation
from harness.units import NS_PER_S


def of(counters, name):
    return variation(
        getattr(counters, f"{name}_gaps"),
        getattr(counters, f"{name}_gaps_ns"),
        getattr(counters, f"{name}_gaps_squared"),
    )


@settings(max_examples=60)
@given(gaps=st.lists(st.integers(0, 10 * NS_PER_S), min_size=2, max_size=60), second=st.integers(1, 60))
def test_parts_that_were_written_and_added_up_say_what_one_pass_says(gaps, second):
    instants = list(itertools.accumulate(gaps, initial=5))
    spacing, parts = Spacing(), [Counters(), Counters()]
    for place, at_ns in enumerate(instants):
        spacing.due(at_ns, parts[place >= second])
        spacing.sent(at_ns + 3, parts[place >= second])
    totals = Counters()
    for part in parts:
        totals.add(part.to_json())
    mean = statistics.fmean(gaps)
    expected = statistics.pstdev(gaps) / mean if mean else None
    assert of(totals, "due") == (expected if expected is None else pytest.approx(expected, abs=1e-5))
    assert of(totals, "sent") == of(totals, "due")


def test_even_arrivals_vary_by_nothing_and_bursts_by_much():
    even, bursts = Counters(), Counters()
    spacing = Spacing()
    for at in range(1_000):
        spacing.due(at * 333_333, even)
        spacing.sent(at // 10 * NS_PER_S, bursts)
    assert of(even, "due") == pytest.approx(0, abs=1e-4)
    assert of(bursts, "sent") == pytest.approx(3, abs=0.02)


def test_an_arrival_read_too_late_has_no_place_among_the_gaps():
    counters, spacing = Counters(), Spacing()
    for due_ns in (0, 10, 4, 20, 30):
        spacing.due(due_ns, counters)
    assert (counters.due_gaps, counters.due_gaps_ns) == (3, 30)


def test_too_few_arrivals_or_all_at_once_have_no_variation():
    assert variation(1, 5, 1.0) is None
    assert variation(9, 0, 0.0) is None
