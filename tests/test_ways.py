"""Where the items of each API go, with whose token, and what is refused."""

import base64

import pytest

from harness.errors import GuardError
from harness.plan import make_plan
from harness.send.guard import Permit, is_loopback
from harness.send.target import parse_target
from harness.ways import beside, confirmed_host, limits_of, named_urls, needed, selection_of, to_calls

TOKEN, OTHER = "sgp_profile_token_1", "sgp_access_token_22"
SET = {"SEGMENT_PROFILE_TOKEN": TOKEN, "SEGMENT_ACCESS_TOKEN": OTHER, "SEGMENT_SPACE_ID": "spa_mine"}
HERE, BEYOND = "http://127.0.0.1:8080", "http://192.0.2.10:8080"


def plan(**given):
    return make_plan("r.ndjson", given)


def way(api, url, environ, *, is_mock=False, privacy="synthetic", **given):
    return to_calls(
        plan(**given),
        api,
        url,
        run_id="r1",
        privacy=privacy,
        environ=environ,
        is_mock=lambda _target, _permit: is_mock,
        loopback=is_loopback,
    )


def basic(token):
    return "Basic " + base64.b64encode(f"{token}:".encode()).decode()


@pytest.mark.parametrize(
    ("given", "recorded", "named"),
    [
        ({}, ["tracking"], {}),
        ({"target": ["http://a"]}, ["tracking"], {"": "http://a"}),
        ({"target": ["config=http://c", "http://a"]}, [], {"": "http://a", "config": "http://c"}),
        ({"region": "us"}, ["tracking"], {"tracking": "https://api.segment.io"}),
        (
            {"region": "eu"},
            ["config", "profile"],
            {
                "profile": "https://profiles.euw1.segment.com",
                "config": "https://eu1.api.segmentapis.com",
            },
        ),
    ],
)
def test_a_region_names_the_hosts_of_what_is_recorded(given, recorded, named):
    assert named_urls(plan(**given), recorded) == named
    assert list(named_urls(plan(**given), recorded)) == list(named)


def test_what_is_known_not_to_be_recorded_needs_no_way():
    ways = {api: beside(api, *_here(), run_id="r", environ={}) for api in ("profile", "config")}
    assert list(needed(ways, None)) == ["profile", "config"]
    assert list(needed(ways, {"config": 3})) == ["profile", "config"]
    assert list(needed(ways, {"tracking": 3})) == ["profile"]  # one at least: somebody must be asked


@pytest.mark.parametrize(
    ("api", "environ", "authorization"),
    [
        ("profile", SET, basic(TOKEN)),
        ("profile", {"SEGMENT_ACCESS_TOKEN": OTHER}, basic(OTHER)),
        ("config", SET, f"Bearer {OTHER}"),
    ],
)
def test_each_api_has_its_token_and_the_profile_api_falls_back_on_the_access_token(
    api, environ, authorization
):
    assert way(api, HERE, environ).credential("whoever") == authorization


@pytest.mark.parametrize("api", ["profile", "config"])
def test_a_mock_never_gets_a_token_of_the_environment(api):
    made_up = way(api, HERE, SET, is_mock=True).credential("")
    assert made_up not in {basic(TOKEN), basic(OTHER), f"Bearer {OTHER}"}
    assert made_up == way(api, HERE, {}, is_mock=True).credential("")
    assert made_up == way(api, HERE, {}).credential("")  # nor is one needed on this machine


def test_beyond_this_machine_a_token_and_a_space_are_needed():
    for environ, words in (
        ({}, ["SEGMENT_PROFILE_TOKEN and SEGMENT_ACCESS_TOKEN hold no token", "SEGMENT_SPACE_ID"]),
        ({"SEGMENT_ACCESS_TOKEN": OTHER}, ["SEGMENT_SPACE_ID"]),
        ({"SEGMENT_SPACE_ID": "spa"}, ["hold no token"]),
    ):
        with pytest.raises(GuardError) as refusal:
            way("profile", BEYOND, environ, confirm_host=["192.0.2.10"])
        assert all(word in str(refusal.value) for word in words)
        assert OTHER not in str(refusal.value)
    allowed = way("profile", BEYOND, SET, confirm_host=["192.0.2.10"])
    assert (allowed.permit.beyond, allowed.space) == (True, "spa_mine")
    assert way("config", BEYOND, {"SEGMENT_ACCESS_TOKEN": OTHER}, confirm_host=["192.0.2.10"]).space is None
    assert way("profile", BEYOND, {}, is_mock=True, confirm_host=["192.0.2.10"]).space is None


def test_each_host_beyond_this_machine_is_confirmed_by_itself():
    with pytest.raises(GuardError, match=r"say --confirm-host 192\.0\.2\.10"):
        way("config", BEYOND, SET)
    with pytest.raises(GuardError, match="both must name the same host"):
        way("config", BEYOND, SET, confirm_host=["198.51.100.1"])
    assert way("config", BEYOND, SET, confirm_host=["198.51.100.1", "192.0.2.10"]).permit.beyond
    assert confirmed_host(plan(), parse_target(BEYOND)) is None


def test_a_raw_recording_stays_on_this_machine_in_its_calls_too():
    with pytest.raises(GuardError, match="raw"):
        way("profile", BEYOND, SET, privacy="raw", confirm_host=["192.0.2.10"])
    assert way("profile", BEYOND, SET, privacy="raw", confirm_host=["192.0.2.10"], send_unredacted=True)


def test_beyond_this_machine_calls_are_reads_only():
    near = way("profile", HERE, SET)
    far = way("config", BEYOND, SET, confirm_host=["192.0.2.10"])
    selection = selection_of(plan(allow_writes=["PATCH /sources/{id}"]), {"profile": near, "config": far})
    assert selection.apis == {"profile", "config"}
    assert selection.reads_only == {"config"}
    assert selection.writes == ("PATCH /sources/*",)


def names(asked, ways):
    return [limit.name for limit in limits_of(asked, ways)]


def test_each_api_has_its_documented_limit_and_one_that_is_asked_for_takes_its_place():
    every = {api: beside(api, *_here(), run_id="r", environ={}) for api in ("profile", "config")}
    documented = ["Profile 100 requests/s per space", "Config 100 requests/min per token"]
    assert names(plan(), every) == documented
    assert names(plan(), {}) == ["Tracking 500 requests/s per source", *documented]
    assert names(plan(limit=["profile=7/s"]), every) == [
        "Config 100 requests/min per token",
        "Profile 7 requests/s per space",
    ]
    beside_it = names(plan(limit=["tracking@workspace=800/s", "tracking:/v1/batch=5/s"]), {})
    assert beside_it[0] == "Tracking 500 requests/s per source"
    assert beside_it[-2:] == [
        "Tracking 800 requests/s per workspace",
        "Tracking 5 requests/s per source on /v1/batch",
    ]


def test_beyond_this_machine_a_share_of_what_segment_documents_today_holds_as_well():
    far = {"config": way("config", BEYOND, SET, confirm_host=["192.0.2.10"])}
    assert names(plan(share="0.25"), far)[-1] == "Config 200 requests/min per token x 0.25"
    assert limits_of(plan(share="0.25"), far)[-1].count == 50


def _here():
    target = parse_target(HERE)
    return target, Permit(target, beyond=False, is_mock=True, loopback=is_loopback)
