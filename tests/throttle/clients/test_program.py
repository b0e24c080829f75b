"""A foreign program is ended with all that it started, its output bounded, and never waited for in vain."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from harness.clock import SystemClock
from harness.throttle.clients.program import TAIL_BYTES, NotStartedError, Program, Tail

MARK = "a-mark-that-nobody-else-has-5d1c"

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(100)"
)


def start(code: str) -> Program:
    command = [sys.executable, "-c", code]
    return Program(command, {**os.environ, "MARK": MARK}, MARK, SystemClock())


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return stat.stdout.strip()[:1] not in {"", "Z"}


def first_line(program: Program) -> str:
    for _ in range(200):
        if "\n" in program.said[0]:
            return program.said[0].splitlines()[0]
        threading.Event().wait(0.02)
    pytest.fail("it said nothing")


def test_it_ends_by_itself_and_its_words_are_there():
    program = start("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert program.wait(10) == 3
    program.end()
    assert program.said == ("out\n", "err\n")


def test_a_child_that_fled_the_session_and_ignores_the_signal_is_ended_too():
    child = STUBBORN
    program = start(
        f"import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True,"
        f" stdout=subprocess.PIPE)\n"
        f"p.stdout.readline(); print(p.pid, flush=True); time.sleep(100)"
    )
    pid = int(first_line(program))
    assert is_there(pid)
    program.end()
    assert program.wait(0) is not None
    assert not is_there(pid)


def test_a_child_that_outlives_its_parent_holds_nobody_up():
    program = start(
        "import subprocess, sys\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)']).pid)"
    )
    pid = int(first_line(program))
    assert program.wait(10) == 0
    program.end()
    assert not is_there(pid)


def test_one_that_ignores_the_signal_is_killed():
    program = start(STUBBORN)
    first_line(program)
    program.end()
    assert program.wait(0) == -signal.SIGKILL


def test_of_endless_output_the_last_is_kept():
    program = start("import sys; [print('x' * 100) for _ in range(5000)]; print('the end')")
    assert program.wait(20) == 0
    program.end()
    assert program.said[0].endswith("the end\n")
    assert len(program.said[0]) <= TAIL_BYTES


def test_a_tail_never_holds_more_than_it_says():
    tail = Tail()
    for size in (1, TAIL_BYTES, 7, 3 * TAIL_BYTES, 5):
        tail.add(b"y" * size)
    assert len(tail.text) == TAIL_BYTES
    assert tail.cut


def test_what_cannot_be_started_says_why():
    with pytest.raises(NotStartedError, match="no-such-program cannot be started: No such file"):
        Program(["no-such-program"], {}, MARK, SystemClock())


def test_its_memory_and_that_of_its_children_is_seen():
    program = start("x = bytearray(40_000_000); print(flush=True); import time; time.sleep(100)")
    first_line(program)
    size = program.memory_bytes()
    program.end()
    assert size is None or size > 40_000_000
