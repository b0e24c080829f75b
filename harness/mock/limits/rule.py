"""A limit as a user writes it: how much of what, for whom, in which time, and what happens beyond."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

import msgspec

from harness.errors import UsageError
from harness.mock.limits.headers import HEADER_SETS
from harness.model import Limit
from harness.units import NS_PER_S

APIS: Final = ("tracking", "profile", "config")
SCOPES: Final = ("source", "workspace", "space", "token")  # in the order of `throttle.Scopes`
UNITS: Final = ("requests", "messages")
ACTIONS: Final = ("refuse", "queue")

SLIDING_LOG: Final = "sliding-log"
FIXED_WINDOW: Final = "fixed-window"
GCRA: Final = "gcra"
ALGORITHMS: Final = (SLIDING_LOG, FIXED_WINDOW, GCRA)

_USUAL_SCOPE: Final = {"tracking": "source", "profile": "space", "config": "token"}
_USUAL_HEADERS: Final = {"tracking": "segment", "profile": "none", "config": "public-api"}
_UNIT_SPELLINGS: Final = {"events": "messages"}  # Segment's docs count events

LOG_LARGEST_COUNT: Final = 1_000_000  # a sliding log keeps an instant for each: up to 40 MB a scope
_LARGEST_COUNT: Final = 1_000_000_000
_LONGEST_WINDOW_S: Final = 366 * 86_400.0
_LONGEST_QUEUE_S: Final = 3_600.0
_LONGEST_SHUT_S: Final = 86_400.0
_LONGEST_NAME: Final = 200
_PERIODS: Final = {1.0: "s", 60.0: "min", 3_600.0: "h", 86_400.0: "day"}


class RuleError(UsageError, ValueError):
    """A rule makes no sense. It is a ValueError too, so that msgspec adds where in a document it stands."""


class LimitRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[limits.rules]]` of the settings, and one rule in the admin's JSON.

    What is left out is filled in when the rule is made, so that every field can be read as it stands.
    Raises RuleError, a UsageError, with one sentence that names the rule.
    """

    name: str = ""  # left out: written from the figures
    api: str = "tracking"  # tracking, profile, config
    endpoint: str | None = None  # None: the whole API; else as in the route table: a path, or /sources/{id}
    count: int = 500
    window_s: float = 1.0
    unit: str = "requests"  # requests, messages; `events` is read as messages
    scope: str = ""  # source, workspace, space, token; left out: source, space, token by API
    algorithm: str = SLIDING_LOG  # sliding-log, fixed-window (edges aligned to UTC), gcra
    burst: int | None = None  # of gcra alone: how much at once; left out: 1, evenly spaced
    retry_after_s: float | None = None  # after a refusal stay shut so long; None: until one fits again
    action: str = "refuse"  # refuse: 429; queue: the answer waits its turn
    queue_longest_s: float = 10.0  # of queue alone: who would wait longer is refused
    headers: str = ""  # a header set; left out: segment, none, public-api by API
    origin: str = "settings"  # where the figure comes from, with a date

    def __post_init__(self) -> None:
        called = f"limit {self.name!r}" if self.name else "a limit"
        _one_of(called, "api", self.api, APIS)
        self._fill("unit", _UNIT_SPELLINGS.get(self.unit, self.unit))
        self._fill("scope", self.scope or _USUAL_SCOPE[self.api])
        self._fill("headers", self.headers or _USUAL_HEADERS[self.api])
        for field, value, known in (
            ("unit", self.unit, UNITS),
            ("scope", self.scope, SCOPES),
            ("algorithm", self.algorithm, ALGORITHMS),
            ("action", self.action, ACTIONS),
            ("headers", self.headers, HEADER_SETS),
        ):
            _one_of(called, field, value, known)
        self._check_figures(called)
        if self.algorithm == GCRA:
            self._fill("burst", 1 if self.burst is None else self.burst)
        elif self.burst is not None:
            raise RuleError(f"{called}: burst belongs to gcra, and this is {self.algorithm}; leave it out")
        self._check_endpoint(called)
        if len(self.name) > _LONGEST_NAME or not self.name.isprintable():
            raise RuleError(f"a limit's name has up to {_LONGEST_NAME} printable characters; shorten it")
        self._fill("name", self.name or self._described())

    @property
    def window_ns(self) -> int:
        return round(self.window_s * NS_PER_S)

    @property
    def retry_after_ns(self) -> int | None:
        """How long a refusal keeps its scope shut; None: no longer than the count does."""
        return None if self.retry_after_s is None else round(self.retry_after_s * NS_PER_S)

    @property
    def patience_ns(self) -> int:
        """How long a request may wait for its turn: 0 where it is refused instead."""
        return round(self.queue_longest_s * NS_PER_S) if self.action == "queue" else 0

    def _fill(self, field: str, value: object) -> None:
        msgspec.structs.force_setattr(self, field, value)

    def _check_figures(self, called: str) -> None:
        if not 1 <= self.count <= _LARGEST_COUNT:
            raise RuleError(f"{called}: count is {self.count}; write a whole number from 1 to 1,000,000,000")
        if not (0 < self.window_s <= _LONGEST_WINDOW_S and self.window_ns > 0):
            raise RuleError(f"{called}: window_s is {self.window_s:g}; write seconds above 0, up to a year")
        if self.algorithm == SLIDING_LOG and self.count > LOG_LARGEST_COUNT:
            raise RuleError(
                f"{called}: a sliding log remembers each of its {self.count:,}, and may have up to "
                f"{LOG_LARGEST_COUNT:,}; choose fixed-window or gcra"
            )
        if self.burst is not None and not 1 <= self.burst <= _LARGEST_COUNT:
            raise RuleError(f"{called}: burst is {self.burst}; write a whole number from 1 to 1,000,000,000")
        if self.retry_after_s is not None and not 0 < self.retry_after_s <= _LONGEST_SHUT_S:
            raise RuleError(
                f"{called}: retry_after_s is {self.retry_after_s:g}; write seconds above 0, up to a day"
            )
        if self.retry_after_s is not None and self.action == "queue":
            raise RuleError(f"{called}: retry_after_s belongs to refuse, and this is queue; leave it out")
        if not 0 < self.queue_longest_s <= _LONGEST_QUEUE_S:
            raise RuleError(
                f"{called}: queue_longest_s is {self.queue_longest_s:g}; write seconds above 0, up to an hour"
            )

    def _check_endpoint(self, called: str) -> None:
        if self.endpoint is None:
            return
        if not self.endpoint.startswith("/") or not self.endpoint.isprintable() or "?" in self.endpoint:
            raise RuleError(
                f"{called}: endpoint is {self.endpoint!r}; write a path without a query, like /v1/batch"
            )

    def _described(self) -> str:
        period = _PERIODS.get(self.window_s, f"{self.window_s:g} s")
        where = f" on {self.endpoint}" if self.endpoint is not None else ""
        return f"{self.api.capitalize()} {self.count:,} {self.unit}/{period} per {self.scope}{where}"


def from_limit(limit: Limit) -> LimitRule:
    """The rule that a documented limit is: a sliding log that refuses. Raises RuleError."""
    return LimitRule(
        name=limit.name,
        api=limit.api,
        count=limit.count,
        window_s=limit.window_ns / NS_PER_S,
        unit=limit.unit,
        scope=limit.scope,
        origin=limit.origin,
    )


def _one_of(called: str, field: str, value: str, known: Collection[str]) -> None:
    if value in known:
        return
    near = get_close_matches(value, known, 1)
    meant = f"did you mean {near[0]}? It is one of" if near else "write one of"
    raise RuleError(f"{called}: {field} is {value!r}; {meant} {', '.join(known)}")
