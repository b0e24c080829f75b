"""What a driven run leaves behind in its process."""

import subprocess
import sys

PROGRAM = """
import os, signal
from harness.engine.drive import _signals
heard = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _frame: heard.append(number))
with _signals(None):
    pass
for number in (signal.SIGINT, signal.SIGTERM):
    os.kill(os.getpid(), number)
print(*map(int, heard))
"""


def test_after_a_run_signals_are_heard_by_whoever_heard_them_before():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["2", "15"], (done.returncode, done.stderr)
