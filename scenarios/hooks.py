"""Change what is sent and look at what comes back: the two hooks of a `ReplayUser`.

`locust -f scenarios/hooks.py --headless` replays the bundled recording; each request carries a header of its
own, and the slowest answer is printed at the end. Lanes, ceiling, retries and the account of every item are
the same as without hooks.
"""

from dataclasses import replace
from typing import Any

from harness import Answer, Arrival, ReplayUser, Request, replay_under_locust

replay_under_locust()


class Customer(ReplayUser):
    """A user that marks its requests and remembers its slowest answer."""

    slowest_ms = 0.0

    def build(self, items: tuple[Arrival, ...]) -> Request:
        """The request that carries these items, with one more header."""
        request = super().build(items)
        return replace(request, headers=(*request.headers, ("X-Load-Test", "replay")))

    def on_answer(self, request: Request, answer: Answer) -> None:  # noqa: ARG002 - the hook's signature
        """Every attempt's answer, once it is accounted for."""
        took_ms = (answer.done_ns - answer.sent_ns) / 1e6
        type(self).slowest_ms = max(type(self).slowest_ms, took_ms)

    def on_stop(self) -> Any:
        """Locust calls this when the user stops."""
        if type(self).slowest_ms:
            print(f"slowest answer: {type(self).slowest_ms:.1f} ms")  # noqa: T201 - what this example is for
            type(self).slowest_ms = 0.0
