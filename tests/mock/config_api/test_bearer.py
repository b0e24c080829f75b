"""A call is let in by its Bearer token alone."""

import pytest

from harness.mock.config_api.bearer import is_let_in, is_public_api, token_of
from harness.mock.exchange import Call
from tests.mock.config_api.asking import TOKEN


def call_with(**headers):
    return Call("GET", "/", {name.encode(): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        (b"Bearer abc", b"abc"),
        (b"bearer  abc ", b"abc"),
        (b"BEARER abc", b"abc"),
        (b"Bearer", b""),
        (b"Bearer ", b""),
        (b"Basic YWJjOg==", b""),
        (b"abc", b""),
        (b"", b""),
    ],
)
def test_a_token_stands_behind_bearer(authorization, token):
    assert token_of(call_with(authorization=authorization)) == token


@pytest.mark.parametrize(
    ("sent", "tokens", "let_in"),
    [
        ("anything", (), True),
        ("", (), False),
        (TOKEN, (TOKEN,), True),
        (TOKEN, ("other", TOKEN), True),
        (TOKEN[:-1], (TOKEN,), False),
        (TOKEN + "x", (TOKEN,), False),
        ("clé", ("clé",), True),
        ("", (TOKEN,), False),
    ],
)
def test_a_call_is_let_in_by_a_token_that_is_set_or_by_any_where_none_is(sent, tokens, let_in):
    assert is_let_in(call_with(authorization=b"Bearer " + sent.encode()), tokens) is let_in


@pytest.mark.parametrize(
    ("headers", "is_public"),
    [
        ({"authorization": b"Bearer x"}, True),
        ({"accept": b"application/vnd.segment.v1+json"}, True),
        ({"accept": b"text/html,application/xhtml+xml,*/*;q=0.8"}, False),
        ({"authorization": b"Basic eDo="}, False),
        ({}, False),
    ],
)
def test_the_root_is_the_public_api_for_its_clients_and_the_live_page_for_a_browser(headers, is_public):
    assert is_public_api(call_with(**headers)) is is_public
