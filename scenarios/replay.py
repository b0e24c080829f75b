"""Replay a recording with Locust's own command line: `locust -f scenarios/replay.py --headless`.

Copy this file and override the hooks to change what is sent or to look at what comes back. Without options it
replays the bundled recording at the recorded pace against the bundled mock; `locust -f scenarios/replay.py
--help` lists the options of `harness replay` beside Locust's own.
"""

from harness.engine import ReplayUser
from harness.under_locust import replay_under_locust

replay_under_locust()


class Customer(ReplayUser):
    """One keep-alive connection that sends what is due next."""
