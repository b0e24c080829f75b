"""Take the telemetry that Segment's library for browsers sends about itself, and count it by metric."""

from typing import Any, Final

import orjson

from harness.mock.exchange import Reply, json_reply, refusal

MOST_METRICS: Final = 1_000
MOST_POINTS: Final = 1_000  # in one call; the library sends at most 20 (1.84, read 2026-08)
LONGEST_NAME: Final = 200  # characters


class MalformedError(ValueError):
    """The body is no telemetry; the text says what it must be."""


class Telemetry:
    """How often each metric was reported."""

    __slots__ = ("_counts", "malformed", "points", "unlisted")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.points = 0
        self.unlisted = 0  # points of metrics beyond the first thousand
        self.malformed = 0  # calls

    def count(self, metrics: list[str]) -> None:
        """One point of each of these."""
        self.points += len(metrics)
        for metric in metrics:
            if metric in self._counts or len(self._counts) < MOST_METRICS:
                self._counts[metric] = self._counts.get(metric, 0) + 1
            else:
                self.unlisted += 1

    def reset(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self.points = self.unlisted = self.malformed = 0

    def report(self) -> dict[str, Any]:
        """`points` by metric, with those in no row and the calls that were malformed."""
        return {
            "points": self.points,
            "metrics": dict(sorted(self._counts.items())),
            "unlisted": self.unlisted,
            "malformed": self.malformed,
        }


def take_telemetry(telemetry: Telemetry, body: bytes | None) -> Reply:
    """200 and counted, or 400 and counted as malformed."""
    try:
        metrics = metrics_of(body)
    except MalformedError as error:
        telemetry.malformed += 1
        return refusal(400, "invalid_request", str(error))
    telemetry.count(metrics)
    return json_reply(200, {"success": True})


def metrics_of(body: bytes | None) -> list[str]:
    """The metric of each point of `{"series":[{"type","metric","value","tags"}]}`. Raises MalformedError."""
    if body is None:
        raise MalformedError("Exceed payload limit")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedError("malformed JSON") from error
    series = document.get("series") if isinstance(document, dict) else None
    if not isinstance(series, list) or len(series) > MOST_POINTS:
        raise MalformedError(f"series must be a list of at most {MOST_POINTS} points")
    return [_metric(point) for point in series]


def _metric(point: Any) -> str:
    if not isinstance(point, dict):
        raise MalformedError("a point must be an object")
    metric, value, tags = point.get("metric"), point.get("value", 1), point.get("tags", {})
    if not isinstance(metric, str) or not 0 < len(metric) <= LONGEST_NAME:
        raise MalformedError(f"metric must be a text of 1 to {LONGEST_NAME} characters")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedError("value must be a number")
    if not isinstance(tags, dict):
        raise MalformedError("tags must be an object")
    return metric
