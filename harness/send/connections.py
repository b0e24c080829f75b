"""The connections of one user: one for each API it calls, and one request in flight over all of them.

Segment's three APIs are three hosts. The first connection is opened with the user, the others when they are
first asked for, so a recording of messages alone opens no more than one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from harness.model import Answer, Failure, Request, Sender
from harness.send.unknown_profile import is_unknown_profile


class Connections:
    """Satisfies `model.Sender`.

    It looks at the answers of reads, so that an unknown profile is told from a refusal.
    """

    __slots__ = ("_closed", "_first", "_made", "_open")

    def __init__(self, made: Mapping[str, Callable[[], Sender]]) -> None:
        """`made` makes the connection for each API that has a target; the first one is the user's own."""
        self._made = made
        self._first = next(iter(made))
        self._open = {self._first: made[self._first]()}
        self._closed = False

    def connect(self, done: Callable[[Failure | None], None]) -> None:
        """Open the first connection; `done` hears None, or why not."""
        self._open[self._first].connect(done)

    def send(self, request: Request, done: Callable[[Answer], None]) -> None:
        """Send over the connection of the request's API; `done` hears exactly one answer."""
        sender = self._open.get(request.api)
        if sender is None:
            sender = self._open[request.api] = self._made[request.api]()
            if self._closed:
                sender.close()  # it then answers as a closed one does
        sender.send(request, done if request.api == "tracking" else partial(_heard, request, done))

    def close(self) -> None:
        """Close all; a request in flight is answered with `Failure.STOPPED`."""
        self._closed = True
        for sender in self._open.values():
            sender.close()

    def __repr__(self) -> str:
        return f"<Connections {self._open!r}>"


def _heard(request: Request, done: Callable[[Answer], None], answer: Answer) -> None:
    if is_unknown_profile(request, answer):
        answer = replace(answer, unknown_profile=True)
    done(answer)
