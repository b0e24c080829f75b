import pytest

from harness.transform.select import OTHER_API, UNKNOWN_KIND, why_filtered
from tests.engine.fakes import item


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"kind": "alias"}, None),
        ({"api": "profile", "kind": "GET"}, OTHER_API),
        ({"api": "config", "kind": "GET"}, OTHER_API),
        ({"kind": "delete"}, UNKNOWN_KIND),
    ],
)
def test_only_the_six_calls_of_the_tracking_api_are_replayed(fields, reason):
    assert why_filtered(item(0)._replace(**fields)) == reason
