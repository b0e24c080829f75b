"""Answers come in the version that was asked for, and errors in their API's own shape."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.config_api.replies import (
    Problem,
    failure,
    legacy_failure,
    media_type_of,
    problem,
    success,
)
from tests.mock.config_api.asking import read

V1 = "application/vnd.segment.v1+json"
BETA = "application/vnd.segment.v1beta+json"
ALPHA = "application/vnd.segment.v1alpha+json"
PLAIN = "application/json"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (V1, V1),
        (BETA, BETA),
        (ALPHA, ALPHA),
        ("APPLICATION/VND.SEGMENT.V1+JSON", V1),
        (f"{V1}; charset=utf-8", V1),
        (f"{V1}, {PLAIN}, {BETA}", V1),
        (f"{V1};q=0.5, {ALPHA}", ALPHA),
        (f"{V1};q=0, {PLAIN};q=0.1", PLAIN),
        ("application/vnd.segment.v9+json, " + V1, V1),
        ("application/vnd.segment.v9+json", None),
        ("application/vnd.segment.v9+json, */*", PLAIN),
        (PLAIN, PLAIN),
        ("*/*", PLAIN),
        ("text/html", PLAIN),
        ("", PLAIN),
        (f"{V1};q=huge", PLAIN),
    ],
)
def test_the_answer_s_type_mirrors_the_accept_header(accept, media_type):
    assert media_type_of(accept) == media_type


@settings(max_examples=100)
@given(
    st.text(alphabet=st.characters(max_codepoint=255), max_size=60)
    | st.text(";,=q.1 /*vndsegment", max_size=60)
)
def test_no_accept_header_can_name_another_type(accept):
    assert media_type_of(accept) in {V1, BETA, ALPHA, PLAIN, None}


def test_success_and_failure_are_never_both_there():
    assert read(success({"a": 1}, V1)) == (
        200,
        {"content-type": V1, "content-length": "16"},
        {"data": {"a": 1}},
    )
    status, headers, body = read(failure(Problem(422, (("a", "wrong"), (None, "worse"))), BETA))
    assert (status, headers["content-type"]) == (422, BETA)
    assert body == {
        "errors": [
            {"type": "input-validation", "message": "wrong", "field": "a"},
            {"type": "input-validation", "message": "worse"},
        ]
    }


def test_a_401_names_the_scheme_it_wants():
    assert read(failure(problem(401, "no")))[1]["www-authenticate"] == "Bearer"
    assert read(legacy_failure(401, "no"))[1]["www-authenticate"] == "Bearer"
    assert "www-authenticate" not in read(failure(problem(404, "no")))[1]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 3), (401, 16), (403, 7), (404, 5), (409, 6), (429, 8), (500, 13), (501, 12), (503, 14), (418, 2)],
)
def test_a_legacy_error_has_its_grpc_code(status, code):
    assert read(legacy_failure(status, "so"))[2] == {"error": "so", "code": code}
