"""Filtered at source: where a schema or tracking plan stops a message; nothing where none is configured.

The codes are the delivery overview's (segment-docs, read 2025-11).
"""

from typing import Final

from harness.segment.stages.stage import Stage

SCHEMA_VIOLATION: Final = "schema_violation"
COMMON_SCHEMA_VIOLATION: Final = "common_schema_violation"
UNPLANNED: Final = "unplanned"
UNPLANNED_AND_SCHEMA_VIOLATION: Final = "unplanned_and_schema_violation"
EVENT_SETTING: Final = "event_setting"

STAGES: Final[tuple[Stage, ...]] = ()
