"""The Locust user that replays: one keep-alive connection, one request in flight.

It has two hooks, `build` and `on_answer`. As long as neither is overridden, the event loop's watchers do both
without waking the user's greenlet; once one is, the greenlet does. Lanes, ceiling, retries and accounting are
the same code either way.
"""

from functools import partial
from typing import Any, Final

from gevent.event import Event
from gevent.queue import Empty, Queue
from locust import User, task
from locust.exception import StopUser

from harness.engine.jobs import Load
from harness.engine.run import Replay
from harness.model import Answer, Arrival, Request, Sender
from harness.segment.call_names import call_name
from harness.units import NS_PER_MS

_LOOK_UP_S: Final = 0.1  # how often a user with hooks sees whether the run is over


class Throttled(Exception):  # noqa: N818 - the name is what Locust's failure table shows
    """Answered 429."""


class Unanswered(Exception):  # noqa: N818 - as above
    """Ended without an HTTP answer."""


class Refused(Exception):  # noqa: N818 - as above
    """Answered with a status that is neither 2xx nor 429."""


class ReplayUser(User):
    """Subclass it in a locustfile to change what is sent, or to look at what comes back."""

    abstract = True
    environment: Any
    sender: Sender

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.attempt = 1
        self._inbox: Any = None
        replay: Replay | None = environment.replay
        if replay is None:
            return
        self._replay = replay
        self.sender = replay.connection()
        replay.enrol(self)
        hooks = (type(self).build, type(self).on_answer)
        if hooks != (ReplayUser.build, ReplayUser.on_answer):
            self._inbox = Queue()

    def build(self, items: tuple[Arrival, ...]) -> Request:
        """The request that carries these items. `self.attempt` is 1 for a first send.

        Override it to change a request: `dataclasses.replace(super().build(items), path="/v2/track")`.
        """
        return self._replay.encode(items, self.attempt)

    def on_answer(self, request: Request, answer: Answer) -> None:
        """Hears every attempt's answer, once it is accounted for. Override it to look at answers."""

    @task
    def replay(self) -> None:
        """All a replaying user does; it ends with the run."""
        if self.environment.replay is None:
            raise StopUser
        self._replay.serve(self)
        raise StopUser

    def carry(self, load: Load) -> None:
        """Take a load from the dispatcher."""
        if self._inbox is None:
            self._send(load)
        else:
            self._inbox.put(load)

    def work(self, over: Event) -> None:
        """Stay until the run is over; with hooks, build what is to be sent and look at what came back."""
        if self._inbox is None:
            over.wait()
            return
        while not (over.is_set() and self._inbox.empty()):
            try:
                work = self._inbox.get(timeout=_LOOK_UP_S)
            except Empty:
                continue
            try:
                if isinstance(work, Load):
                    self._send_unless_stopped(work)
                else:
                    self.on_answer(*work)
            except Exception as error:  # a hook raised: the run ends with it
                self._replay.fail(error)
                raise StopUser from error

    def _send_unless_stopped(self, load: Load) -> None:
        dispatcher = self._replay.dispatcher
        if dispatcher.stopped:
            dispatcher.give_back(self, load, self._replay.clock.now_ns())
        else:
            self._send(load)

    def _send(self, load: Load) -> None:
        try:
            request = self._depart(load)
        except BaseException:
            self._replay.dispatcher.give_back(self, load, self._replay.clock.now_ns())
            raise
        self.sender.send(request, partial(self._answered, load, request))

    def _depart(self, load: Load) -> Request:
        self.attempt = load.attempts.sends + 1
        request = self.build(load.arrivals)
        self._replay.dispatcher.departing(load, request, self._replay.clock.now_ns())
        return request

    def _answered(self, load: Load, request: Request, answer: Answer) -> None:
        try:
            self._replay.dispatcher.answered(self, load, request, answer)
        except BaseException as error:  # noqa: BLE001 - a watcher has no caller; the run is told and raises it
            self._replay.fail(error)
            return
        self._replay.paperwork.put(partial(self._tell_locust, request, answer))
        if self._inbox is not None:
            self._inbox.put((request, answer))

    def _tell_locust(self, request: Request, answer: Answer) -> None:
        response_ms = (answer.done_ns - answer.sent_ns) / NS_PER_MS
        failure, name = _failure(answer), call_name(request.api, request.path)
        if failure is None and self._replay.only_locust_listens:
            # What its own listener does with a success, at a third of the price of the event.
            self.environment.stats.log_request(request.method, name, response_ms, len(answer.body))
            return
        self.environment.events.request.fire(
            request_type=request.method,
            name=name,
            response_time=response_ms,
            response_length=len(answer.body),
            exception=failure,
            context=self.context(),
        )


class Replayer(ReplayUser):
    """The user of `harness replay`: no hooks."""


def _failure(answer: Answer) -> Exception | None:
    if answer.status is None:
        return Unanswered(answer.failure.value if answer.failure is not None else "no answer")
    if answer.status == 429:
        return Throttled("throttled")
    if not (200 <= answer.status < 300 or answer.unknown_profile):
        return Refused(f"HTTP {answer.status}")
    return None
