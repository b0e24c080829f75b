"""Calls by endpoint, without whose they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.call_names import call_name
from harness.segment.limit_scope import is_endpoint
from harness.segment.profile_paths import traits_path


@pytest.mark.parametrize(
    ("api", "path", "name"),
    [
        ("tracking", "/v1/track", "/v1/track"),
        ("config", "/", "/"),
        ("config", "/sources?pagination.count=2", "/sources"),
        ("config", "/sources/s1", "/sources/*"),
        ("config", "/sources/s1/connected-destinations", "/sources/*/connected-destinations"),
        ("config", "/v1beta/workspaces/w/sources/js", "/v1beta/workspaces/*/sources/*"),
        ("config", "/workspaces/w", "/workspaces/*"),
        ("profile", "/v1/spaces/s", "/v1/spaces/*"),
    ],
)
def test_ids_and_queries_are_left_out(api, path, name):
    assert call_name(api, path) == name


@given(st.text(min_size=1, max_size=10), st.text(min_size=1, max_size=10))
def test_all_people_and_spaces_have_one_name_which_is_the_endpoint_of_a_limit(space, person):
    path = traits_path(space, f"u:{person}") + "?limit=3"
    assert call_name("profile", path) == "/v1/spaces/*/collections/users/profiles/*/traits"
    assert is_endpoint(call_name("profile", path), path)
