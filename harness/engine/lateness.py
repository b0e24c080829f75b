"""Decide which items of a load are too late to leave, by what is our own doing alone."""

from harness.engine.jobs import Job, Load


def take_late(load: Load, offset_ns: int, late_after_ns: int | None) -> list[Job]:
    """Take out of the load, which is about to leave, the jobs later than `late_after_ns`, and answer them.

    Late counts schedule lag and the wait for a user. What a lane, a batch or the ceiling held is not late,
    and what was sent before is not dropped. In a batch each item is judged alone, since each was due alone;
    the others leave without it. None takes out nothing.
    """
    if late_after_ns is None or load.attempts.sends:
        return []
    late: list[Job] = []
    timely: list[Job] = []
    for job in load.jobs:
        (late if _late_ns(job, load, offset_ns) > late_after_ns else timely).append(job)
    load.jobs = timely
    return late


def _late_ns(job: Job, load: Load, offset_ns: int) -> int:
    held_ns = job.ready_ns - job.released_ns + job.batch_ns + load.limit_ns
    return offset_ns - job.due_ns - held_ns
