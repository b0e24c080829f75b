"""What Locust is told of a replay that is shown in its web UI."""

import pytest

from harness.cli.web import WEB_ADDRESS, locust_arguments
from harness.errors import UsageError


def test_options_keep_their_names_and_locusts_own_are_told_as_its_own():
    given = {
        "target": ("http://127.0.0.1:1",),
        "users": "8",
        "duration": "1m30s",
        "stop_timeout": "5s",
        "expect": ("p99 of service_time_ms < 1s", "messages.rejected == 0"),
        "trace": True,
        "rate": "10/s",
    }
    told = locust_arguments("r.ndjson", given, WEB_ADDRESS)
    assert told[:7] == [
        "--autostart",
        "--web-host",
        "127.0.0.1",
        "--web-port",
        "8089",
        "--recording",
        "r.ndjson",
    ]
    assert told[7:] == [
        *("--host", "http://127.0.0.1:1", "--users", "8", "--spawn-rate", "8", "--run-time", "90"),
        *("--stop-timeout", "5", "--expect=p99 of service_time_ms < 1s", "--expect=messages.rejected == 0"),
        *("--trace", "--rate=10/s"),
    ]
    assert locust_arguments("r", {"users": "auto"}, "[::1]:9")[1:5] == [
        "--web-host",
        "::1",
        "--web-port",
        "9",
    ]


@pytest.mark.parametrize(
    ("given", "address", "said"),
    [
        ({"target": ("profile=http://127.0.0.1:1",)}, WEB_ADDRESS, "--web takes one --target"),
        ({"target": ("http://a", "http://b")}, WEB_ADDRESS, "--web takes one --target"),
        ({"dry_run": True}, WEB_ADDRESS, "leave one out"),
        ({}, "8089", "write it like 127.0.0.1:8089"),
        ({}, "host:http", "write it like 127.0.0.1:8089"),
    ],
)
def test_what_its_ui_cannot_do_is_refused(given, address, said):
    with pytest.raises(UsageError, match=said):
        locust_arguments("r.ndjson", given, address)
