"""Where the mock listens, and when a token is asked for."""

import pytest
from msgspec.structs import replace

from harness.mock.listen import AdminToken, ListenSettings, admin_token, is_loopback

SECRET = "s3cret-token"  # allowed: made up


def test_it_is_loopback_and_a_free_port_unless_told_otherwise():
    listen = ListenSettings()
    assert (listen.host, listen.port, listen.tls, listen.token) == ("127.0.0.1", 0, False, "")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": ""}, "host is empty"),
        ({"token": "short"}, "8 to 256 visible ASCII"),
        ({"token": "with a space"}, "8 to 256 visible ASCII"),
        ({"token": "line\nbreaks"}, "8 to 256 visible ASCII"),
        ({"token": "x" * 257}, "8 to 256 visible ASCII"),
        ({"ca_out": "ca.pem"}, "no certificate to write without TLS"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_without_the_token(changed, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        replace(ListenSettings(), **changed)
    assert changed.get("token", SECRET) not in str(raised.value)


def test_no_repr_shows_a_token():
    listen = ListenSettings(token=SECRET)
    token = AdminToken(SECRET, made=False)
    assert SECRET not in repr(listen) + str(listen.__rich_repr__()) + repr(token)
    assert "token='set'" in repr(listen)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((address, True) for address in ("127.0.0.1", "127.9.8.7", "::1")),
        *((address, False) for address in ("0.0.0.0", "::", "10.0.0.1", "192.0.2.1", "localhost", "")),
    ],
)
def test_loopback_is_what_this_machine_alone_can_reach(address, expected):
    assert is_loopback(address) is expected


def made_of(size: int) -> bytes:
    return bytes(range(size))


def test_on_loopback_no_token_is_asked_for():
    assert admin_token(ListenSettings(), "127.0.0.1", made_of) == AdminToken("", made=False)


def test_beyond_loopback_one_is_made_and_can_be_used_as_one():
    token = admin_token(ListenSettings(), "0.0.0.0", made_of)
    assert token == AdminToken("000102030405060708090a0b0c0d0e0f", made=True)
    assert ListenSettings(token=token.text).token == token.text


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_one_that_was_given_is_asked_for_everywhere_and_never_told(address):
    assert admin_token(ListenSettings(token=SECRET), address, made_of) == AdminToken(SECRET, made=False)
