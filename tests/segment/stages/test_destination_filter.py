"""What the integrations object lets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.segment.stages.destination_filter import is_wanted, obey_integrations
from harness.segment.stages.stage import Delivery, Destination, Stop
from tests.segment.test_validity import JSON

CASES = [
    (None, "Mixpanel", True),
    ({}, "Mixpanel", True),
    ({"All": True}, "Mixpanel", True),
    ({"All": False}, "Mixpanel", False),
    ({"All": False, "Mixpanel": True}, "Mixpanel", True),
    ({"All": False, "Mixpanel": {"option": 1}}, "Mixpanel", True),
    ({"All": False, "Mixpanel": {}}, "Mixpanel", True),
    ({"All": True, "Mixpanel": False}, "Mixpanel", False),
    ({"Mixpanel": False}, "Mixpanel", False),
    ({"mixpanel": False}, "Mixpanel", True),
    ({"MixPanel": True, "All": False}, "Mixpanel", False),
    ({"all": False}, "Mixpanel", True),
    ({"Amplitude": False}, "Mixpanel", True),
    ({"All": None, "Mixpanel": None}, "Mixpanel", True),
    ({"All": False, "Mixpanel": None}, "Mixpanel", False),
    ("none", "Mixpanel", True),
    ([False], "Mixpanel", True),
    (None, "Salesforce", False),
    ({"All": True}, "Salesforce", False),
    ({"Salesforce": True}, "Salesforce", True),
    ({"All": False, "Salesforce": {"object": "Lead"}}, "Salesforce", True),
    (None, "Salesforce (Actions)", True),
]


@pytest.mark.parametrize(("integrations", "name", "wanted"), CASES)
def test_a_destinations_own_flag_goes_before_all(integrations, name, wanted):
    assert is_wanted(integrations, name) is wanted
    message = {"integrations": integrations}
    for kind in ("identify", "track", "page", "screen", "group"):
        delivery = Delivery(message, kind, Destination(name))
        stop = Stop("FILTERED_BY_INTEGRATIONS_OBJECT")
        assert obey_integrations(delivery) == (delivery if wanted else stop)


@given(integrations=JSON, name=st.sampled_from(["Mixpanel", "Salesforce"]))
def test_storage_and_aliases_are_not_reached_by_it(integrations, name):
    for kind, destination in (
        ("track", Destination(name, is_storage=True)),
        ("alias", Destination(name)),
        ("track", None),
    ):
        delivery = Delivery({"integrations": integrations}, kind, destination)
        assert obey_integrations(delivery) is delivery
