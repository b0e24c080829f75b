"""Replay recorded Segment traffic with its own timing, and prove what became of every item.

The names in `__all__` are what users may rely on. They are loaded when they are asked for, so that
`import harness` imports nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from harness.conclude import Result
    from harness.engine.users import ReplayUser
    from harness.errors import HarnessError
    from harness.model import Answer, Arrival, Item, Request
    from harness.plan import Plan, make_plan
    from harness.replay import replay_recording
    from harness.under_locust import replay_under_locust

__all__ = [
    "Answer",
    "Arrival",
    "HarnessError",
    "Item",
    "Plan",
    "ReplayUser",
    "Request",
    "Result",
    "make_plan",
    "replay_recording",
    "replay_under_locust",
]

_HOMES: Final = {
    "Answer": "harness.model",
    "Arrival": "harness.model",
    "HarnessError": "harness.errors",
    "Item": "harness.model",
    "Plan": "harness.plan",
    "ReplayUser": "harness.engine.users",
    "Request": "harness.model",
    "Result": "harness.conclude",
    "make_plan": "harness.plan",
    "replay_recording": "harness.replay",
    "replay_under_locust": "harness.under_locust",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
