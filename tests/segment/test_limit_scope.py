"""Which scope of a limit a request counts in."""

import pytest

from harness.model import Limit
from harness.segment.limit_scope import hangs_on_path, is_endpoint, label_under

TRAITS = "/v1/spaces/s1/collections/users/profiles/user_id:u/traits"
PATTERN = "/v1/spaces/*/collections/users/profiles/*/traits"


def limit(scope, endpoint=""):
    return Limit("profile", "a limit", 1, 1, "requests", scope, "a test", endpoint)


@pytest.mark.parametrize(
    ("pattern", "path", "is_it"),
    [
        (PATTERN, TRAITS, True),
        (PATTERN, TRAITS + "?limit=5", True),
        (PATTERN, TRAITS + "/", True),
        (PATTERN, TRAITS + "/more", False),
        (PATTERN, TRAITS.replace("traits", "events"), False),
        ("/sources", "/sources", True),
        ("/sources", "/sources/a", False),
        ("/sources/*", "/sources/a", True),
        ("/", "/", True),
    ],
)
def test_a_star_is_any_one_segment_and_a_query_is_none(pattern, path, is_it):
    assert is_endpoint(pattern, path) is is_it


@pytest.mark.parametrize(
    ("scope", "label"), [("source", "web"), ("space", "s1"), ("workspace", ""), ("token", "")]
)
def test_a_scope_has_the_label_of_what_it_is_per(scope, label):
    assert label_under(limit(scope), "web", TRAITS) == label


def test_a_limit_of_an_endpoint_speaks_of_no_other():
    assert label_under(limit("space", PATTERN), "web", TRAITS) == "s1"
    assert label_under(limit("space", PATTERN), "web", "/v1/spaces/s1") is None


def test_scopes_hang_on_the_path_by_space_and_endpoint_alone():
    assert [hangs_on_path(limit(scope)) for scope in ("source", "workspace", "token", "space")] == [
        False,
        False,
        False,
        True,
    ]
    assert hangs_on_path(limit("source", "/v1/track"))
