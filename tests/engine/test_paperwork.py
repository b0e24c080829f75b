from harness.clock import ManualClock
from harness.engine.paperwork import SLICE_NS, Paperwork


def test_a_slice_ends_when_its_time_is_over_and_the_rest_stays_in_order():
    clock = ManualClock()
    done = []
    work = Paperwork(clock)
    for number in range(10):

        def piece(number=number):
            done.append(number)
            clock.advance(SLICE_NS // 2)

        work.put(piece)
    work.do_some(clock.now_ns())
    assert done == [0, 1]
    assert len(work) == 8
    work.do_all()
    assert done == list(range(10))


def test_what_waits_is_bounded_and_nothing_is_lost():
    done = []
    work = Paperwork(ManualClock(), most=5)
    for number in range(8):
        work.put(lambda number=number: done.append(number))
    assert done == [0, 1, 2]
    assert len(work) == 5
    work.do_all()
    assert done == list(range(8))


def test_where_nothing_is_ever_due_nothing_is_put_off():
    done = []
    Paperwork(ManualClock(), most=0).put(lambda: done.append("done"))
    assert done == ["done"]
