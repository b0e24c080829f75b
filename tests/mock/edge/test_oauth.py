"""Access tokens: what they are given out for, and how long they are good."""

from io import BytesIO
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import Response
from segment.analytics import oauth_manager  # type: ignore[import-untyped] # has no types
from segment.analytics.request import APIError  # type: ignore[import-untyped] # has no types

from harness.clock import ManualClock, SystemClock
from harness.mock.edge.oauth import ASSERTION_TYPE, OAuth, bearer_of
from harness.mock.edge.settings import OAuthSettings
from harness.units import NS_PER_S
from tests.mock.boxed import numbered_entropy
from tests.mock.edge.assertions import claims_at, key_pair, signed
from tests.mock.edge.visits import bytes_of, headers_of, json_of, status_of

FORM = {b"content-type": b"application/x-www-form-urlencoded"}
KEYS = {"key-1": key_pair()[1]}


class Server:
    """An authorization server on a clock that stands still."""

    def __init__(self, clock=None, **settings) -> None:
        self.clock = clock or ManualClock()
        self.oauth = OAuth(OAuthSettings(**settings), self.clock, numbered_entropy())

    @property
    def now_s(self) -> int:
        return self.clock.wall_ns() // NS_PER_S

    def form(self, **changed) -> dict[str, str]:
        claims = {name[6:]: changed.pop(name) for name in list(changed) if name.startswith("claim_")}
        signing = {name: changed.pop(name) for name in ("key", "kid") if name in changed}
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signed(claims_at(self.now_s, **claims), **signing),
            "scope": "tracking_api:write",
            **changed,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def ask(self, **changed):
        return self.oauth.answer(FORM, urlencode(self.form(**changed)).encode())

    def token(self, **changed) -> bytes:
        reply = self.ask(**changed)
        assert status_of(reply) == 200, reply.body
        return bytes(json_of(reply)["access_token"], "ascii")

    def is_good(self, token: bytes) -> bool:
        return self.oauth.token_ok(token, self.clock.now_ns())


def test_an_assertion_is_worth_a_token_for_a_day():
    server = Server(public_keys=KEYS)
    reply = server.ask()
    assert status_of(reply) == 200
    document = json_of(reply)
    token = document.pop("access_token").encode()
    assert document == {"token_type": "Bearer", "scope": "tracking_api:write", "expires_in": 86_400}
    headers = headers_of(reply)
    assert (headers["Cache-Control"], headers["Date"]) == ("no-store", "Tue, 14 Nov 2023 22:13:20 GMT")
    assert server.is_good(token)
    server.clock.advance(86_400 * NS_PER_S - 1)
    assert server.is_good(token)
    server.clock.advance(1)
    assert not server.is_good(token)


def test_another_token_is_not_good():
    server = Server()
    token = server.token()
    for other in (b"", token[:-1], token + b"A", token.swapcase()):
        assert not server.is_good(other)


@pytest.mark.parametrize(
    ("changed", "status", "error", "description"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "grant_type must be client_credentials"),
        ({"grant_type": None}, 400, "invalid_request", "grant_type must be there once"),
        ({"scope": None}, 400, "invalid_request", "scope must be there once"),
        ({"scope": "public_api:read_write"}, 400, "invalid_scope", "scope must be of: tracking_api:write"),
        ({"scope": " "}, 400, "invalid_scope", "scope must be of"),
        ({"client_assertion_type": "jwt"}, 400, "invalid_request", "client_assertion_type must be urn:"),
        ({"client_assertion": ""}, 400, "invalid_request", "client_assertion must be there once"),
        ({"client_assertion": "a.b.c"}, 401, "invalid_client", "cannot be read"),
        ({"kid": "key-2"}, 401, "invalid_client", "no public key has this kid"),
        ({"key": key_pair(2)[0]}, 401, "invalid_client", "the signature is not of the key"),
        ({"claim_aud": "elsewhere"}, 401, "invalid_client", "aud must be https://oauth2.segment.io"),
        ({"claim_iat": 1_700_000_001}, 400, "invalid_request", "Token used before issued"),
        ({"claim_exp": 1_700_000_000}, 400, "invalid_request", "Token is expired"),
        ({"claim_exp": 1_700_000_056}, 401, "invalid_client", "exp must be at most 60 s after iat"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_as_oauth_says_it(changed, status, error, description):
    server = Server(public_keys=KEYS, audience="https://oauth2.segment.io")
    reply = server.ask(**changed)
    assert (status_of(reply), json_of(reply)["error"]) == (status, error)
    assert description in json_of(reply)["error_description"]
    assert {"Date", "Cache-Control"} < headers_of(reply).keys()
    assert server.oauth.report() == {
        "required": False,
        "signatures_checked": True,
        "issued": 0,
        "live": 0,
        "evicted": 0,
        "refused": {error: 1},
    }
    assert status_of(server.ask()) == 200, "the jti of a refused assertion is not used up"


def test_exp_at_or_before_iat_is_refused():
    server = Server()
    assert status_of(server.ask(claim_iat=server.now_s, claim_exp=server.now_s + 1)) == 200
    late = Server(leeway_s=30)
    assert status_of(late.ask(claim_iat=late.now_s, claim_exp=late.now_s)) == 401


def test_leeway_excuses_a_clock_that_is_a_little_off():
    server = Server(leeway_s=10)
    assert status_of(server.ask(claim_jti="fast", claim_iat=server.now_s + 10)) == 200
    assert status_of(server.ask(claim_jti="slow", claim_exp=server.now_s - 4)) == 200
    assert status_of(server.ask(claim_jti="too fast", claim_iat=server.now_s + 11)) == 400


@pytest.mark.parametrize("body", [None, b"", b"\xff\xff", b"&" * 100, b"a=1&" * 100])
def test_a_body_that_is_no_form_is_refused(body):
    reply = Server().oauth.answer(FORM, body)
    assert (status_of(reply), json_of(reply)["error"]) == (400, "invalid_request")


def test_another_media_type_is_refused_and_its_parameters_are_not_looked_at():
    server = Server()
    body = urlencode(server.form()).encode()
    assert status_of(server.oauth.answer({b"content-type": b"application/json"}, body)) == 415
    assert status_of(server.oauth.answer({}, body)) == 415
    with_charset = {b"content-type": b"Application/X-WWW-Form-Urlencoded; charset=utf-8"}
    assert status_of(server.oauth.answer(with_charset, body)) == 200


def test_a_parameter_that_comes_twice_is_refused():
    server = Server()
    body = urlencode(server.form()) + "&scope=tracking_api:write"
    assert status_of(server.oauth.answer(FORM, body.encode())) == 400


def test_an_assertion_is_good_once():
    server = Server()
    form = urlencode(server.form()).encode()
    assert status_of(server.oauth.answer(FORM, form)) == 200
    again = server.oauth.answer(FORM, form)
    assert (status_of(again), json_of(again)["error_description"]) == (401, "jti was used before")
    server.oauth.reset()
    assert status_of(server.oauth.answer(FORM, form)) == 401


def test_without_public_keys_a_signature_is_not_checked_but_all_else_is():
    server = Server()
    assert status_of(server.ask(key=key_pair(2)[0], kid="any")) == 200
    assert status_of(server.ask(claim_jti=None)) == 401
    assert server.oauth.report()["signatures_checked"] is False


def test_tokens_are_bounded_and_those_that_leave_early_are_counted():
    server = Server(tokens_kept=2, token_life_s=100)
    first = server.token(claim_jti="1")
    second = server.token(claim_jti="2")
    assert server.oauth.evicted == 0
    third = server.token(claim_jti="3")
    assert [server.is_good(token) for token in (first, second, third)] == [False, True, True]
    assert server.oauth.report()["evicted"] == 2, "the oldest token, and the oldest jti"
    server.clock.advance(100 * NS_PER_S)
    server.token(claim_jti="4")
    assert (server.oauth.report()["live"], server.oauth.report()["evicted"]) == (1, 2)


def test_a_reset_forgets_the_counts_and_leaves_clients_their_tokens():
    server = Server()
    token = server.token()
    server.ask(scope="other")
    server.oauth.reset()
    assert server.is_good(token)
    report = server.oauth.report()
    assert (report["issued"], report["refused"], report["live"]) == (0, {}, 1)


def test_no_token_is_kept_or_shown():
    server = Server()
    token = server.token()
    state = [getattr(server.oauth, name) for name in OAuth.__slots__]
    assert token.decode() not in repr((state, server.oauth.report()))


def test_a_tracking_call_needs_a_token_only_where_one_is_required():
    lenient, server = Server(), Server(required=True)
    now_ns = server.clock.now_ns()
    assert lenient.oauth.call_ok(b"", now_ns)
    assert lenient.oauth.call_ok(b"Bearer nonsense", now_ns)
    token = server.token()
    assert server.oauth.required
    assert server.oauth.call_ok(b"Bearer " + token, now_ns)
    assert server.oauth.call_ok(b"bearer  " + token + b" ", now_ns)
    for refused in (b"", b"Basic " + token, b"Bearer", b"Bearer ", b"Bearer x", token):
        assert not server.oauth.call_ok(refused, now_ns)
    assert bearer_of(b"Bearer abc") == b"abc"


@settings(max_examples=50)
@given(st.binary(max_size=80), st.sampled_from([FORM, {}]))
def test_any_body_has_an_answer_and_no_token(body, headers):
    reply = SHARED.oauth.answer(headers, body)
    assert status_of(reply) in {400, 401, 415}
    assert set(json_of(reply)) == {"error", "error_description"}


SHARED = Server()


class Session:
    """Stands for the wire between Segment's library for Python and the server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.statuses: list[int] = []

    def post(self, *, url, data, timeout, headers) -> Response:
        assert url == "https://mock.test/token"
        named = {name.lower().encode(): value.encode() for name, value in headers.items()}
        reply = self.server.oauth.answer(named, data.encode())
        response = Response()
        response.status_code = status_of(reply)
        response.raw = BytesIO(bytes_of(reply))
        response.headers.update(headers_of(reply))
        self.statuses.append(response.status_code)
        return response


def manager_of(server: Server, monkeypatch, *, key: str | None = None):
    session = Session(server)
    monkeypatch.setattr(oauth_manager, "_session", session)
    manager = oauth_manager.OauthManager(
        "app", key or key_pair()[0], "key-1", auth_server="https://mock.test/"
    )
    return manager, session


@pytest.mark.parametrize(("off_s", "statuses"), [(0, [200]), (86_400, [400, 200]), (-86_400, [400, 200])])
def test_segments_own_library_gets_a_token_even_when_the_mocks_clock_is_elsewhere(
    off_s, statuses, monkeypatch
):
    clock = ManualClock(wall_ns=SystemClock().wall_ns() + off_s * NS_PER_S)
    server = Server(clock, public_keys=KEYS, audience="https://mock.test")
    manager, session = manager_of(server, monkeypatch)
    try:
        assert server.is_good(manager.get_token().encode())
    finally:
        manager.thread.cancel()
    assert session.statuses == statuses


def test_segments_own_library_gives_up_on_a_key_that_is_not_known(monkeypatch):
    server = Server(ManualClock(wall_ns=SystemClock().wall_ns()), public_keys=KEYS)
    manager, session = manager_of(server, monkeypatch, key=key_pair(2)[0])
    with pytest.raises(APIError, match="invalid_client"):
        manager.get_token()
    assert session.statuses == [401]
