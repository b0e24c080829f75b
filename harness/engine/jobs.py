"""The engine's working state: a job is an unfinished item, a load the request that carries some of them."""

from functools import partial
from typing import Final, Protocol

from harness.model import Arrival, Attempts, Waits

_waits: Final = partial(tuple.__new__, Waits)  # the constructor itself takes twice as long


class Job:
    """One item from its release to its settlement."""

    __slots__ = (
        "arrival",
        "batch_ns",
        "blockers",
        "due_ns",
        "load",
        "ready_ns",
        "released_ns",
        "sent_ns",
        "waiters",
        "waits",
    )

    def __init__(self, arrival: Arrival, released_ns: int, due_ns: int | None = None) -> None:
        self.arrival = arrival
        # After the start; where nothing is due, when it was released.
        self.due_ns = arrival.due_ns if due_ns is None else due_ns
        self.released_ns = released_ns
        self.ready_ns = released_ns  # its lane let it go
        self.batch_ns = 0
        self.blockers: tuple[Job, ...] = ()  # unfinished earlier items of its person
        self.waiters: tuple[Job, ...] = ()  # later items that name this one a blocker
        self.load: Load | None = None
        self.sent_ns: int | None = None  # first send
        self.waits: Waits | None = None

    def is_placed(self) -> bool:
        """True once it has joined a load."""
        return self.load is not None

    def __repr__(self) -> str:
        return f"<Job {self.arrival.item.index}, {len(self.blockers)} before it>"


class Load:
    """One request in the making, on the wire, or waiting to be tried again."""

    __slots__ = (
        "api",
        "attempts",
        "bytes",
        "closed",
        "jobs",
        "leaving",
        "limit_ns",
        "oldest_due_ns",
        "scope",
        "source",
        "status",
        "user_ns",
    )

    def __init__(self, api: str, source: str) -> None:
        self.api = api
        self.source = source
        self.jobs: list[Job] = []
        self.bytes = 0
        self.oldest_due_ns = 0
        self.closed = False
        self.scope: tuple[str, ...] | None = None  # once the ceiling was asked
        self.leaving = False  # handed to a user, not answered yet
        self.attempts = Attempts()
        self.limit_ns = 0  # how long it waited in its queue for the ceiling
        self.user_ns = 0  # and for a free user
        self.status: int | None = None

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        return tuple([job.arrival for job in self.jobs])

    def add(self, job: Job, body_bytes: int) -> None:
        if not self.jobs or job.due_ns < self.oldest_due_ns:
            self.oldest_due_ns = job.due_ns
        self.jobs.append(job)
        self.bytes += body_bytes
        job.load = self

    def __repr__(self) -> str:
        return f"<Load {self.api}/{self.source}, {len(self.jobs)} items, {self.attempts.sends} sends>"


def waits_of(job: Job, load: Load, offset_ns: int) -> Waits:
    """What a job waited for that leaves in this load, so long after the start of the run."""
    lane_ns = job.ready_ns - job.released_ns
    lag_ns = offset_ns - job.arrival.due_ns - lane_ns - job.batch_ns - load.limit_ns - load.user_ns
    return _waits((lane_ns, load.limit_ns, job.batch_ns, load.user_ns, lag_ns))


class Carrier(Protocol):
    """A user with a connection: takes one load at a time, says `departing` and then `answered`."""

    def carry(self, load: Load) -> None: ...
