"""Which sources and destinations there are: their settings, `[[sources]]` and `[config]`, and lookups."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson

from harness.errors import UsageError
from harness.mock.config_api.nouns import Destination, Label, Metadata, Source, Workspace
from harness.segment.write_key import WriteKey
from harness.units import parse_instant_ns

NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]

_ID_BYTES: Final = 12  # 24 hex digits, as the ids of destinations in the SDKs' samples
# How deep an answer may put a source's settings: data, sources, list, source, settings; one more to spare.
_LEVELS_AROUND: Final = 6


class LabelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One label of a source."""

    key: NonEmpty
    value: str
    description: str | None = None


class MetadataSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kind of source or destination it is in Segment's own catalogue; what is empty is derived."""

    slug: str = ""
    name: str = ""
    id: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()


class DestinationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One destination of a source."""

    name: NonEmpty  # as in a message's `integrations`
    id: str = ""  # "": derived from the source's slug and the name
    enabled: bool = True
    metadata: MetadataSettings = MetadataSettings()
    connection_mode: Literal["CLOUD", "DEVICE", "UNSPECIFIED"] = "CLOUD"  # shown by the legacy API alone
    settings: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Its settings may hold a third party's secret: they are counted."""
        return (
            f"DestinationSettings(name={self.name!r}, enabled={self.enabled}, {len(self.settings)} settings)"
        )

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        settings = f"{len(self.settings)} set"
        return [("name", self.name), ("enabled", self.enabled), ("settings", settings)]


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source: `[[sources]]`."""

    slug: NonEmpty
    name: str = ""  # "": the slug
    id: str = ""  # "": derived from the slug
    write_keys: tuple[NonEmpty, ...] = ()
    enabled: bool = True
    workspace: str = ""  # slug of the workspace it counts towards; "": `config.workspace_slug`
    space: str = ""  # id of the space its messages go to; "": the one there is
    labels: tuple[LabelSettings, ...] = ()
    metadata: MetadataSettings = MetadataSettings()
    settings: dict[str, Any] = {}
    destinations: tuple[DestinationSettings, ...] = ()
    tracking_plan_id: str | None = None

    def __repr__(self) -> str:
        """Its write keys are counted, not shown."""
        return (
            f"SourceSettings(slug={self.slug!r}, enabled={self.enabled}, {len(self.write_keys)} write keys)"
        )

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        write_keys = f"{len(self.write_keys)} set"
        return [("slug", self.slug), ("enabled", self.enabled), ("write_keys", write_keys)]


class ConfigSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Config API's settings, `[config]`. What has no source in its comment is an assumption."""

    tokens: tuple[NonEmpty, ...] = ()  # that are let in; none: any that is not empty
    workspace_slug: NonEmpty = "default"  # a token reads this workspace; others are never shown
    workspace_id: str = ""  # "": derived from the slug
    workspace_name: str = ""  # "": the slug

    # Public API SDK, `PaginationInput` of 2026-08: 1 to 1,000; 200 where the count may be left out.
    default_page: AtLeastOne = 200
    largest_page: AtLeastOne = 1_000
    # The docs' sample has `"previous": null` on the first page, the SDK's model says the field is not there.
    missing_cursor: Literal["null", "absent"] = "null"
    # The docs say 401; a token that is wrong was seen answered 403 in 2026-03. One that is missing gets 401.
    wrong_token_status: Literal[401, 403] = 401
    # Undocumented: an Accept header that names no version the API has; 200 answers it as v1.
    unknown_version_status: Literal[200, 400, 404, 406, 415, 422] = 406
    # The docs: the list is left empty for a token without the permission `source admin`.
    write_keys_shown: bool = True
    largest_body_bytes: AtLeastOne = 1 << 20

    legacy_default_page: AtLeastOne = 100  # Config API docs, "Pagination", read 2026-11: 10 or 100
    legacy_largest_page: AtLeastOne = 1_000
    created_at: str = "2019-01-01T00:00:00.000Z"  # of everything the legacy API dates

    def __post_init__(self) -> None:
        for default, largest in (
            ("default_page", "largest_page"),
            ("legacy_default_page", "legacy_largest_page"),
        ):
            if getattr(self, default) > getattr(self, largest):
                raise ValueError(f"{default} is above {largest}; lower the one or raise the other")
        try:
            parse_instant_ns(self.created_at)
        except ValueError as error:
            raise ValueError(
                f"created_at is {self.created_at!r}; write an instant such as 2019-01-01T00:00:00.000Z"
            ) from error

    def __repr__(self) -> str:
        """Everything but the tokens, which are counted."""
        return f"ConfigSettings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [
            (name, f"{len(self.tokens)} set" if name == "tokens" else getattr(self, name))
            for name in self.__struct_fields__
        ]


class Catalog:
    """The sources and destinations of one mock, as configured and as the API has changed them since."""

    def __init__(self, sources: Sequence[SourceSettings], config: ConfigSettings) -> None:
        """Raises UsageError where two share what must be unique: a source's slug, an id, a write key."""
        slug = config.workspace_slug
        self.workspace = Workspace(
            config.workspace_id or _derived_id("workspace", slug), slug, config.workspace_name or slug
        )
        self._configured = tuple(_source(settings, slug) for settings in sources)
        self._configured_destinations = tuple(
            _destination(settings, source)
            for source, own in zip(self._configured, sources, strict=True)
            for settings in own.destinations
        )
        _check(self._configured, self._configured_destinations)
        self._sources: dict[str, Source] = {}
        self._destinations: dict[str, Destination] = {}
        self._of_key: dict[str, Source] = {}
        self.reset()

    def reset(self) -> None:
        """Undo what was changed over the API."""
        self._sources = {source.id: source for source in self._configured}
        self._destinations = {destination.id: destination for destination in self._configured_destinations}
        self._of_key = {key.reveal(): source for source in self._configured for key in source.write_keys}

    @property
    def sources(self) -> tuple[Source, ...]:
        """All of them, of whatever workspace, in the order of the settings."""
        return tuple(self._sources.values())

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """All of them, by source, in the order of the settings."""
        return tuple(self._destinations.values())

    def source_of_key(self, write_key: str) -> Source | None:
        """Whose write key this is."""
        return self._of_key.get(write_key)

    def source(self, source_id: str) -> Source | None:
        """The source of this id."""
        return self._sources.get(source_id)

    def destination(self, destination_id: str) -> Destination | None:
        """The destination of this id."""
        return self._destinations.get(destination_id)

    def destinations_of(self, source: Source) -> tuple[Destination, ...]:
        """A source's destinations, disabled ones too."""
        return tuple(each for each in self._destinations.values() if each.source_id == source.id)

    def slug_taken(self, slug: str, but_by: Source) -> bool:
        """Whether another source has this slug."""
        return any(each.slug == slug and each.id != but_by.id for each in self._sources.values())

    def change_source(self, source: Source, **changes: Any) -> Source:
        """Put these fields into a source that is in the catalogue; ids and write keys cannot change."""
        changed = replace(self._sources[source.id], **changes)
        self._sources[source.id] = changed
        self._of_key.update({key.reveal(): changed for key in changed.write_keys})
        return changed

    def change_destination(self, destination: Destination, **changes: Any) -> Destination:
        """Put these fields into a destination that is in the catalogue."""
        changed = replace(self._destinations[destination.id], **changes)
        self._destinations[destination.id] = changed
        return changed


def is_writable(settings: dict[str, Any]) -> bool:
    """Whether an answer can show these settings: no number beyond 64 bits, and not nested too deeply."""
    wrapped: Any = settings
    for _ in range(_LEVELS_AROUND):
        wrapped = [wrapped]
    try:
        orjson.dumps(wrapped)
    except orjson.JSONEncodeError:
        return False
    return True


def _source(settings: SourceSettings, default_workspace: str) -> Source:
    return Source(
        id=settings.id or _derived_id("source", settings.slug),
        slug=settings.slug,
        name=settings.name or settings.slug,
        write_keys=tuple(map(WriteKey, settings.write_keys)),
        enabled=settings.enabled,
        workspace=settings.workspace or default_workspace,
        space=settings.space,
        labels=tuple(Label(each.key, each.value, each.description) for each in settings.labels),
        metadata=_metadata("source metadata", settings.metadata, "HTTP API"),
        tracking_plan_id=settings.tracking_plan_id,
        settings=settings.settings,
    )


def _destination(settings: DestinationSettings, source: Source) -> Destination:
    return Destination(
        id=settings.id or _derived_id("destination", source.slug, settings.name),
        source_id=source.id,
        name=settings.name,
        display_name=settings.name,
        enabled=settings.enabled,
        metadata=_metadata("destination metadata", settings.metadata, settings.name),
        connection_mode=settings.connection_mode,
        settings=settings.settings,
    )


def _metadata(kind: str, settings: MetadataSettings, name: str) -> Metadata:
    name = settings.name or name
    slug = settings.slug or name.lower().replace(" ", "-")
    id_ = settings.id or _derived_id(kind, slug)
    return Metadata(id_, slug, name, settings.description, settings.categories)


def _derived_id(kind: str, *parts: str) -> str:
    digest = hashlib.blake2b("\x00".join((kind, *parts)).encode(), digest_size=_ID_BYTES)
    return digest.hexdigest()


def _check(sources: Sequence[Source], destinations: Sequence[Destination]) -> None:
    slug_of = {source.id: source.slug for source in sources}
    _check_unique("the slug {}", [(source.slug, f"{source.name!r}") for source in sources])
    _check_unique("the id {}", [(source.id, f"source {source.slug!r}") for source in sources])
    keys = [(key.reveal(), f"source {source.slug!r}") for source in sources for key in source.write_keys]
    _check_unique("a write key", keys)
    owned = [
        (each, f"destination {each.name!r} of source {slug_of[each.source_id]!r}") for each in destinations
    ]
    _check_unique("the id {}", [(each.id, said) for each, said in owned])
    shown = [(source.settings, f"source {source.slug!r}") for source in sources]
    for settings, said in (*shown, *((each.settings, said) for each, said in owned)):
        if not is_writable(settings):
            raise UsageError(
                f"The settings of {said} cannot be written as JSON: they hold a number beyond 64 bits, "
                "or are nested too deeply; make them simpler."
            )


def _check_unique(what: str, named: Sequence[tuple[str, str]]) -> None:
    owners: dict[str, str] = {}
    for value, owner in named:
        if value in owners:
            said = what.format(repr(value))
            raise UsageError(
                f"sources: {owners[value]} and {owner} have {said} in common; give each its own."
            )
        owners[value] = owner
