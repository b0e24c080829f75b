"""Hand a replay over to Locust with its web UI: the same options, by Locust's own names where it has them."""

import os
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from harness.errors import UsageError
from harness.options import AUTO, BY_FIELD
from harness.units import NS_PER_S

WEB_ADDRESS: Final = "127.0.0.1:8089"
_LOCUSTS_TIMES: Final = {"duration": "--run-time", "stop_timeout": "--stop-timeout"}


def locust_arguments(recording: str, given: Mapping[str, Any], address: str) -> list[str]:
    """What follows `locust -f FILE`; `given` are texts by field, as for `make_plan`. Raises UsageError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--web-address {address}: write it like {WEB_ADDRESS}")
    words = ["--autostart", "--web-host", host.strip("[]"), "--web-port", port, "--recording", recording]
    for field, value in given.items():
        words += _told(field, value)
    return words


def hand_over(arguments: list[str]) -> NoReturn:
    """Become Locust. Raises UsageError when the locustfile is missing."""
    from harness.bundled import bundled_file

    file = str(bundled_file("scenarios/replay.py"))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "locust", "-f", file, *arguments])  # noqa: S606 - our own interpreter, no shell


def _told(field: str, value: Any) -> list[str]:
    option = BY_FIELD[field]
    if field == "dry_run":
        raise UsageError("--web and --dry-run: where nothing is sent there is nothing to see; leave one out")
    if field == "target":
        if len(value) != 1 or "=" in value[0]:
            raise UsageError("--web takes one --target, as Locust's UI has one host; leave it out for more")
        return ["--host", value[0]]
    if field == "users":
        return [] if value == AUTO else ["--users", value, "--spawn-rate", value]
    if field in _LOCUSTS_TIMES:
        # Locust reads a run time in whole seconds only.
        length_ns = option.parse(value)
        return [_LOCUSTS_TIMES[field], str(max(1, round(length_ns / NS_PER_S)))]
    if option.is_flag:
        return [f"--{option.name}"]
    values = value if option.many else [value]
    return [f"--{option.name}={one}" for one in values]
