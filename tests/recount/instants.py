"""Read the instants that `run.json` writes."""

from datetime import datetime


def started_us(started_at: str | None) -> int | None:
    """Microseconds since 1970, exactly."""
    if started_at is None:
        return None
    moment = datetime.fromisoformat(started_at)
    return round(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
