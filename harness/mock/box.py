"""What one mock holds: its clock, chance, ledger, limiter and recent messages."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.clock import Clock
from harness.mock.ledger import Ledger
from harness.mock.limiter import Limiter
from harness.mock.recent import Recent


@dataclass(frozen=True, slots=True)
class Box:
    """One mock. All of it belongs to one thread, so an answer covers everything received before its call."""

    clock: Clock
    entropy: Callable[[int], bytes]  # so many random bytes
    ledger: Ledger
    limiter: Limiter | None  # of the Tracking API; None: it never throttles
    recent: Recent
