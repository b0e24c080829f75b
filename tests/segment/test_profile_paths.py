"""Paths of the Profile API, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.endpoints import endpoint_of
from harness.segment.profile_paths import person_of_traits, space_of, traits_path, with_person, with_space


@given(
    space=st.text(min_size=1, max_size=8), key=st.sampled_from("ua"), value=st.text(min_size=1, max_size=12)
)
def test_whoever_is_written_into_a_path_is_read_out_of_it(space, key, value):
    path = traits_path(space, f"{key}:{value}")
    assert person_of_traits(path) == f"{key}:{value}"
    assert space_of(path) == space
    assert path.isascii()
    assert endpoint_of(path).api == "profile"


def test_an_id_is_escaped_whole():
    assert (
        traits_path("spa_1", "u:a+b/c@x.example")
        == "/v1/spaces/spa_1/collections/users/profiles/user_id:a%2Bb%2Fc%40x.example/traits"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/v1/spaces/s/collections/users/profiles/user_id:u/events",
        "/v1/spaces/s/collections/accounts/profiles/group_id:g/traits",
        "/v1/spaces/s/collections/users/profiles/email:a@x.example/traits",
        "/v1/spaces/s/collections/users/profiles/use_123/traits",
        "/v1/spaces/s",
        "/v1/track",
        "/sources",
    ],
)
def test_other_paths_are_nobodys_traits(path):
    assert person_of_traits(path) is None


def test_another_space_takes_the_place_of_the_recorded_one_and_of_nothing_else():
    path = "/v1/spaces/prod/collections/users/profiles/user_id:prod/traits?limit=20"
    assert with_space(path, "sta/ge") == path.replace("spaces/prod", "spaces/sta%2Fge")
    assert with_space("/v1/spaces/prod", "s") == "/v1/spaces/s"
    assert with_space("/sources/prod", "s") == "/sources/prod"
    assert space_of("/sources/prod") == ""


@given(key=st.sampled_from("ua"), value=st.text(min_size=1, max_size=12))
def test_a_copied_person_has_a_path_of_its_own(key, value):
    path = traits_path("s", f"{key}:{value}") + "?limit=3"
    renamed = with_person(path, lambda known: known + "~1")
    assert person_of_traits(renamed) == f"{key}:{value}~1"
    assert renamed.endswith("/traits?limit=3")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/spaces/s",
        "/v1/spaces/s/collections/accounts/profiles/group_id:g/traits",
        "/v1/spaces/s/collections/users/profiles/use_123/traits",
        "/sources/user_id:1",
    ],
)
def test_a_path_without_a_persons_id_stays_as_it_is(path):
    assert with_person(path, lambda known: known + "~1") == path
