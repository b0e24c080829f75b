"""Send what Locust measures of a replay out by OpenTelemetry, as `locust --otel` does."""

from locust import events
from locust.event import Events
from locust.opentelemetry import setup_opentelemetry

from harness.errors import UsageError

_NAME = "harness replay"  # where Locust's own has the name of its locustfile


def observed_events() -> Events:
    """Locust's own events, with OpenTelemetry listening. Raises UsageError where its packages are missing."""
    if not setup_opentelemetry(_NAME, None):
        raise UsageError(
            "--otel: OpenTelemetry is not installed, or all its exporters are `none`; install locust[otel], "
            "and see OTEL_METRICS_EXPORTER"
        )
    return events
