"""On gevent's real loop; nothing here depends on how long anything takes."""

import gevent
import pytest
from gevent.event import Event

from harness.clock import SystemClock
from harness.engine import pulse as module
from harness.engine.alarm import TimerAlarm, TimerfdAlarm, best_alarm
from harness.engine.paperwork import CALM_NS, Paperwork
from harness.engine.pulse import Pulse, may_spin
from harness.units import NS_PER_MS, NS_PER_S

CLOCK = SystemClock()


def alarms():
    return [
        TimerfdAlarm,
        lambda loop, wake: TimerAlarm(loop, wake, CLOCK),
        lambda loop, wake: best_alarm(loop, wake, CLOCK),
    ]


@pytest.mark.parametrize("make", alarms(), ids=["timerfd", "timer", "best"])
def test_an_alarm_rings_at_its_instant_and_not_before(make):
    loop = gevent.get_hub().loop
    rang = Event()
    alarm = make(loop, rang.set)
    at_ns = CLOCK.now_ns() + 20 * NS_PER_MS
    alarm.set(at_ns)
    try:
        assert rang.wait(5)
        # A loop timer counts in its own milliseconds, and may be early by one.
        assert CLOCK.now_ns() >= at_ns - 2 * NS_PER_MS
    finally:
        alarm.close()


@pytest.mark.parametrize("make", alarms(), ids=["timerfd", "timer", "best"])
def test_an_instant_in_the_past_rings_at_once_and_a_new_one_replaces_the_old(make):
    loop = gevent.get_hub().loop
    rings = []
    rang = Event()

    def ring():
        rings.append(CLOCK.now_ns())
        rang.set()

    alarm = make(loop, ring)
    try:
        alarm.set(CLOCK.now_ns() + 3_600 * NS_PER_S)
        alarm.set(CLOCK.now_ns() - NS_PER_S)
        assert rang.wait(5)
        assert len(rings) == 1
    finally:
        alarm.close()


class Beats:
    def __init__(self, plan):
        self.plan = plan
        self.calls = []
        self.dirty = False
        self.done = Event()

    def __call__(self, now_ns):
        self.dirty = False
        self.calls.append(now_ns)
        if not self.plan:
            self.done.set()
            return None
        return self.plan.pop(0)()


def pulse_for(beats, failed=lambda error: None, paperwork=None, *, spins=False):
    work = Paperwork(CLOCK) if paperwork is None else paperwork
    return Pulse(beats, lambda: beats.dirty, work, CLOCK, failed, spins=spins)


@pytest.mark.parametrize("spins", [False, True])
def test_it_beats_when_something_changed_and_again_when_it_is_due(spins, monkeypatch):
    monkeypatch.setattr(module, "_SPIN_NS", NS_PER_S)  # however late a busy machine wakes us
    beats = Beats([lambda: CLOCK.now_ns() + 5 * NS_PER_MS, lambda: CLOCK.now_ns() + 5 * NS_PER_MS])
    pulse = pulse_for(beats, spins=spins)
    try:
        gevent.sleep(0.01)
        assert beats.calls == []
        beats.dirty = True
        assert beats.done.wait(5)
        assert len(beats.calls) == 3
        assert beats.calls[2] - beats.calls[1] >= 5 * NS_PER_MS
        assert (pulse.spun_ns > 0) is spins
    finally:
        pulse.close()


def test_what_a_beat_raises_is_told_to_the_run():
    def broken():
        raise RuntimeError("broken")

    told = []
    beats = Beats([broken])
    beats.dirty = True
    pulse = pulse_for(beats, failed=told.append)
    try:
        for _ in range(100):
            gevent.sleep(0.001)
            if told:
                break
        assert [str(error) for error in told] == ["broken"]
    finally:
        pulse.close()


def test_paperwork_waits_until_nothing_is_due():
    done = Event()
    work = Paperwork(CLOCK)
    beats = Beats([lambda: CLOCK.now_ns() + CALM_NS // 2])
    beats.dirty = True
    pulse = pulse_for(beats, paperwork=work)

    def piece():
        # Done only after the second beat, when nothing is due any more.
        assert len(beats.calls) == 2
        done.set()

    work.put(piece)
    try:
        assert done.wait(5)
    finally:
        pulse.close()


def test_a_greenlet_goes_on_in_the_next_pass_while_the_loop_is_kept_awake():
    pulse = pulse_for(Beats([]))
    try:
        pulse.keep_awake(True)
        for _ in range(50):
            pulse.next_pass()
        pulse.keep_awake(False)
    finally:
        pulse.close()


def test_a_pulse_that_spins_sleeps_until_shortly_before_and_when_nothing_is_due():
    beats = Beats([lambda: CLOCK.now_ns() + 50 * NS_PER_MS, lambda: None])
    beats.dirty = True
    pulse = pulse_for(beats, spins=True)
    turns = []
    watcher = gevent.get_hub().loop.check()
    watcher.start(lambda: turns.append(len(beats.calls)))
    try:
        gevent.sleep(0.1)
        assert len(beats.calls) == 2
        before, after = turns.count(1), turns.count(2)
        assert pulse.spun_ns < 5 * NS_PER_MS
        assert after < 100
        assert before > 0
    finally:
        watcher.stop()
        watcher.close()
        pulse.close()


@pytest.mark.parametrize(
    ("pace", "is_local", "cores", "spins"),
    [
        ("spin", True, 1, True),
        ("sleep", False, 64, False),
        ("auto", True, 2, False),
        ("auto", True, 3, True),
        ("auto", False, 1, False),
        ("auto", False, 2, True),
    ],
)
def test_the_engine_waits_awake_as_asked_or_where_a_core_is_free(pace, is_local, cores, spins):
    assert may_spin(pace, is_local=is_local, cores=cores) is spins


def test_what_a_greenlet_changes_after_a_turn_is_seen_before_the_loop_sleeps():
    beats = Beats([lambda: None])
    pulse = pulse_for(beats)

    def change():
        beats.dirty = True
        pulse.wake()

    try:
        gevent.get_hub().loop.run_callback(change)
        gevent.sleep(0.05)
        assert len(beats.calls) == 1, "not only once something else ended the sleep"
    finally:
        pulse.close()
