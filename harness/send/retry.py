"""Decide what an attempt means: done, refused, try again after a wait, or give up."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from harness.model import Answer, Attempts, Decision, Failure, Outcome
from harness.send.classify import THROTTLED, classify
from harness.send.retry_after import asked_wait_ns
from harness.units import NS_PER_MS, NS_PER_S

_ACCEPTED: Final = Decision(Outcome.ACCEPTED)
_REJECTED: Final = Decision(Outcome.REJECTED)
_STOPPED: Final = Decision(Outcome.RETRY)  # no final answer and nobody gave up: the item stays pending


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for how long one request is tried."""

    mode: Literal["obey", "none"] = "obey"  # none: whatever would be tried again is abandoned at once
    attempts: int = 10  # counted ones, the first included
    asked_waits: int = 20  # waits that Retry-After asked for and that do not count; later ones do
    asked_cap_ns: int = 300 * NS_PER_S
    base_ns: int = 500 * NS_PER_MS  # the back-off is base x 2^n, n counted attempts ago ...
    cap_ns: int = 60 * NS_PER_S  # ... and no longer than this
    total_ns: int = 300 * NS_PER_S  # from the first send to the start of the last


class Retrier:
    """The retry table with its policy and its chance; satisfies `model.Decide`.

    `attempts` is the request's account before this answer: the caller then adds one to `counted` when the
    decision says so, and for any other RETRY one to `asked_waits`.
    A 429 pauses the scope for `wait_ns` even when its own items are given up.
    """

    __slots__ = ("_policy", "_random", "_wall_ns")

    def __init__(self, policy: RetryPolicy, random: random.Random, wall_ns: Callable[[], int]) -> None:
        """`wall_ns` answers ns since 1970, for a Retry-After that is a date."""
        self._policy = policy
        self._random = random
        self._wall_ns = wall_ns

    def __call__(self, answer: Answer, attempts: Attempts, now_ns: int) -> Decision:
        if answer.unknown_profile:
            return _ACCEPTED  # an answer: there is no such profile
        if answer.status is not None:
            outcome = classify(answer.status)
            if outcome is Outcome.ACCEPTED:
                return _ACCEPTED
            if outcome is Outcome.REJECTED:
                return _REJECTED
        elif answer.failure is Failure.STOPPED:
            return _STOPPED
        return self._again(answer, attempts, now_ns)

    def _again(self, answer: Answer, attempts: Attempts, now_ns: int) -> Decision:
        policy = self._policy
        asked_ns = asked_wait_ns(answer.retry_after, self._wall_ns())
        counted = asked_ns is None or attempts.asked_waits >= policy.asked_waits
        wait_ns = (
            self._back_off_ns(attempts.counted) if asked_ns is None else min(asked_ns, policy.asked_cap_ns)
        )
        given_up = (
            policy.mode == "none"
            or (counted and attempts.counted + 1 >= policy.attempts)
            or now_ns + wait_ns - attempts.first_sent_ns > policy.total_ns
        )
        return Decision(
            Outcome.ABANDONED if given_up else Outcome.RETRY,
            wait_ns=wait_ns,
            counted=counted,
            pauses_scope=answer.status == THROTTLED,
            asked_wait_ns=asked_ns,
        )

    def _back_off_ns(self, counted: int) -> int:
        # Full jitter: any wait up to the bound, so that clients refused together do not come back together.
        policy = self._policy
        bound_ns = min(policy.cap_ns, policy.base_ns << min(counted, 40))
        return self._random.randint(0, bound_ns)
