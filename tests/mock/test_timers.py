"""Acts at instants of a steered clock: each once, in order, and never early."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import ManualClock, SystemClock
from harness.mock.steered import SteeredClock
from harness.mock.timers import Timers
from harness.units import NS_PER_MS, NS_PER_S


@dataclass
class Waiting:
    """A call an event loop was asked to make."""

    due_ns: int
    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Loop:
    """An event loop on a manual clock."""

    clock: ManualClock = field(default_factory=ManualClock)
    calls: list[Waiting] = field(default_factory=list)

    def call_later(self, delay_s, call) -> Waiting:
        assert delay_s >= 0
        self.calls.append(Waiting(self.clock.now_ns() + round(delay_s * NS_PER_S), call))
        return self.calls[-1]

    @property
    def armed(self) -> list[Waiting]:
        return [call for call in self.calls if not call.cancelled]

    def turn(self) -> None:
        """Make the calls that are due, as one turn of a loop does."""
        due = [call for call in self.calls if call.due_ns <= self.clock.now_ns()]
        self.calls = [call for call in self.calls if call not in due]
        for call in due:
            if not call.cancelled:
                call.call()

    def settle(self) -> None:
        """Turn until nothing that is due is left."""
        for _ in range(1_000):
            if not any(call.due_ns <= self.clock.now_ns() for call in self.armed):
                return
            self.turn()
        raise AssertionError("the loop spins")

    def let_pass(self, by_ns: int) -> None:
        self.clock.advance(by_ns)
        self.settle()


class Bench:
    def __init__(self) -> None:
        self.loop = Loop()
        self.clock = SteeredClock(self.loop.clock)
        self.timers = Timers(self.clock, self.loop.call_later)
        self.done: list[str] = []

    def at(self, due_ns: int, name: str):
        return self.timers.at(due_ns, lambda: self.done.append(name))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_act_runs_once_when_its_instant_has_come(bench):
    bench.at(10 * NS_PER_MS, "a")
    bench.loop.let_pass(10 * NS_PER_MS - 1)
    assert (bench.done, bench.timers.waiting) == ([], 1)
    bench.loop.let_pass(1)
    bench.loop.let_pass(NS_PER_S)
    assert (bench.done, bench.timers.waiting, bench.loop.armed) == (["a"], 0, [])


def test_acts_run_by_due_time_and_then_in_the_order_they_were_given(bench):
    for due_ms, name in [(2, "c"), (1, "a"), (2, "d"), (1, "b")]:
        bench.at(due_ms * NS_PER_MS, name)
    bench.loop.let_pass(NS_PER_S)
    assert "".join(bench.done) == "abcd"


def test_many_that_are_due_together_keep_their_order(bench):
    for number in range(50):
        bench.at(NS_PER_MS, f"{number:02}")
    bench.loop.let_pass(NS_PER_MS)
    assert bench.done == sorted(bench.done)
    assert len(bench.done) == 50


def test_one_real_timer_serves_them_all(bench):
    for due_ms in (50, 40, 60, 30):
        bench.at(due_ms * NS_PER_MS, str(due_ms))
    assert [call.due_ns for call in bench.loop.armed] == [30 * NS_PER_MS]


def test_what_is_due_already_runs_but_not_before_at_has_returned(bench):
    bench.at(-5, "a")
    assert bench.done == []
    bench.loop.settle()
    assert bench.done == ["a"]


def test_an_act_that_was_called_off_never_runs_and_the_others_do(bench):
    first, last = bench.at(1, "a"), bench.at(3, "c")
    bench.at(2, "b")
    first()
    first()
    bench.loop.let_pass(NS_PER_S)
    last()
    assert (bench.done, bench.timers.waiting) == (["b", "c"], 0)


def test_an_act_may_call_off_another_that_is_due_with_it(bench):
    def first() -> None:
        call_off()

    bench.timers.at(1, first)
    call_off = bench.at(1, "b")
    bench.loop.let_pass(NS_PER_MS)
    assert (bench.done, bench.timers.waiting) == ([], 0)


def test_an_act_that_gives_itself_again_leaves_the_loop_its_turns(bench):
    def again() -> None:
        bench.done.append("again")
        bench.timers.at(0, again)

    bench.timers.at(0, again)
    for turns in range(1, 4):
        bench.loop.turn()
        assert len(bench.done) == turns


def test_an_act_that_fails_is_heard_of_and_the_others_run(bench):
    def fail() -> None:
        raise RuntimeError("no")

    bench.timers.at(1, fail)
    bench.at(1, "b")
    bench.loop.clock.advance(NS_PER_MS)
    with pytest.raises(RuntimeError):
        bench.loop.turn()
    bench.loop.settle()
    assert bench.done == ["b"]


def test_frozen_nothing_runs_until_the_clock_is_advanced_past_it(bench):
    bench.at(NS_PER_S, "a")
    bench.at(2 * NS_PER_S, "b")
    bench.clock.freeze()
    bench.loop.let_pass(60 * NS_PER_S)
    assert (bench.done, bench.loop.armed) == ([], [])
    bench.clock.advance(NS_PER_S)
    assert bench.done == [], "not inside the steering"
    bench.loop.settle()
    assert bench.done == ["a"]
    bench.clock.scale(1)
    bench.loop.let_pass(NS_PER_S - 1)
    assert bench.done == ["a"]
    bench.loop.let_pass(NS_PER_MS)
    assert bench.done == ["a", "b"]


def test_scaled_the_wait_is_shorter_and_the_real_timer_is_set_anew(bench):
    bench.at(60 * NS_PER_S, "a")
    bench.clock.scale(60)
    assert [call.due_ns for call in bench.loop.armed] == [NS_PER_S]
    bench.loop.let_pass(NS_PER_S)
    assert bench.done == ["a"]


@pytest.mark.parametrize("early_ns", [1, 300_000])
def test_a_loop_that_wakes_too_early_is_asked_again(bench, early_ns):
    bench.at(NS_PER_S, "a")
    bench.loop.armed[0].due_ns = NS_PER_S - early_ns  # uvloop rounds to milliseconds
    bench.loop.let_pass(NS_PER_S - early_ns)
    assert bench.done == []
    bench.loop.let_pass(NS_PER_MS)
    assert bench.done == ["a"]


def test_what_was_called_off_while_frozen_does_not_pile_up(bench):
    bench.clock.freeze()
    bench.at(1, "kept")
    for number in range(10_000):
        bench.at(NS_PER_S + number, "gone")()
    assert bench.timers.waiting == 1
    assert len(bench.timers._heap) < 200
    bench.clock.advance(3 * NS_PER_S)
    bench.loop.settle()
    assert bench.done == ["kept"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("at"), st.integers(-5, 5_000)),
        st.tuples(st.just("call off"), st.integers(0, 30)),
        st.tuples(st.just("pass"), st.integers(0, 3_000)),
        st.tuples(st.just("advance"), st.integers(0, 3_000)),
        st.tuples(st.just("scale"), st.sampled_from([0.5, 1.0, 3.0, 60.0])),
        st.tuples(st.just("freeze"), st.none()),
        st.tuples(st.just("reset"), st.none()),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_every_act_runs_exactly_once_in_order_and_never_early_unless_it_was_called_off(steps):
    bench = Bench()
    given_acts: list[tuple[int, int]] = []  # due in ns, number
    off: list = []
    ran: list[tuple[int, int]] = []
    gone: set[int] = set()

    def add(due_ns: int, number: int) -> None:
        def act() -> None:
            assert bench.clock.now_ns() >= due_ns
            assert number not in gone
            ran.append((due_ns, number))

        given_acts.append((due_ns, number))
        off.append(bench.timers.at(due_ns, act))

    for name, value in steps:
        if name == "at":
            add(bench.clock.now_ns() + value * NS_PER_MS, len(given_acts))
        elif name == "call off":
            if value < len(off):
                off[value]()
                if (given_acts[value]) not in ran:
                    gone.add(value)
        elif name == "pass":
            bench.loop.clock.advance(value * NS_PER_MS)
        elif name == "advance":
            bench.clock.advance(value * NS_PER_MS)
        elif name == "scale":
            bench.clock.scale(value)
        else:
            getattr(bench.clock, name)()
        earlier = len(ran)
        bench.loop.settle()
        assert ran[earlier:] == sorted(ran[earlier:])
        late_ns = NS_PER_MS * bench.clock.factor  # the loop's own grain
        overdue = bench.clock.now_ns() - late_ns
        waiting = {act for act in given_acts if act[1] not in gone} - set(ran)
        assert not [act for act in waiting if act[0] <= overdue]
        assert bench.timers.waiting == len(waiting)
    bench.clock.reset()
    bench.clock.advance(10**15)
    bench.loop.settle()
    assert sorted(ran) == sorted(act for act in given_acts if act[1] not in gone)
    assert len(set(ran)) == len(ran)


def test_on_a_real_loop_an_act_runs_at_its_instant():
    async def story() -> int:
        loop = asyncio.get_running_loop()
        clock = SteeredClock(SystemClock())
        done: asyncio.Future[int] = loop.create_future()
        clock.scale(1_000)
        due_ns = clock.now_ns() + 20 * NS_PER_S
        Timers(clock, loop.call_later).at(due_ns, lambda: done.set_result(clock.now_ns() - due_ns))
        return await asyncio.wait_for(done, 10)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(story()) >= 0
