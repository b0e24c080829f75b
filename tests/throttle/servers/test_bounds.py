"""What is called certain is certain, however late anything was."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.throttle.servers.bounds import certain_peak, wrongly_refused
from harness.throttle.servers.exchange import OWN, Exchange

WINDOW_NS = 100


def exchange(sent_ns, done_ns, status=200, units=1):
    return Exchange(OWN, units, sent_ns, done_ns, status, status == 200, {})


@st.composite
def answered_rightly(draw):
    """What a client saw of a server with an exact sliding log, with delays both ways."""
    count = draw(st.integers(1, 4))
    delays = st.tuples(st.integers(0, 60), st.integers(0, 80), st.integers(0, 80))
    arrivals, at_ns = [], 0
    for gap, there, back in draw(st.lists(delays, max_size=30)):
        at_ns += gap
        arrivals.append((at_ns + there, at_ns, back))
    log, seen = [], []
    for at_ns, sent_ns, back in sorted(arrivals):
        log = [at for at in log if at > at_ns - WINDOW_NS]
        admitted = len(log) < count
        log += [at_ns] * admitted
        seen.append(exchange(sent_ns, at_ns + back, 200 if admitted else 429))
    return count, seen


@settings(max_examples=100)
@given(answered_rightly())
def test_a_server_that_counts_rightly_is_never_blamed(case):
    count, seen = case
    assert certain_peak(seen, WINDOW_NS) <= count
    assert wrongly_refused(seen, count, WINDOW_NS) == []


def test_one_too_many_in_a_window_is_seen():
    seen = [exchange(0, 1), exchange(50, 51), exchange(98, 99)]
    assert certain_peak(seen, WINDOW_NS) == 3
    assert certain_peak([*seen[:2], exchange(98, 100)], WINDOW_NS) == 2  # it may have counted in the next


def test_a_refusal_with_room_left_is_seen():
    refused = exchange(60, 61, 429)
    assert wrongly_refused([exchange(0, 1), refused], 2, WINDOW_NS) == [refused]
    assert wrongly_refused([exchange(0, 1), exchange(60, 70), refused], 2, WINDOW_NS) == []


def test_units_count_and_not_requests():
    seen = [exchange(0, 1, units=3), exchange(2, 3, units=2)]
    assert certain_peak(seen, WINDOW_NS) == 5
