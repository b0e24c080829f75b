"""Who may call a UI of this machine, and what its page is told."""

import json

import pytest

from harness.measure.recent import LimitNow, Recent
from harness.report.progress import Status
from harness.web_page import is_stranger, standing_of


@pytest.mark.parametrize(
    ("host", "origin", "stranger"),
    [
        ("127.0.0.1:8089", None, False),
        ("localhost:8089", "http://localhost:8089", False),
        ("[::1]:8089", "http://[::1]:8089", False),
        ("rebound.test:8089", None, True),
        ("127.0.0.1:8089", "https://evil.test", True),
        ("127.0.0.1:8089", "null", True),
        ("127.0.0.1.evil.test", None, True),
        ("", None, True),
    ],
)
def test_a_ui_of_this_machine_answers_to_this_machines_names_alone(host, origin, stranger):
    assert is_stranger(host, origin) is stranger


def test_the_page_is_told_what_is_known_and_null_of_the_rest():
    limit = LimitNow("Tracking 500 requests/s per source", "<b>", "requests", 500, 1.0, 412)
    recent = Recent((1, 2), (0, 1), {"200": 2}, (limit,) * 20)
    status = Status(0.5, 412.0, 12, 3, 1.2, 10**9, 10**9, in_flight=4, recent=recent)
    told = json.loads(json.dumps(standing_of(status, state="running", said=None)))
    assert (told["rate_per_s"], told["in_flight"], told["left_s"], told["load"]) == (412.0, 4, 1.0, [1, 2])
    assert len(told["limits"]) == 12
    assert told["limits"][0]["most"] == 500
    assert set(standing_of(None, state="stopped", said="why")) == set(told)
