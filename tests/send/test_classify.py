"""Claims about the status table."""

import pytest

from harness.model import Outcome
from harness.send.classify import classify

RETRIED = {408, 410, 429, 460, 500, 502, 503, 504, 506, 507, 508, 509, 510, 529, 598, 599}
REJECTED = {
    100,
    101,
    199,
    300,
    301,
    302,
    304,
    307,
    308,
    400,
    401,
    403,
    404,
    405,
    409,
    411,
    413,
    422,
    459,
    461,
    501,
    505,
    511,
    600,
    999,
}


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (Outcome.ACCEPTED, {200, 201, 202, 204, 206, 299}),
        (Outcome.RETRY, RETRIED),
        (Outcome.REJECTED, REJECTED),
    ],
)
def test_each_status_means_one_thing(outcome, statuses):
    assert {status: classify(status) for status in statuses} == dict.fromkeys(statuses, outcome)
