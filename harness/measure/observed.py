"""The figures that only a receiver has, beside those that a sender and a receiver both have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.measure.expected_values import ExpectedFigures
from harness.measure.histogram import Histogram
from harness.measure.summary import Figures


@dataclass(frozen=True, slots=True)
class Sizes:
    """A distribution of sizes in bytes, or of counts; None where there is none."""

    p50: float | None = None
    p99: float | None = None
    max: int | None = None
    mean: float | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Retries:
    """What came again."""

    requests: int = 0  # that say so, or that hold a message which was turned away before
    unmarked: int = 0  # of them those without X-Retry-Count
    marked_alone: int = 0  # that say so, though no message of them was turned away here
    tries_most: int = 0  # the largest X-Retry-Count
    messages: int = 0  # that came again after they were turned away
    again_though_accepted: int = 0  # messages that came again after a 2xx
    wait_ms: Figures = field(default_factory=Figures)  # from one try's arrival to the next one's


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How the command ended that was observed."""

    name: str  # its program alone: arguments may hold secrets
    exit_code: int | None  # None: it was ended
    output_bytes: int = 0
    shown_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Observed:
    """What a receiver saw."""

    calls_elsewhere: int = 0  # requests that none of the three APIs answers
    unreadable_requests: int = 0
    retries: Retries = field(default_factory=Retries)
    request_bytes: Sizes = field(default_factory=Sizes)
    message_bytes: Sizes = field(default_factory=Sizes)
    messages_per_request: Sizes = field(default_factory=Sizes)
    requests_too_large: int = 0  # above what Segment documents for a batch, or for one message
    messages_too_large: int = 0
    people: int = 0  # ids met; the latest of them where there were too many to keep
    people_forgotten: int = 0
    order_judged: int = 0  # messages with a timestamp
    tries_forgotten: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)  # arrivals by class and reason: "throttled: …"
    clock_steps: int = 0  # arrivals before the one that was noted before them
    unique: int = 0  # different messages that are here, whatever was answered
    duplicates: int = 0
    duplicates_explained: int = 0
    out_of_order: int = 0
    out_of_order_explained: int = 0
    stored_unconfirmed: int = 0  # here, though the sender was never told so
    discarded: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expected: ExpectedFigures | None = None
    command: CommandEnd | None = None


def sizes(histogram: Histogram) -> Sizes:
    """A histogram of sizes as figures."""
    if not histogram.count:
        return Sizes()
    p50, p99 = histogram.percentiles_ns((0.5, 0.99))
    mean = histogram.mean_ns
    return Sizes(p50, p99, histogram.max_ns, None if mean is None else round(mean, 1), histogram.count)
