"""What one mock holds, and what concerns all of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from harness.mock.config_api.catalog import Catalog
from harness.mock.config_api.nouns import Source
from harness.mock.edge.behaviour import Ruling
from harness.mock.edge.metrics import Telemetry
from harness.mock.edge.oauth import OAuth
from harness.mock.edge.stage_counts import StageCounts
from harness.mock.faults.plan import Faults
from harness.mock.feeding import Feeding
from harness.mock.kept import Kept
from harness.mock.ledger import Ledger
from harness.mock.limits.throttle import Limits, Scopes
from harness.mock.plain import Bounds
from harness.mock.profile.profiles import Profiles
from harness.mock.rates import Rates
from harness.mock.settings import MockSettings
from harness.mock.steered import SteeredClock
from harness.mock.timers import Timers
from harness.mock.waits import Waits
from harness.segment.validity import UNKNOWN_SOURCE

DEFAULT_WORKSPACE: Final = ""
_CALLERS_KEPT: Final = 10_000


class Caller(NamedTuple):
    """Who calls with one pair of Authorization header and key in the body."""

    key: int  # the ledger's number of its write key
    scopes: Scopes
    source: Source | None
    is_usual: bool  # nothing but faults, limits and the messages themselves decides about its calls


@dataclass(frozen=True, slots=True)
class Box:
    """One mock. All of it belongs to one thread, so an answer covers everything received before its call."""

    settings: MockSettings = field(repr=False)  # holds tokens
    clock: SteeredClock
    entropy: Callable[[int], bytes]  # so many random bytes
    ledger: Ledger
    kept: Kept
    rates_by_api: Mapping[str, Rates]
    limits: Limits
    faults: Faults
    catalog: Catalog
    profiles: Profiles
    feeding: Feeding
    oauth: OAuth
    telemetry: Telemetry
    stage_counts: StageCounts
    timers: Timers
    waits: Waits
    rulings: Mapping[str, Ruling]
    bounds: Bounds
    token: str | None = field(repr=False)  # what admin and live page ask for; None: nothing
    bound_hosts: frozenset[str]  # names and addresses by which the mock may be called
    stop: Callable[[], None]  # end the process once the answer has left
    drops_properties: bool  # a message may hold more properties than are kept
    callers: dict[tuple[bytes, str], Caller] = field(
        default_factory=dict, repr=False
    )  # by header and body key
    notes_calls: bool = False  # in the journal, one by one

    def is_usual(self, write_key: str) -> bool:
        """True when only faults, limits and the messages themselves decide about calls of this key."""
        if self.oauth.required or self.drops_properties:
            return False
        if not self.catalog.sources:
            return True
        source = self.catalog.source_of_key(write_key)
        if source is None:
            return UNKNOWN_SOURCE not in self.rulings
        return source.enabled and not self.catalog.destinations_of(source)

    def scopes_of(self, key: int, source: Source | None) -> Scopes:
        """Whose limits a tracking call counts against; `key` is the ledger's number of its write key."""
        if source is None:
            return Scopes(key, DEFAULT_WORKSPACE, "", key)
        return Scopes(key, source.workspace, source.space, key)

    def remember(self, authorization: bytes, body_key: str, caller: Caller) -> None:
        """Know this caller again, until something changes about keys or sources."""
        if len(self.callers) >= _CALLERS_KEPT:
            self.callers.clear()
        self.callers[authorization, body_key] = caller

    def forget(self) -> None:
        """Forget every message, count, request and profile; what was set stays. A new instance begins."""
        self.ledger.reset()
        self.kept.reset()
        for rates in self.rates_by_api.values():
            rates.reset()
        self.limits.reset()
        self.faults.reset(self.clock.now_ns())
        self.profiles.reset()
        self.oauth.reset()
        self.telemetry.reset()
        self.stage_counts.reset()
        self.catalog.reset()
        self.callers.clear()

    def forget_key(self, write_key: str) -> bool:
        """Forget what one write key sent and used; False when it never sent anything.

        Profiles are not of a write key: they stay.
        """
        key = self.ledger.known_key(write_key)
        if key is None:
            return False
        self.ledger.reset_key(write_key)
        self.kept.forget_key(key)
        self.limits.reset(key)
        self.stage_counts.reset(key)
        self.faults.reset(self.clock.now_ns(), write_key)
        return True
