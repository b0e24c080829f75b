"""Claims about targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.send.target import Target, parse_target


@pytest.mark.parametrize(
    ("text", "target", "url"),
    [
        ("http://127.0.0.1:8080", Target("http", "127.0.0.1", 8080), "http://127.0.0.1:8080"),
        ("http://localhost/", Target("http", "localhost", 80), "http://localhost"),
        ("HTTPS://API.Segment.IO", Target("https", "api.segment.io", 443), "https://api.segment.io"),
        ("http://[::1]:80", Target("http", "::1", 80), "http://[::1]"),
        ("http://[::1]:9", Target("http", "::1", 9), "http://[::1]:9"),
        (" http://my_host.a-b.test:1 ", Target("http", "my_host.a-b.test", 1), "http://my_host.a-b.test:1"),
    ],
)
def test_a_target_is_scheme_host_and_port(text, target, url):
    assert parse_target(text) == target
    assert target.url == url
    assert parse_target(target.url) == target


@pytest.mark.parametrize(
    "text",
    [
        "http://user:s3cret@host",
        "http://s3cret@host",
        "http://host?writeKey=s3cret",
        "http://host/#s3cret",
        "s3cret",
        "http://:s3cret",
        "http://host:s3cret",
        "http://[s3cret",
    ],
)
def test_a_refusal_never_repeats_what_may_be_secret(text):
    with pytest.raises(UsageError) as refusal:
        parse_target(text)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http://host:0",
        "http://host:65536",
        "http://host/v1",
        "http://hö.test",
        "http://a b",
        "http://-a",
        "http://a..b",
        "http://[fe80::1%25eth0]",
        "http://[::g]",
        "http://" + "a" * 64,
    ],
)
def test_what_cannot_be_called_is_refused_in_a_sentence(text):
    with pytest.raises(UsageError, match=r"--target .*\.$"):
        parse_target(text)


@given(st.text(max_size=40))
def test_no_text_is_a_crash(text):
    try:
        target = parse_target("http://" + text)
    except UsageError:
        return
    assert parse_target(target.url) == target
    assert target.authority.isascii()
    assert not set(target.authority) & set(" \r\n\t/@?#")
