"""Release arrivals on time, keep lanes in order, fill batches, hold the ceiling; Locust lives here alone.

`ReplayUser` is loaded on demand, because importing it imports Locust, which patches the process.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.engine.users import ReplayUser

__all__ = ["ReplayUser"]


def __getattr__(name: str) -> Any:
    if name == "ReplayUser":
        from harness.engine.users import ReplayUser

        return ReplayUser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
