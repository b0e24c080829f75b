"""What one mock holds, and what concerns all of it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

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
_SCOPES_KEPT: Final = 100_000


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
    _scopes: dict[int, Scopes] = field(default_factory=dict, repr=False)

    def is_usual(self, write_key: str) -> bool:
        """True when nothing but the messages themselves decides about a call of this key."""
        if self.faults.rules or self.oauth.required or self.drops_properties:
            return False
        if not self.catalog.sources:
            return True
        source = self.catalog.source_of_key(write_key)
        if source is None:
            return UNKNOWN_SOURCE not in self.rulings
        return source.enabled and not self.catalog.destinations_of(source)

    def scopes_of(self, key: int, source: Source | None) -> Scopes:
        """Whose limits a tracking call counts against; `key` is the ledger's number of its write key."""
        known = self._scopes.get(key)
        if known is None:
            workspace: Hashable = source.workspace if source is not None else DEFAULT_WORKSPACE
            known = Scopes(key, workspace, source.space if source is not None else "", key)
            if len(self._scopes) < _SCOPES_KEPT:
                self._scopes[key] = known
        return known

    def forget(self) -> None:
        """Forget every message, count, request and profile; what was set stays. A new instance begins."""
        self.ledger.reset()
        self.kept.reset()
        self.feeding.reset()
        for rates in self.rates_by_api.values():
            rates.reset()
        self.limits.reset()
        self.faults.reset(self.clock.now_ns())
        self.profiles.reset()
        self.oauth.reset()
        self.telemetry.reset()
        self.stage_counts.reset()
        self.catalog.reset()
        self._scopes.clear()

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
