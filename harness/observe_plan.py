"""What to observe, as resolved from a command line, and what that means for the mock that listens."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.expectations import Expectation
from harness.mock.settings import MockSettings, read_settings, with_limits
from harness.mock.short_forms import fault_of, limit_of
from harness.model import Limit
from harness.units import NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservePlan:
    """What to observe, as resolved from a command line."""

    command: tuple[str, ...] = ()
    run_dir: Path | None = None
    duration_ns: int | None = None
    expect: tuple[Expectation, ...] = ()
    expected: Path | None = None
    key: str = ""  # where in a message its value stands
    allow: Mapping[str, int] | None = None
    port: int = 0
    limits: str | None = None  # a preset of the mock's
    limit: tuple[str, ...] = ()
    fault: tuple[str, ...] = ()
    config: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """As `run.json` has it; of the command its program alone, since arguments may hold secrets."""
        return {
            "observe": True,
            "command": Path(self.command[0]).name if self.command else None,
            "duration_s": None if self.duration_ns is None else self.duration_ns / NS_PER_S,
            "expect": [str(expectation) for expectation in self.expect],
            "expected": None if self.expected is None else str(self.expected),
            "key": self.key or None,
            "allow": dict(self.allow or {}),
            "limits": self.limits,
            "limit": list(self.limit),
            "fault": list(self.fault),
            "config": None if self.config is None else str(self.config),
        }


def observed_limits(plan: ObservePlan) -> list[Limit]:
    """The limits that the mock will keep, as a report compares with them. Raises UsageError."""
    settings = MockSettings() if plan.config is None else read_settings(plan.config)
    try:
        settings = with_limits(settings, plan.limits, tuple(map(limit_of, plan.limit)))
    except ValueError as error:
        raise UsageError(f"--limits {plan.limits}: {error}") from error
    for text in plan.fault:
        fault_of(text)
    return [
        Limit(
            rule.api,
            rule.name,
            rule.count,
            rule.window_ns,
            rule.unit,
            rule.scope,
            rule.origin,
            ""
            if rule.endpoint is None
            else "/".join("*" if part.startswith("{") else part for part in rule.endpoint.split("/")),
        )
        for rule in settings.limits.in_force()
    ]


def mock_options(plan: ObservePlan) -> list[str]:
    """The options of `harness mock`."""
    options = ["--note-calls", "--port", str(plan.port)]
    for name, values in (
        ("--value-path", [plan.key] if plan.key else []),
        ("--config", [] if plan.config is None else [str(plan.config)]),
        ("--limit", plan.limit),
        ("--fault", plan.fault),
    ):
        for value in values:
            options += [name, value]
    return options


def told_command_line(plan: ObservePlan) -> str:
    """How to do it again, with the command's program alone."""
    words = sys.argv[1:]
    own = words[: words.index("--")] if "--" in words else words[: len(words) - len(plan.command)]
    told = shlex.join([Path(sys.argv[0]).name, *own])
    return f"{told} -- {shlex.quote(Path(plan.command[0]).name)} …" if plan.command else told
