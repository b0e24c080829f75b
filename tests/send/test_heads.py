"""Claims about request heads."""

from dataclasses import replace

import pytest

from harness.send import heads
from harness.send.heads import Heads
from tests.send.hub import SECRET, request


def test_each_source_has_its_own_credential():
    asked: list[str] = []

    def credentials(source: str) -> str:
        asked.append(source)
        return f"Basic {source}"

    of = Heads("h:1", credentials).of
    for _ in range(3):
        assert b"\r\nAuthorization: Basic web\r\n" in of(request())
        assert b"\r\nAuthorization: Basic app\r\n" in of(replace(request(), source="app"))
    assert asked == ["web", "app"]  # remembered


def test_a_get_without_a_body_has_no_length():
    head = Heads("h", lambda source: SECRET).of(request(b"", method="GET", path="/v1/spaces/s?limit=1&x=%20"))
    assert head.startswith(b"GET /v1/spaces/s?limit=1&x=%20 HTTP/1.1\r\nHost: h\r\n")
    assert head.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in head


def test_an_empty_post_has_its_length():
    assert Heads("h", lambda source: SECRET).of(request(b"")).endswith(b"\r\nContent-Length: 0\r\n\r\n")


def test_a_recorded_path_cannot_add_a_header_or_a_request():
    head = Heads("h", lambda source: SECRET).of(request(path="/v1/x HTTP/1.1\r\nX-Evil: é\r\n\r\nGET /"))
    assert (
        head.split(b"\r\n")[0] == b"POST /v1/x%20HTTP/1.1%0D%0AX-Evil:%20%C3%A9%0D%0A%0D%0AGET%20/ HTTP/1.1"
    )
    assert b"X-Evil: " not in head


@pytest.mark.parametrize("header", [("X-A", "b\r\nX-Evil: 1"), ("X\n", "1"), ("X", "\x00")])
def test_a_header_with_a_control_character_is_refused_without_its_value(header):
    with pytest.raises(ValueError, match="control character") as refusal:
        Heads("h", lambda source: SECRET).of(replace(request(), headers=(header,)))
    assert "Evil" not in str(refusal.value)


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(heads, "_REMEMBERED", 8)
    known = Heads("h", lambda source: SECRET)
    for number in range(100):
        assert b"/v1/spaces/%d HTTP" % number in known.of(request(path=f"/v1/spaces/{number}"))
    assert len(known._known) <= 8
    assert SECRET not in repr(known)
