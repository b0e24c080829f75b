"""What the catalogue holds: workspace, source, destination, and what kind each is."""

from dataclasses import dataclass, field
from typing import Any

from harness.segment.write_key import WriteKey


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a token gives access to."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """What a source is filed under."""

    key: str
    value: str
    description: str | None


@dataclass(frozen=True, slots=True)
class Metadata:
    """The kind of a source or destination, as Segment's own catalogue has it."""

    id: str
    slug: str
    name: str
    description: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a source's messages go on to."""

    id: str
    source_id: str
    name: str  # as in a message's `integrations`; never changes
    display_name: str
    enabled: bool
    metadata: Metadata
    connection_mode: str
    settings: dict[str, Any] = field(repr=False)  # may hold a third party's secret


@dataclass(frozen=True, slots=True)
class Source:
    """Where messages come from."""

    id: str
    slug: str
    name: str
    write_keys: tuple[WriteKey, ...]  # masked in a repr
    enabled: bool
    workspace: str  # slug
    space: str  # id; "" when it names none
    labels: tuple[Label, ...]
    metadata: Metadata
    tracking_plan_id: str | None
    settings: dict[str, Any] = field(repr=False)
