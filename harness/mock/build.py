"""Put a mock together from its settings."""

from collections.abc import Callable

from harness.clock import Clock
from harness.mock.box import Box
from harness.mock.config_api.catalog import Catalog
from harness.mock.edge.behaviour import rulings
from harness.mock.edge.metrics import Telemetry
from harness.mock.edge.oauth import OAuth
from harness.mock.edge.stage_counts import StageCounts
from harness.mock.exchange import Cancel
from harness.mock.faults.plan import Faults
from harness.mock.feeding import Feeding
from harness.mock.journal import Journal
from harness.mock.kept import Kept
from harness.mock.ledger import Ledger
from harness.mock.limits.throttle import Limits
from harness.mock.plain import Bounds
from harness.mock.profile.profiles import Profiles
from harness.mock.rates import Rates
from harness.mock.settings import MockSettings
from harness.mock.steered import SteeredClock
from harness.mock.timers import CallLater, Timers
from harness.mock.waits import Waits
from harness.units import NS_PER_S

_HOUR_NS = 3_600 * NS_PER_S
_PROPERTY_BYTES = 6  # the shortest there is: "a":1,


def build_box(
    settings: MockSettings,
    journal: Journal,
    *,
    clock: Clock,
    entropy: Callable[[int], bytes],
    soon: Callable[[Callable[[], None]], object],
    call_later: CallLater,
    stop: Callable[[], None],
    token: str | None = None,
    bound_hosts: frozenset[str] = frozenset(),
) -> Box:
    """A mock. `soon` runs a function in the loop's next round, `call_later` after real seconds.

    Raises UsageError when settings contradict each other, JournalError when the journal is no ledger.
    """
    tracking = settings.tracking
    steered = SteeredClock(clock)
    hours = tracking.dedupe_hours
    ledger = Ledger(
        journal, dedupes=tracking.dedupe, look_back_ns=None if hours is None else round(hours * _HOUR_NS)
    )
    kept = Kept(settings.ledger.bodies_bytes, tracking.properties_most)
    catalog = Catalog(settings.sources, settings.config)
    profiles = Profiles(settings.profile, entropy, {s.space for s in catalog.sources if s.space})
    now_ns = steered.now_ns()

    def later_s(delay_s: float, act: Callable[[], None]) -> Cancel:
        return call_later(delay_s, act).cancel

    return Box(
        settings=settings,
        clock=steered,
        entropy=entropy,
        ledger=ledger,
        kept=kept,
        rates_by_api={api: Rates() for api in ("tracking", "profile", "config")},
        limits=Limits(settings.limits.in_force(), steered),
        faults=Faults(settings.faults, settings.seed, now_ns),
        catalog=catalog,
        profiles=profiles,
        feeding=Feeding(ledger, kept, profiles, catalog, clock.now_ns),
        oauth=OAuth(settings.oauth, steered, entropy),
        telemetry=Telemetry(),
        stage_counts=StageCounts(),
        timers=Timers(steered, call_later),
        waits=Waits(ledger, kept, soon, later_s),
        rulings=rulings(tracking),
        bounds=Bounds(tracking.message_bytes, tracking.batch_bytes, tracking.batch_messages),
        token=token,
        bound_hosts=bound_hosts,
        stop=stop,
        drops_properties=tracking.properties_most * _PROPERTY_BYTES < tracking.message_bytes,
        notes_calls=settings.ledger.calls,
    )
