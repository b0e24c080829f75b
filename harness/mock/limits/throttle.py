"""Decide for each call whether all limits that apply to it let it through; charge all of them, or none."""

import re
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from harness.clock import Clock
from harness.mock.limits.gate import Gate
from harness.mock.limits.headers import Headers, Standing, header_of
from harness.mock.limits.rule import LimitRule

_PARAMETER: Final = re.compile(r"\{[^/}]*\}")


class Scopes(NamedTuple):
    """Whose limits a call counts against."""

    source: Hashable
    workspace: Hashable
    space: Hashable
    token: Hashable


class Admission(NamedTuple):
    """A call that was refused, has to wait its turn, or has something to say in its headers."""

    refused: bool
    wait_ns: int  # refused: until it would be taken; else how long it is to be held back, mostly 0
    headers: Headers  # of the 429, or to be added to the answer
    rule: LimitRule  # which refused it, holds it back, or says the headers
    consumed: int  # units under that rule; of a refused call, what it would have come to
    remaining: int

    @property
    def retry_after(self) -> str | None:
        """The header of that name, as it stands in the answer."""
        return header_of(self.headers, "Retry-After")


class Gates(NamedTuple):
    """Which gates the calls of one API have to pass."""

    everywhere: tuple[Gate, ...]  # on endpoints without a rule of their own
    by_endpoint: Mapping[str, tuple[Gate, ...]]  # those and the general ones, by canonical endpoint
    lone: Gate | None  # the only one of its API, on all endpoints, which adds nothing to an answer


class Limits:
    """All limits of a mock. It belongs to one thread.

    Should the clock step back, time stands still here for that moment and then goes on with it: no limit
    grants early, and none stays shut for the length of the step.
    """

    __slots__ = ("_by_api", "_clock", "_gates", "_latest_ns", "_offset_ns")

    def __init__(self, rules: Iterable[LimitRule], clock: Clock) -> None:
        self._clock: Final = clock  # for dates, and for the edges of fixed windows
        self._latest_ns = 0
        self._offset_ns = 0
        self.replace(rules)

    def admit(self, api: str, endpoint: str, scopes: Scopes, messages: int, now_ns: int) -> Admission | None:
        """None: let through, and nothing to add to the answer.

        `endpoint` is the pattern of the route, which may be the path without its query; `messages` is how
        many the call carries. A queueing rule is first come, first served: a call that two of them hold
        back takes the later turn in both.
        """
        of_api = self._by_api.get(api)
        if of_api is None:
            return None
        now_ns += self._offset_ns
        if now_ns < self._latest_ns:
            now_ns = self._step_back(now_ns)
        else:
            self._latest_ns = now_ns
        gates, by_endpoint, gate = of_api
        if gate is not None:  # the usual case, and the quick one
            cost = messages if gate.counts_messages else 1
            if 0 < cost <= gate.capacity and gate.take(scopes[gate.place], cost, now_ns):
                return None
        elif by_endpoint:
            gates = by_endpoint.get(canonical_endpoint(endpoint), gates)
        return self._weigh(gates, scopes, messages, now_ns)

    def rules(self) -> tuple[LimitRule, ...]:
        """The rules in force, in the order of `report` and `usage`."""
        return tuple(gate.rule for gate in self._gates)

    def report(self) -> list[dict[str, Any]]:
        """For each rule what it says and what it did, as JSON."""
        return [gate.row() for gate in self._gates]

    def usage(self, now_ns: int) -> list[int]:
        """For each rule the units that its fullest scope has used now."""
        now_ns = max(self._latest_ns, now_ns + self._offset_ns)
        return [gate.meter.fullest(now_ns) for gate in self._gates]

    def reset(self, scope_source: Hashable | None = None) -> None:
        """Forget all accounts and counts; or what one source has used of the limits per source.

        What sources share, and the counts of the report, then stay.
        """
        if scope_source is None:
            self.replace(self.rules())
            return
        for gate in self._gates:
            if gate.rule.scope == "source":
                gate.meter.forget(scope_source)

    def replace(self, rules: Iterable[LimitRule]) -> None:
        """Put these rules in force; nothing is kept of those before."""
        epoch_ns = self._clock.now_ns() + self._offset_ns - self._clock.wall_ns()
        self._gates = tuple(Gate(rule, epoch_ns) for rule in rules)
        self._by_api = {
            api: _gates_of([gate for gate in self._gates if gate.rule.api == api])
            for api in {gate.rule.api for gate in self._gates}
        }

    def _step_back(self, now_ns: int) -> int:
        self._offset_ns += self._latest_ns - now_ns
        return self._latest_ns

    def _weigh(self, gates: tuple[Gate, ...], scopes: Scopes, messages: int, now_ns: int) -> Admission | None:
        refuser: Gate | None = None
        holder: Gate | None = None
        refused_ns = delay_ns = 0
        for gate in gates:
            cost = messages if gate.counts_messages else 1
            wait_ns = gate.meter.wait_ns(scopes[gate.place], cost, now_ns) if cost else 0
            # Beyond its patience it is refused until the wait is short enough to be queued.
            if wait_ns - gate.patience_ns > refused_ns:
                refuser, refused_ns = gate, wait_ns - gate.patience_ns
            elif gate.patience_ns >= wait_ns > delay_ns:
                holder, delay_ns = gate, wait_ns
        if refuser is not None:
            return self._refuse(refuser, scopes, messages, refused_ns, now_ns)
        for gate in gates:
            cost = messages if gate.counts_messages else 1
            if cost:
                gate.oversized += cost > gate.capacity
                # A rule that refuses counts what arrives; one that queues counts what is served.
                gate.meter.charge(scopes[gate.place], cost, now_ns, delay_ns if gate.patience_ns else 0)
        if holder is not None:
            holder.held(delay_ns)
        return self._let_through(gates, holder, scopes, delay_ns, now_ns)

    def _refuse(self, gate: Gate, scopes: Scopes, messages: int, wait_ns: int, now_ns: int) -> Admission:
        gate.throttled += 1
        if gate.closing is not None:
            wait_ns = gate.closing.shut(scopes[gate.place], wait_ns, now_ns)
        cost = messages if gate.counts_messages else 1
        now = self._standing(gate, scopes, now_ns)
        standing = now._replace(refused=True, wait_ns=wait_ns, used=now.used + cost)
        tell = gate.says.on_refusal
        headers = tell(standing) if tell is not None else ()
        return Admission(True, wait_ns, headers, gate.rule, standing.used, standing.remaining)

    def _let_through(
        self, gates: tuple[Gate, ...], holder: Gate | None, scopes: Scopes, delay_ns: int, now_ns: int
    ) -> Admission | None:
        told: Admission | None = None
        for gate in gates:
            tell = gate.says.on_success
            if tell is None and gate is not holder:
                continue
            standing = self._standing(gate, scopes, now_ns)
            headers = tell(standing) if tell is not None else ()
            # An answer has room for the headers of one rule: the one that is nearest to its end.
            if told is None or (headers and (not told.headers or standing.remaining < told.remaining)):
                told = Admission(False, delay_ns, headers, gate.rule, standing.used, standing.remaining)
        return told

    def _standing(self, gate: Gate, scopes: Scopes, now_ns: int) -> Standing:
        rule, figures = gate.rule, gate.meter.figures(scopes[gate.place], now_ns)
        return Standing(
            name=rule.name,
            quota=rule.count,
            window_ns=rule.window_ns,
            unit=rule.unit,
            refused=False,
            wait_ns=0,
            used=figures.used,
            remaining=figures.remaining,
            more_ns=figures.more_ns,
            free_ns=figures.free_ns,
            wall_ns=self._clock.wall_ns(),
        )


@lru_cache(maxsize=1_024)
def canonical_endpoint(endpoint: str) -> str:
    """An endpoint as it is compared: `{any_name}` as `{}`, no slash at its end."""
    return _PARAMETER.sub("{}", endpoint).rstrip("/") or "/"


def _gates_of(gates: list[Gate]) -> Gates:
    endpoints = [gate.rule.endpoint and canonical_endpoint(gate.rule.endpoint) for gate in gates]
    lone = gates[0] if len(gates) == 1 and gates[0].is_quiet and endpoints == [None] else None
    return Gates(
        lone=lone,
        everywhere=tuple(gate for gate, at in zip(gates, endpoints, strict=True) if at is None),
        by_endpoint={
            endpoint: tuple(gate for gate, at in zip(gates, endpoints, strict=True) if at in {None, endpoint})
            for endpoint in endpoints
            if endpoint is not None
        },
    )
