"""What is looked at while a run goes on: what it should show, and figures to be fetched; once a second.

The figures are those of the seconds written down so far. They are turned into a document as `run.json` has
it, so that nothing is judged or served by another definition than the report's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from harness.measure.counters import HISTOGRAMS
from harness.measure.recent import LimitNow
from harness.measure.running import Running
from harness.plan import Plan
from harness.report.document import RUNNING, RunFacts, build_document
from harness.report.progress import View
from harness.report.prometheus import CONTENT_TYPE, SERVED, prometheus_text
from harness.throttle.abort import first_lost, say_lost
from harness.throttle.expected import Outcome, judge_expectations
from harness.units import NS_PER_S

Later = Callable[[Callable[[], None]], None]

ABORTED: Final = "--abort-on-fail"
_OF_METRIC: Final = {"response_time_ms": "response"} | {f"{name}_ms": name for name in HISTOGRAMS}


class Live:
    """The figures of one run so far, and what follows from them."""

    def __init__(self, plan: Plan, facts: RunFacts) -> None:
        self._plan = plan
        self._facts = facts
        self.running = Running(_asked_histograms(plan))
        self.aborted: str | None = None  # which expectation was false, and when
        self.outcomes: tuple[Outcome, ...] = ()  # where they are judged meanwhile
        self.page = b""  # what is served on the metrics port
        self.limits: Callable[[], Sequence[LimitNow]] = tuple  # as they stand
        self._seen = -1

    def look(self, elapsed_ns: int, stop: Callable[[str], None], later: Later) -> None:
        """Judge and draw what was written since the last look, `elapsed_ns` after the start.

        It is done in pieces of a third of a millisecond at most, handed to `later` in their order: whatever
        holds the loop for longer is lag for someone.
        """
        if self.running.records == self._seen:
            return
        self._seen = self.running.records
        for histogram in self.running.histograms:
            later(partial(self.running.take, histogram))
        later(partial(self._judge, elapsed_ns, stop))

    def _judge(self, elapsed_ns: int, stop: Callable[[str], None]) -> None:
        document = self.document()
        plan = self._plan
        if plan.abort_on_fail:
            self.outcomes = judge_expectations(plan.expect, document)
        if plan.abort_on_fail and self.aborted is None and elapsed_ns >= plan.abort_grace:
            lost = first_lost(plan.expect, document)
            if lost is not None:
                self.aborted = say_lost(lost, elapsed_ns // NS_PER_S)
                stop(ABORTED)
        if plan.metrics_port is not None:
            self.draw(document)

    def draw(self, document: Mapping[str, Any] | None = None) -> None:
        """Make the page that is served."""
        self.page = prometheus_text(document or self.document(), self.limits()).encode()

    def document(self) -> dict[str, Any]:
        """The run so far, as `run.json` has a run; without verdict, limits and timeline."""
        return build_document(self._facts, self.running.so_far())


def live_of(plan: Plan, run_id: str, target: str) -> Live | None:
    """Where the plan asks for anything to be looked at, who looks."""
    if not plan.abort_on_fail and plan.metrics_port is None:
        return None
    facts = RunFacts(run_id=run_id, state=RUNNING, plan={}, recording={"name": ""}, target=target)
    return Live(plan, facts)


@contextmanager
def shown(plan: Plan, live: Live | None, view: View) -> Iterator[None]:
    """Serve the figures for as long as this lasts, where a port is asked for. Raises UsageError."""
    if live is None or plan.metrics_port is None:
        yield
        return
    from harness.engine.metrics_port import serving

    host, port = plan.metrics_port
    live.draw()
    with serving(host, port, lambda: live.page, CONTENT_TYPE) as address:
        view.say(f"metrics at {address}")
        yield


def _asked_histograms(plan: Plan) -> set[str]:
    asked = set(SERVED) if plan.metrics_port is not None else set()
    for expectation in plan.expect if plan.abort_on_fail else ():
        if expectation.metric == "service_time_ms":
            asked |= {name for name in HISTOGRAMS if name.startswith("service_")}
        elif expectation.metric in _OF_METRIC:
            asked.add(_OF_METRIC[expectation.metric])
    return asked
