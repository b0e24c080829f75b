"""What a survey says of a recording, against plain sums over the same items."""

import statistics
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording.reader import open_recording
from harness.recording.survey import Survey, survey
from harness.units import NS_PER_S
from tests.recording.making import call, ndjson, piped, track, written

KEY = b"abcdefghijklmnopqrstuvwxyz012345"
OTHER_KEY = b"99999999999999999999999999999999"


def _survey(*lines, secrets=()) -> Survey:
    with piped(ndjson(*lines)) as recording:
        return survey(recording, secrets=secrets)


def test_a_survey_counts_by_api_kind_and_source():
    found = _survey(
        call(1, source="web"),
        call(2, path="/v1/batch", source="app", body={"batch": [track(), {"type": "page"}]}),
        call(3, path="/v1/spaces/s/collections/users/profiles/u:1/traits"),
    )
    assert found.items == 4
    assert found.by_api == {"tracking": 3, "profile": 1}
    assert found.by_kind == {"track": 2, "page": 1, "GET": 1}
    assert found.by_source == {"web": 1, "app": 2}  # of messages: a call needs no write key
    assert (found.first_at_ns, found.last_at_ns, found.span_ns) == (NS_PER_S, 3 * NS_PER_S, 2 * NS_PER_S)
    assert found.bad_line is None


def test_ids_that_a_message_joins_are_one_person():
    found = _survey(
        track(anonymousId="a-1"),
        track(anonymousId="a-2"),
        track(anonymousId="a-1", userId="u-1"),
        track(anonymousId="a-2", userId="u-1"),
        track(anonymousId="a-3", userId="-1"),
        {"type": "alias", "userId": "u-9", "previousId": "a-3"},
        {"type": "page", "anonymousId": ""},
    )
    assert found.people == 2


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=2), max_size=30))
def test_people_are_the_connected_groups_of_ids(pairs):
    groups: list[set[int]] = []
    for pair in pairs:
        joined = {*pair, *(member for group in groups if group & set(pair) for member in group)}
        groups = [group for group in groups if not group & joined] + [joined]
    lines = [
        track(anonymousId=f"x{pair[0]}") if len(pair) == 1 else _alias(f"x{pair[0]}", f"x{pair[1]}")
        for pair in pairs
    ]
    # An alias may name either kind of id, so the plain one is given as both.
    lines += [_alias(f"x{member}", f"x{member}") for group in groups for member in group]
    assert _survey(*(lines or [{"type": "page"}])).people == len(groups)


def _alias(user: str, previous: str) -> dict[str, str]:
    return {"type": "alias", "userId": user, "previousId": previous}


@settings(deadline=None)  # touches files
@given(st.lists(st.integers(0, 4_000), min_size=1, max_size=60))
def test_the_peak_and_the_gaps_are_those_of_the_plain_sums(tmp_path_factory, times_ms):
    path = written(tmp_path_factory.mktemp("s"), ndjson(*(call(at_ms / 1_000) for at_ms in times_ms)))
    with open_recording(path, needs_times=True) as recording:
        found = survey(recording)
    times_ms.sort()
    assert found.peak == max(sum(at - 1_000 < other <= at for other in times_ms) for at in times_ms)
    gaps = [later - earlier for earlier, later in pairwise(times_ms)]
    if len(gaps) < 2 or not any(gaps):
        assert found.gap_variation is None
    else:
        assert found.gap_variation == pytest.approx(statistics.pstdev(gaps) / statistics.mean(gaps), abs=1e-6)


def test_a_second_is_half_open():
    assert _survey(call(0), call(1)).peak == 1
    assert _survey(call(0), call(0.999)).peak == 2


def test_without_times_there_is_no_pace():
    found = _survey(track(), track())
    assert (found.first_at_ns, found.span_ns, found.peak, found.gap_variation) == (None, None, 0, None)


@pytest.mark.parametrize(
    "data",
    [
        ndjson({"harness": "recording/1", "origin": {"note": KEY.decode()}}, track()),
        ndjson(track(), track(writeKey=KEY.decode())),
        ndjson(call(1), call(2, path=f"/v1/track?writeKey={KEY.decode()}")),
        ndjson(call(1, path="/v1/b", body={"batch": [track(), track(context={"x": KEY.decode()})]})),
        ndjson(track(properties={KEY.decode(): 1})),
        ndjson(track()) + b'{"type": "track", "writeKey": "' + KEY,
        ndjson(track(), b"junk " + KEY),
    ],
    ids=["header", "message", "path", "batch", "name", "truncated line", "bad line"],
)
def test_a_secret_is_found_wherever_it_stands(data):
    with piped(data) as recording:
        found = survey(recording, secrets=[OTHER_KEY, KEY])
    assert found.secrets_found == {1}
    assert KEY.decode() not in repr(found)


def test_a_secret_is_found_though_it_lies_across_two_pieces():
    data = ndjson(track(), track(writeKey=KEY.decode()))
    with piped(data, [data.index(KEY) + 5]) as recording:
        assert survey(recording, secrets=[KEY]).secrets_found == {0}


def test_a_bad_line_ends_a_survey_and_is_told():
    found = _survey(track(), b"junk", track())
    assert found.items == 1
    assert found.bad_line == "stdin:2: not JSON in UTF-8; correct or remove the line"


def test_the_biggest_message_is_named_by_its_line():
    found = _survey(track(), track(properties={"x": "y" * 40_000}), track())
    assert (found.oversize, found.biggest_line) == (1, 2)
    assert found.biggest_bytes > 40_000


def test_an_item_that_came_too_late_moves_the_first_instant_and_no_gap(tmp_path):
    times = [*range(1, 10_006), 0]
    with open_recording(written(tmp_path, ndjson(*map(call, times))), needs_times=True) as recording:
        found = survey(recording)
    assert found.first_at_ns == 0
    assert found.gap_variation == pytest.approx(0)
    assert found.items == 10_006
