"""What a page of another origin may do."""

from hypothesis import given
from hypothesis import strategies as st

from harness.mock.edge.cors import CORS_LINES, MAX_AGE_S, allowed_headers, cors_headers, preflight, with_cors
from harness.mock.exchange import json_reply
from tests.mock.edge.visits import headers_of, status_of

ASKED = {
    b"origin": b"https://shop.example",
    b"access-control-request-method": b"POST",
    b"access-control-request-headers": b"authorization,content-type,x-retry-count",
}


def test_a_preflight_lets_a_page_send_what_segments_library_sends():
    reply = preflight(ASKED)
    assert (status_of(reply), reply.body) == (204, b"")
    assert headers_of(reply) == {
        "Allow": "POST, OPTIONS",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "authorization, content-type, x-retry-count",
        "Access-Control-Max-Age": str(MAX_AGE_S),
        "Vary": "Access-Control-Request-Headers",
    }


def test_a_page_is_given_further_headers_that_it_asks_for_and_told_in_lower_case():
    asked = {**ASKED, b"access-control-request-headers": b"X-Mine , Content-Type"}
    assert allowed_headers(asked) == ("authorization", "content-type", "x-retry-count", "x-mine")


def test_a_public_page_that_asks_may_call_a_private_address():
    asked = {**ASKED, b"access-control-request-private-network": b"true"}
    assert headers_of(preflight(asked))["Access-Control-Allow-Private-Network"] == "true"


def test_options_that_come_from_no_page_are_told_the_methods_alone():
    assert headers_of(preflight({}, "GET")) == {"Allow": "GET, OPTIONS"}


def test_an_answer_is_readable_for_a_page_and_unchanged_for_others():
    plain = json_reply(200, {})
    assert with_cors(plain, {}) is plain
    headers = headers_of(with_cors(plain, ASKED))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"].split(", ")
    assert "Access-Control-Allow-Credentials" not in headers
    assert plain.head + CORS_LINES == with_cors(plain, ASKED).head
    assert cors_headers({}) == ()


@given(
    st.binary(max_size=60) | st.lists(st.sampled_from([b"a", b"x-b", b"\r\nEvil: 1", b"\xff"])).map(b",".join)
)
def test_no_header_asked_for_can_write_a_header_of_its_own(asked):
    reply = preflight({**ASKED, b"access-control-request-headers": asked})
    assert len(headers_of(reply)) == 6
    assert all(name.isascii() and name.isprintable() for name in allowed_headers({**ASKED, b"x": asked}))


def test_only_so_many_headers_are_read():
    asked = b",".join(b"x-%d" % number for number in range(10_000))
    assert len(allowed_headers({b"access-control-request-headers": asked})) == 35
