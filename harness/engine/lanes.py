"""Keep each person's items in order without storing persons.

An item waits until no unfinished earlier item shares one of its ids. Waiting for the last unfinished item of
each id is enough, since that one waits for those before it; so an item has at most as many blockers as ids,
the order carries over every link between ids, and memory is what is unfinished.
"""

from harness.engine.jobs import Job


class Lanes:
    """The last unfinished job of every id."""

    def __init__(self) -> None:
        self._last: dict[str, Job] = {}

    def enter(self, job: Job) -> None:
        """Put the job behind the unfinished earlier ones of its person."""
        for key in job.arrival.item.keys:
            earlier = self._last.get(key)
            if earlier is not None and earlier not in job.blockers:
                job.blockers += (earlier,)
                earlier.waiters += (job,)
            self._last[key] = job

    def leave(self, job: Job) -> tuple[Job, ...]:
        """The job is finished: forget it, and answer those that waited for it."""
        last = self._last
        for key in job.arrival.item.keys:
            if last.get(key) is job:
                del last[key]
        waiters, job.waiters = job.waiters, ()
        for waiter in waiters:
            waiter.blockers = tuple(earlier for earlier in waiter.blockers if earlier is not job)
        return waiters

    def __repr__(self) -> str:
        return f"<Lanes {len(self._last)} ids unfinished>"
