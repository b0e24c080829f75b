"""Everything that can be set of a mock: one TOML file, whose tables are written down in their own rooms."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from harness.errors import UsageError
from harness.mock.config_api.catalog import ConfigSettings, SourceSettings
from harness.mock.edge.settings import CdnSettings, OAuthSettings, TrackingSettings
from harness.mock.faults.rule import FaultRule
from harness.mock.limits.presets import preset_rules
from harness.mock.limits.rule import LimitRule
from harness.mock.listen import ListenSettings
from harness.mock.profile.settings import ProfileSettings

DEFAULT_BODIES_BYTES = 32 << 20


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[ledger]`: what is kept of the messages."""

    directory: Path | None = (
        None  # keeps the account of every message over restarts; left out: it ends with us
    )
    bodies_bytes: Annotated[int, msgspec.Meta(ge=0)] = (
        DEFAULT_BODIES_BYTES  # of the last calls; older ones leave
    )
    calls: bool = False  # note each call in the journal, for who judges its sender
    value_path: str = ""  # of a value of each message whose digest is noted, like properties.order_id


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[live]`: the page at `/` that shows messages as they come."""

    page: bool = True


class LimitsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[limits]`, and what `PUT /__admin/limits` takes: a preset by name, and rules that go before it."""

    preset: str = "documented"
    rules: tuple[LimitRule, ...] = ()

    def __post_init__(self) -> None:
        try:
            preset_rules(self.preset)
        except UsageError as error:
            raise ValueError(str(error)) from error  # so that msgspec adds where it stands

    def in_force(self) -> tuple[LimitRule, ...]:
        """The rules to apply: ours, and those of the preset whose API and endpoint none of ours speaks of."""
        spoken_of = {(rule.api, rule.endpoint) for rule in self.rules}
        kept = [rule for rule in preset_rules(self.preset) if (rule.api, rule.endpoint) not in spoken_of]
        return (*kept, *self.rules)


class MockSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one mock. Without any: lenient, on loopback, with the documented limits."""

    seed: int = 0  # of all that is left to chance in faults: the same calls meet the same faults
    listen: ListenSettings = ListenSettings()
    tracking: TrackingSettings = TrackingSettings()
    ledger: LedgerSettings = LedgerSettings()
    profile: ProfileSettings = ProfileSettings()
    config: ConfigSettings = ConfigSettings()
    oauth: OAuthSettings = OAuthSettings()
    cdn: CdnSettings = CdnSettings()
    live: LiveSettings = LiveSettings()
    limits: LimitsSettings = LimitsSettings()
    faults: tuple[FaultRule, ...] = ()
    sources: tuple[SourceSettings, ...] = ()


def read_settings(path: Path) -> MockSettings:
    """The settings in a TOML file. Raises UsageError: the file, where in it, what is wrong, what to write."""
    import tomllib  # here and not above: most mocks start without a file, and in a hurry

    from harness.mock.mistake import converted

    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = (error.strerror or os.strerror(error.errno or 0)).lower()
        raise UsageError(f"{path}: cannot be read: {reason}; name a TOML file that is there") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML: {error}") from error
    return converted(table, MockSettings, str(path))


def with_limits(settings: MockSettings, preset: str | None, rules: Iterable[LimitRule]) -> MockSettings:
    """The same settings with other limits; a preset sets all of those aside that the settings had.

    Rules take the place of those for the same API and endpoint. Raises ValueError for an unknown preset.
    """
    limits = LimitsSettings(preset=preset) if preset is not None else settings.limits
    added = tuple(rules)
    spoken_of = {(rule.api, rule.endpoint) for rule in added}
    kept = tuple(rule for rule in limits.rules if (rule.api, rule.endpoint) not in spoken_of)
    return replace(settings, limits=replace(limits, rules=(*kept, *added)))
