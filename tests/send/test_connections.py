"""Claims about the connections of one user, and about unknown profiles."""

import dataclasses

import orjson
import pytest

from harness.model import Answer, Failure, Outcome
from harness.send.connections import Connections
from tests.send.hub import request
from tests.send.test_retry import decide

TRAITS = "/v1/spaces/s/collections/users/profiles/user_id:u/traits"
UNKNOWN = orjson.dumps({"error": {"code": "not_found", "message": "Profile was not found."}})


class Wired:
    """A connection that answers at once with what it is told to."""

    def __init__(self, made, api, answer):
        made.append(api)
        self.api, self.answer, self.closed, self.sent = api, answer, False, []

    def connect(self, done):
        done(None)

    def send(self, request, done):
        self.sent.append(request)
        done(Answer(0, 1, failure=Failure.STOPPED) if self.closed else self.answer)

    def close(self):
        self.closed = True


def wired(answer=None):
    made = []
    each = {
        api: lambda api=api: Wired(made, api, answer or Answer(0, 1, 200))
        for api in ("tracking", "profile", "config")
    }
    return Connections(each), made


def to(api, method="GET", path=TRAITS):
    return dataclasses.replace(request(b"", method=method, path=path), api=api)


def heard(connections, sent):
    answers = []
    connections.send(sent, answers.append)
    assert len(answers) == 1
    return answers[0]


def test_a_connection_is_made_when_its_api_is_first_called_and_kept():
    connections, made = wired()
    connections.connect(made.append)
    assert made == ["tracking", None]
    for api in ("tracking", "profile", "tracking", "profile", "config"):
        assert heard(connections, to(api)).status == 200
    assert made == ["tracking", None, "profile", "config"]


def test_once_closed_no_api_is_called():
    connections, _ = wired()
    heard(connections, to("profile"))
    connections.close()
    assert heard(connections, to("profile")).failure is Failure.STOPPED
    assert heard(connections, to("config")).failure is Failure.STOPPED


@pytest.mark.parametrize(
    ("sent", "status", "body", "unknown"),
    [
        (to("profile"), 404, UNKNOWN, True),
        (to("profile"), 404, UNKNOWN.replace(b"Profile", b"Space"), False),
        (to("profile"), 404, b"<html>", False),
        (to("profile"), 404, b"[]", False),
        (to("profile"), 404, b'{"error": "not_found"}', False),
        (to("profile"), 400, UNKNOWN, False),
        (to("profile", "POST"), 404, UNKNOWN, False),
        (to("config", path="/sources/a"), 404, UNKNOWN, False),
        (to("tracking"), 404, UNKNOWN, False),
    ],
)
def test_only_the_profile_apis_own_word_makes_a_404_an_answer(sent, status, body, unknown):
    connections, _ = wired(Answer(0, 1, status, body=body))
    answer = heard(connections, sent)
    assert answer.unknown_profile is unknown
    assert decide(answer).outcome is (Outcome.ACCEPTED if unknown else Outcome.REJECTED)
