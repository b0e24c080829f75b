"""Which calls a rule speaks of."""

import pytest

from harness.mock.faults.occasion import Occasion, matcher
from harness.mock.faults.rule import FaultRule

CALL = Occasion("tracking", "/v1/batch", "POST", "key-of-the-one-source", ("track", "identify"))


def rule(**fields) -> FaultRule:
    return FaultRule(status=500, **fields)


def test_a_rule_without_a_matcher_speaks_of_every_call():
    assert matcher(rule())(CALL)
    assert matcher(rule())(Occasion("config", "/", "GET", "", ()))


@pytest.mark.parametrize(
    ("fields", "other"),
    [
        ({"api": "tracking"}, CALL._replace(api="profile")),
        ({"endpoint": "/v1/batch"}, CALL._replace(endpoint="/v1/track")),
        ({"method": "post"}, CALL._replace(method="GET")),
        ({"write_key": "key-of-the-one-source"}, CALL._replace(write_key="")),
        ({"message_type": "identify"}, CALL._replace(kinds=["track", None, ["identify"]])),
    ],
)
def test_each_matcher_tells_its_calls_from_others(fields, other):
    assert matcher(rule(**fields))(CALL)
    assert not matcher(rule(**fields))(other)


@pytest.mark.parametrize(
    ("wanted", "path", "same"),
    [
        ("/v1/import", "/v1/import/", True),
        ("/v1/import/", "/v1/import", True),
        ("/v1/import", "/v1/imports", False),
        ("/", "/", True),
        ("/", "/sources", False),
        ("/sources/{source_id}", "/sources/abc", True),
        ("/sources/{source_id}", "/sources/{source_id}", True),
        ("/sources/{source_id}", "/sources/", False),
        ("/sources/{source_id}", "/sources//", False),
        ("/sources/{source_id}/x", "/sources//x", False),
        ("/sources/{source_id}", "/sources/abc/more", False),
        ("/sources/{source_id}/x", "/sources/a.b%2Fc/x", True),
        ("/v1/a.c", "/v1/abc", False),
    ],
)
def test_a_pattern_matches_whole_segments_and_a_path_itself(wanted, path, same):
    assert matcher(rule(endpoint=wanted))(CALL._replace(endpoint=path)) == same


def test_kinds_are_not_looked_at_unless_a_type_is_asked_for():
    class Untouchable(list):
        def __contains__(self, item):
            raise AssertionError

    assert matcher(rule(api="tracking"))(CALL._replace(kinds=Untouchable()))
