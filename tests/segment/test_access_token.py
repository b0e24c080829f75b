"""A token reaches the header and nothing else."""

import base64

from harness.segment.access_token import AccessToken

SECRET = "sgp_made_up_x9Qd"


def test_each_api_has_its_own_scheme():
    token = AccessToken(SECRET)
    assert token.authorization("config") == f"Bearer {SECRET}"
    scheme, _, encoded = token.authorization("profile").partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(encoded) == f"{SECRET}:".encode()


def test_printing_it_shows_nothing_of_it():
    shown = f"{AccessToken(SECRET)} {AccessToken(SECRET)!r}"
    assert not any(part in shown for part in ("sgp", "made", "x9Qd"))
