"""What was turned away is remembered up to a bound, and people too."""

from harness.measure.open_tries import OpenTries, OpenTry
from harness.measure.person_order import PersonOrder


def test_beyond_the_bound_the_oldest_try_is_forgotten_and_counted():
    tries = OpenTries(kept_most=2)
    first, second, third = (OpenTry(n, None, may_return=True, stored=False) for n in range(3))
    assert tries.turned_away(1, first) is None
    assert tries.turned_away(2, second) is None
    assert tries.turned_away(2, second) is None
    assert tries.turned_away(3, third) == first
    assert (tries.forgotten, len(tries), 1 in tries, 3 in tries) == (1, 2, False, True)
    assert tries.returned(1, 10) is None


def test_beyond_the_bound_who_was_not_met_for_longest_is_forgotten_and_counted():
    order = PersonOrder(people_most=4)
    for person in (1, 2, 3, 1, 4, 5):
        assert order.met([person], 10, retried=False) is None
    assert order.people <= 4
    assert order.forgotten == 1
    assert order.met([1], 5, retried=False) is False, "met again in between"
    assert order.met([2], 5, retried=False) is None, "the one who was forgotten"
