"""Failed delivery: where a destination's own answer stops a message; without one, it is delivered."""

from typing import Final

from harness.segment.stages.stage import Stage

STAGES: Final[tuple[Stage, ...]] = ()
