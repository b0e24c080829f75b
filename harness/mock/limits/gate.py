"""One rule in force: its account, and what it did."""

from typing import Any, Final

from harness.mock.limits.closing import Closing
from harness.mock.limits.fixed_window import FixedWindow
from harness.mock.limits.gcra import Gcra
from harness.mock.limits.headers import HEADER_SETS
from harness.mock.limits.meter import Meter
from harness.mock.limits.rule import FIXED_WINDOW, GCRA, SCOPES, LimitRule
from harness.mock.limits.sliding_log import SlidingLog
from harness.units import NS_PER_S


class Gate:
    """What calls of one rule's API and endpoint have to pass. The counts are of calls."""

    __slots__ = (
        "capacity",
        "closing",
        "counts_messages",
        "is_quiet",
        "meter",
        "oversized",
        "patience_ns",
        "place",
        "queued",
        "queued_longest_ns",
        "queued_ns",
        "rule",
        "says",
        "take",
        "throttled",
    )

    def __init__(self, rule: LimitRule, epoch_ns: int) -> None:
        self.rule: Final = rule
        meter = _meter(rule, epoch_ns)
        self.closing: Final = None if rule.retry_after_ns is None else Closing(meter, rule.retry_after_ns)
        self.meter: Final = meter if self.closing is None else self.closing
        self.capacity: Final = self.meter.capacity
        self.says: Final = HEADER_SETS[rule.headers]
        self.take: Final = self.meter.take
        self.is_quiet: Final = self.says.on_success is None
        self.place: Final = SCOPES.index(rule.scope)
        self.counts_messages: Final = rule.unit == "messages"
        self.patience_ns: Final = rule.patience_ns
        self.throttled = 0  # refused by this rule; of several that would, the one with the longest wait
        self.queued = 0  # held back by this rule
        self.queued_ns = 0
        self.queued_longest_ns = 0
        self.oversized = 0  # let through alone, because alone they cost more than fits at once

    def held(self, delay_ns: int) -> None:
        """Count a call that this rule holds back."""
        self.queued += 1
        self.queued_ns += delay_ns
        self.queued_longest_ns = max(self.queued_longest_ns, delay_ns)

    def row(self) -> dict[str, Any]:
        """What the rule says and did, as JSON."""
        rule = self.rule
        return {
            "api": rule.api,
            "name": rule.name,
            "endpoint": rule.endpoint,
            "count": rule.count,
            "window_s": rule.window_s,
            "unit": rule.unit,
            "scope": rule.scope,
            "algorithm": rule.algorithm,
            "burst": rule.burst,
            "retry_after_s": rule.retry_after_s,
            "action": rule.action,
            "queue_longest_s": rule.queue_longest_s if self.patience_ns else None,
            "headers": rule.headers,
            "origin": rule.origin,
            "throttled": self.throttled,
            "peak_in_window": self.meter.peak,  # of gcra the fullest that a bucket was
            "queued": self.queued,
            "queued_s": self.queued_ns / NS_PER_S,
            "queued_longest_s": self.queued_longest_ns / NS_PER_S,
            "oversized": self.oversized,
            "scopes": self.meter.scopes,
            "crowded": self.meter.crowded,
        }


def _meter(rule: LimitRule, epoch_ns: int) -> Meter:
    if rule.algorithm == FIXED_WINDOW:
        return FixedWindow(rule.count, rule.window_ns, epoch_ns)
    if rule.algorithm == GCRA:
        return Gcra(rule.count, rule.window_ns, rule.burst or 1)
    return SlidingLog(rule.count, rule.window_ns)
