"""The settings of the edges: defaults, and what is refused."""

import msgspec
import pytest

from harness.mock.edge.settings import CdnSettings, OAuthSettings, TrackingSettings


def test_the_defaults_are_the_documented_sizes():
    tracking = TrackingSettings()
    assert tracking.behaviour == "documented"
    assert (tracking.message_bytes, tracking.batch_bytes, tracking.batch_messages) == (32_768, 500_000, 2_500)
    assert (tracking.properties_most, tracking.dedupe, tracking.dedupe_hours) == (10_000, True, None)
    assert (OAuthSettings().token_life_s, OAuthSettings().assertion_life_most_s) == (86_400, 60)
    assert CdnSettings().telemetry_share == 0


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (TrackingSettings, {"behaviour": "kind"}),
        (TrackingSettings, {"message_bytes": 0}),
        (TrackingSettings, {"shortest_write_key": -1}),
        (TrackingSettings, {"dedupe_hours": 0}),
        (TrackingSettings, {"messages_bytes": 1}),
        (CdnSettings, {"http_config": "other"}),
        (CdnSettings, {"telemetry_share": 2}),
        (CdnSettings, {"protocol": "ftp"}),
        (OAuthSettings, {"token_life_s": 0}),
        (OAuthSettings, {"public_keys": ["pem"]}),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(kind, table):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, kind)
