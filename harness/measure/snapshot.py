"""Say where a run stands while it goes on."""

from typing import NamedTuple


class Snapshot(NamedTuple):
    """Where a run stands, for a progress display."""

    offered: int  # items whose due time has come
    sent: int  # requests
    accepted: int  # items
    throttled: int  # requests answered 429
    settled: int  # items
    in_flight: int  # requests
    lag_p99_ms: float | None  # schedule lag in the last whole second that sent anything
    sent_per_s: float  # requests, in the last whole second
