"""The settings that lead a library to the mock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.mock.edge.cdn import UNIFIED_HTTP_CONFIG, settings_document, usable_host
from harness.mock.edge.settings import CdnSettings, SourceCdn
from tests.mock.edge.visits import KEY


def document(settings=None, *, tls=False, slug=None):
    return settings_document(settings or CdnSettings(), KEY, "127.0.0.1:8080", tls=tls, slug=slug)


def test_a_library_is_sent_to_the_host_it_asked():
    assert document() == {
        "integrations": {"Segment.io": {"apiKey": KEY, "apiHost": "127.0.0.1:8080/v1", "protocol": "http"}},
        "plan": {},
        "metrics": {"sampleRate": 0.0, "host": "127.0.0.1:8080/v1"},
    }
    assert document(tls=True)["integrations"]["Segment.io"]["protocol"] == "https"


def test_telemetry_never_goes_to_segment_itself():
    settings = CdnSettings(telemetry_share=1, api_host="proxy.test/v1", protocol="https")
    assert document(settings)["metrics"] == {"sampleRate": 1, "host": "proxy.test/v1"}
    segment = document(settings)["integrations"]["Segment.io"]
    assert (segment["apiHost"], segment["protocol"]) == ("proxy.test/v1", "https")


def test_the_retry_policy_is_sent_by_name_or_as_it_is_or_not_at_all():
    def policy(**settings):
        return document(CdnSettings(**settings), slug="shop")["integrations"]["Segment.io"].get("httpConfig")

    own = {"backoffConfig": {"enabled": False}}
    assert policy() is None
    assert policy(http_config="unified") == UNIFIED_HTTP_CONFIG
    assert policy(http_config=own) == own
    assert policy(http_config="unified", sources={"shop": SourceCdn(http_config=own)}) == own
    assert policy(http_config=own, sources={"shop": SourceCdn()}) == own
    assert policy(http_config=own, sources={"other": SourceCdn(http_config="unified")}) == own


def test_later_values_win_and_the_others_stay():
    settings = CdnSettings(
        integrations={"Mixpanel": {"token": "a", "people": True}, "Segment.io": {"apiHost": "all.test/v1"}},
        extra={"plan": {"track": {}}, "consentSettings": {"allCategories": ["Ads"]}},
        sources={"shop": SourceCdn(integrations={"Mixpanel": {"token": "b"}}, extra={"plan": {"page": {}}})},
    )
    shop, other = document(settings, slug="shop"), document(settings, slug="other")
    assert shop["integrations"]["Mixpanel"] == {"token": "b", "people": True}
    assert other["integrations"]["Mixpanel"] == {"token": "a", "people": True}
    assert shop["integrations"]["Segment.io"]["apiHost"] == "all.test/v1"
    assert shop["integrations"]["Segment.io"]["apiKey"] == KEY
    assert (shop["plan"], other["plan"]) == ({"page": {}}, {"track": {}})
    assert shop["consentSettings"] == {"allCategories": ["Ads"]}
    assert settings.integrations["Mixpanel"] == {"token": "a", "people": True}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:80", "127.0.0.1:65535", "[::1]:80", "a-b.test", "my_box"]
)
def test_a_host_is_usable_with_and_without_a_port(host):
    assert usable_host(host)


@pytest.mark.parametrize(
    "host", ["", "a b", "a/v1", "a@b", "a:", "a:b", "::1", "[", "a\r\nb", 'a"', "ü", "a:123456"]
)
def test_what_is_no_host_is_not_told_on(host):
    assert not usable_host(host)


@given(st.text(max_size=20))
def test_no_host_can_lead_into_another_path(host):
    if usable_host(host):
        assert not set(host) & set("/\\?#@% \r\n\"'<>")
