"""Claims about which proxy is chosen, and which is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import GuardError, UsageError
from harness.send.guard import Permit, is_loopback
from harness.send.proxy import ProxyChoice, is_direct, parse_proxy
from harness.send.route import Address, addresses
from harness.send.target import Proxy, parse_target

BEYOND = {"api.segment.io": ["203.0.113.7"], "here.test": ["127.0.0.1"]}


def resolve(host: str, port: int) -> list[str]:
    return [host] if host[0].isdigit() or ":" in host else BEYOND.get(host, [])


def chosen(url: str, asked: str | None = None, **environ: str) -> str | None:
    proxy = ProxyChoice(asked, environ).on_the_way_to(parse_target(url), resolve).proxy
    return None if proxy is None else proxy.authority


@pytest.mark.parametrize(
    ("url", "asked", "environ", "proxy"),
    [
        ("https://api.segment.io", None, {}, None),
        ("https://api.segment.io", "http://p:3128", {}, "p:3128"),
        ("https://api.segment.io", "p:3128", {"HTTPS_PROXY": "http://q:1"}, "p:3128"),
        ("https://api.segment.io", "none", {"HTTPS_PROXY": "http://q:1"}, None),
        ("https://api.segment.io", None, {"HTTPS_PROXY": "http://q:1"}, "q:1"),
        ("https://api.segment.io", None, {"https_proxy": "http://q:1", "HTTPS_PROXY": "http://r:1"}, "q:1"),
        ("https://api.segment.io", None, {"http_proxy": "http://q:1"}, None),
        ("https://api.segment.io", None, {"ALL_PROXY": "q"}, "q:1080"),
        ("http://api.segment.io", None, {"http_proxy": "http://q:1"}, "q:1"),
        ("http://api.segment.io", None, {"HTTP_PROXY": "http://q:1"}, None),
        ("https://api.segment.io", None, {"ALL_PROXY": "q:1", "NO_PROXY": "x, .segment.io"}, None),
        ("https://api.segment.io", None, {"ALL_PROXY": "q:1", "no_proxy": "segment.com"}, "q:1"),
        ("http://here.test:80", None, {"ALL_PROXY": "q:1"}, None),
        ("http://127.0.0.1:80", None, {"ALL_PROXY": "q:1"}, None),
        ("http://[::1]:80", None, {"ALL_PROXY": "q:1"}, None),
        ("http://127.0.0.1:80", "127.0.0.1:9", {}, "127.0.0.1:9"),
        ("http://unknown.test", None, {"ALL_PROXY": "q:1"}, "q:1"),
        ("https://api.segment.io", None, {"HTTPS_PROXY": "  ", "ALL_PROXY": "q:1"}, "q:1"),
    ],
)
def test_the_proxy_is_the_one_that_is_named_nearest(url, asked, environ, proxy):
    assert chosen(url, asked, **environ) == proxy


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("api.segment.io", "*", True),
        ("api.segment.io", "api.segment.io", True),
        ("api.segment.io", "SEGMENT.io", True),
        ("api.segment.io", "*.segment.io:443", True),
        ("notsegment.io", "segment.io", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("11.1.2.3", "10.0.0.0/8 192.168.0.0/16", False),
        ("::1", "[::1]", True),
        ("api.segment.io", " , ", False),
        ("api.segment.io", ".", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(host, no_proxy, direct):
    assert is_direct(host, no_proxy) is direct


@given(st.text(max_size=40), st.text(max_size=60))
def test_no_proxy_may_hold_anything(host, no_proxy):
    assert is_direct(host, no_proxy) in (True, False)


@pytest.mark.parametrize(
    "text", ["socks5://p:1", "http://", "http://p:0", "http://p:99999", "http://p/x", "http://[::1", "p?q=1"]
)
def test_what_is_no_http_proxy_is_refused_in_a_sentence_that_quotes_no_secret(text):
    with pytest.raises(UsageError, match="HTTPS_PROXY") as refused:
        parse_proxy(text.replace("://", "://user:hunter2@"), "HTTPS_PROXY")
    assert "hunter2" not in str(refused.value)


def test_a_password_is_taken_from_the_environment_alone_and_shown_nowhere():
    target = parse_target("https://api.segment.io")
    found = ProxyChoice(None, {"HTTPS_PROXY": "http://user:hunt%65r2@p:1"}).on_the_way_to(target, resolve)
    assert found.proxy is not None
    assert found.proxy.authorization == "Basic dXNlcjpodW50ZXIy"
    assert "dXNlcjpodW50ZXIy" not in repr(found)
    with pytest.raises(UsageError, match="into HTTPS_PROXY") as refused:
        ProxyChoice("http://user:hunter2@p:1", {}).on_the_way_to(target, resolve)
    assert "hunter2" not in str(refused.value)


def test_what_is_for_this_machine_goes_through_no_proxy_beyond_it():
    target = ProxyChoice("203.0.113.9:3128", {}).on_the_way_to(parse_target("http://127.0.0.1:80"), resolve)
    local = Permit(target, beyond=False, is_mock=False, loopback=is_loopback)
    with pytest.raises(GuardError, match="the proxy 203"):
        addresses(target, local, resolve)
    assert target.proxy == Proxy("203.0.113.9", 3128)


def test_a_connection_calls_the_proxy_and_leaves_the_name_to_it():
    target = ProxyChoice("127.0.0.1:3128", {}).on_the_way_to(parse_target("https://nowhere.test"), resolve)
    beyond = Permit(target, beyond=True, is_mock=False, loopback=is_loopback)
    assert addresses(target, beyond, resolve) == [Address(2, "127.0.0.1", 3128)]
