"""What is a client assertion, and whose."""

import base64
import json

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.mock.edge.assertion import (
    LONGEST_BYTES,
    Assertion,
    BadAssertionError,
    assertion_of,
    is_signed_by,
    read_public_keys,
)
from tests.mock.edge.assertions import claims_at, key_pair, signed
from tests.segment.test_validity import JSON

NOW_S = 1_700_000_000


def token_of(header: object, claims: object) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    return b".".join((*parts, b"c2ln")).decode()


HEADER = {"alg": "RS256", "typ": "JWT", "kid": "key-1"}


def test_a_signed_assertion_is_read():
    aud = "https://oauth2.segment.io"
    assert assertion_of(signed(claims_at(NOW_S))) == Assertion("key-1", aud, "one", NOW_S - 5, NOW_S + 55)
    assert assertion_of(signed(claims_at(NOW_S, iss=None))).token_id == "one"
    assert assertion_of(token_of(HEADER, claims_at(NOW_S, iat=NOW_S + 0.9))).issued_s == NOW_S


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "not a JSON Web Token"),
        ("a.b", "not a JSON Web Token"),
        ("a.b.", "not a JSON Web Token"),
        ("a" * LONGEST_BYTES + ".b.c", "not a JSON Web Token"),
        ("a.b.c", "the header of client_assertion cannot be read"),
        ("ü.b.c", "the header of client_assertion cannot be read"),
        (token_of([], {}), "the header of client_assertion must be a JSON object"),
        (token_of(HEADER, 1), "the payload of client_assertion must be a JSON object"),
        (token_of({**HEADER, "alg": "none"}, claims_at(NOW_S)), "alg must be RS256"),
        (token_of({**HEADER, "alg": "HS256"}, claims_at(NOW_S)), "alg must be RS256"),
        (token_of({"alg": "RS256"}, claims_at(NOW_S)), "kid is missing"),
        (token_of({**HEADER, "kid": ["a"]}, claims_at(NOW_S)), "kid is missing"),
        *[
            (token_of(HEADER, claims_at(NOW_S, **{name: value})), f"{name} must be a text")
            for name in ("sub", "aud", "jti")
            for value in (None, "", 7, ["a"])
        ],
        *[
            (token_of(HEADER, claims_at(NOW_S, **{name: value})), f"{name} must be seconds since 1970")
            for name in ("iat", "exp")
            for value in (None, "1", True, -1, 1e300)
        ],
    ],
)
def test_what_is_no_assertion_says_why(token, sentence):
    with pytest.raises(BadAssertionError, match=sentence):
        assertion_of(token)


@settings(max_examples=50)
@given(st.text(max_size=40) | st.builds(token_of, JSON | st.just(HEADER), JSON))
def test_any_text_at_all_is_refused_and_breaks_nothing(token):
    with pytest.raises(BadAssertionError):
        assertion_of(token)


def test_a_signature_is_known_by_its_key_alone():
    keys = read_public_keys({"key-1": key_pair()[1], "key-2": key_pair(2)[1]})
    token = signed(claims_at(NOW_S))
    assert is_signed_by(token, keys["key-1"])
    assert not is_signed_by(token, keys["key-2"])
    header, payload, signature = token.split(".")
    other = token_of(HEADER, claims_at(NOW_S, sub="other")).split(".")[1]
    assert not is_signed_by(f"{header}.{other}.{signature}", keys["key-1"])
    assert not is_signed_by(f"{header}.{payload}.!", keys["key-1"])
    symmetric = jwt.encode(claims_at(NOW_S), "x" * 64, algorithm="HS256", headers={"kid": "key-1"})
    assert not is_signed_by(symmetric, keys["key-1"])


@pytest.mark.parametrize(
    "pem", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_what_is_no_public_key_is_told_by_its_name_and_never_shown(pem):
    with pytest.raises(UsageError, match=r"oauth\.public_keys\.mine is no RSA public key; write it as PEM"):
        read_public_keys({"mine": pem})
    with pytest.raises(UsageError, match="mine"):
        read_public_keys({"mine": key_pair()[0]})
    assert read_public_keys({}) == {}
