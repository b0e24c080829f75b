"""A 429 is what the clients of each API read."""

import orjson

from harness.mock.limits.refusals import refusal_reply
from harness.mock.limits.rule import LimitRule
from harness.mock.limits.throttle import Admission

S = 1_000_000_000


def told(api: str, path: str, wait_ns: int = 57_646_500_000):
    rule = LimitRule(api=api, count=20, window_s=60.0)
    headers = (("Retry-After", "58"),)
    reply = refusal_reply(Admission(True, wait_ns, headers, rule, 21, 0), api, path)
    assert reply.head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"Retry-After: 58\r\n" in reply.head
    assert isinstance(reply.body, bytes)
    return orjson.loads(reply.body)


def test_of_the_tracking_api_with_every_field_that_a_library_reads():
    body = told("tracking", "/v1/track")
    assert (body["success"], body["code"]) == (False, "rate_limit_exceeded")
    assert body["message"] == body["error"] == "too many requests; try again in 58 s"


def test_of_the_profile_api():
    error = told("profile", "/v1/spaces/s/collections/users/profiles/user_id:u/traits")["error"]
    assert error["code"] == "rate_limit_error"
    assert error["message"]


def test_of_the_public_api():
    data = {"remainingPoints": 0, "msBeforeNext": 57_647, "consumedPoints": 21}
    error = {"type": "RequestError", "message": "Too many requests", "data": data}
    for path in ("/", "/sources", "/sources/abc"):
        assert told("config", path) == {"errors": [error]}


def test_of_the_legacy_config_api():
    for path in ("/v1beta/workspaces", "/workspaces/w/sources"):
        body = told("config", path)
        assert body["code"] == 8
        assert body["error"] == "rate limit of 20 requests in 60 s exhausted"
