"""Claims about what the generator notices of itself."""

import pytest

from harness.clock import ManualClock
from harness.engine.self_watch import SelfWatch
from harness.units import NS_PER_MS, NS_PER_S

TICK_NS = 250 * NS_PER_MS


class Machine(ManualClock):
    """A manual clock whose wall can be set, with processor time and time spun."""

    def __init__(self) -> None:
        super().__init__(now_ns=5 * NS_PER_S)
        self.cpu = 3 * NS_PER_S
        self.spun = NS_PER_S
        self.stall_ns = 0

    def wall_ns(self) -> int:
        self._now_ns += self.stall_ns
        return super().wall_ns()

    def set_wall(self, by_ns: int) -> None:
        self._wall_ns += by_ns

    def watch(self) -> SelfWatch:
        watch = SelfWatch(self, lambda: self.cpu, lambda: self.spun)
        watch.start()
        return watch


def ticks(
    machine: Machine, watch: SelfWatch, count: int, *, cpu_share: float = 0.0, spun: float = 0.0
) -> None:
    for _ in range(count):
        machine.advance(TICK_NS)
        machine.cpu += round(TICK_NS * cpu_share)
        machine.spun += round(TICK_NS * spun)
        watch.look()


@pytest.mark.parametrize("by_ns", [NS_PER_S, -NS_PER_S])
def test_a_step_of_the_wall_clock_is_seen_though_it_is_taken_back(by_ns):
    machine = Machine()
    watch = machine.watch()
    ticks(machine, watch, 2)
    assert watch.clock_step_ns == 0
    machine.set_wall(by_ns)
    ticks(machine, watch, 2)
    machine.set_wall(-by_ns // 2)
    ticks(machine, watch, 2)
    machine.set_wall(-by_ns // 2)
    ticks(machine, watch, 2)
    assert watch.clock_step_ns == by_ns


def test_a_clock_that_is_slewed_does_not_step():
    machine = Machine()
    watch = machine.watch()
    for _ in range(4 * 3_600):
        machine.set_wall(125_000)  # 500 ppm
        ticks(machine, watch, 1)
    assert watch.clock_step_ns == 125_000


def test_what_passes_between_two_readings_is_no_step():
    machine = Machine()
    watch = machine.watch()
    machine.stall_ns = 80 * NS_PER_MS
    ticks(machine, watch, 1)
    machine.stall_ns = 0
    machine.set_wall(80 * NS_PER_MS)  # the wall went on meanwhile
    ticks(machine, watch, 1)
    assert watch.clock_step_ns == 0


def test_waiting_awake_is_not_counted_as_work():
    machine = Machine()
    watch = machine.watch()
    ticks(machine, watch, 8, cpu_share=0.9, spun=0.5)
    assert watch.busy_ns == pytest.approx(0.8 * NS_PER_S)
    assert watch.busy_share == pytest.approx(0.4)


def test_the_busiest_second_is_remembered():
    machine = Machine()
    watch = machine.watch()
    ticks(machine, watch, 4, cpu_share=0.2)
    ticks(machine, watch, 4, cpu_share=0.95)
    ticks(machine, watch, 8, cpu_share=0.1)
    assert watch.busiest_second_share == pytest.approx(0.95)
    assert watch.busy_share == pytest.approx((0.2 + 0.95 + 0.1 * 2) / 4)


def test_of_less_than_a_second_nothing_is_said():
    machine = Machine()
    watch = machine.watch()
    ticks(machine, watch, 3, cpu_share=1.0)
    assert (watch.busy_share, watch.busiest_second_share) == (None, None)


def test_before_the_start_there_is_nothing_to_see():
    machine = Machine()
    watch = SelfWatch(machine, lambda: machine.cpu, lambda: machine.spun)
    machine.set_wall(NS_PER_S)
    watch.look()
    assert (watch.watched_ns, watch.busy_ns, watch.clock_step_ns) == (0, 0, 0)
