"""The first stage gives the reasons of the rules on messages."""

import pytest

from harness.segment.stages.ingest import fail_on_ingest
from harness.segment.stages.stage import Delivery, Stop
from tests.segment.test_validity import CASES


@pytest.mark.parametrize(("kind", "message", "reason"), CASES)
def test_ingest_stops_what_breaks_a_rule_and_nothing_else(kind, message, reason):
    delivery = Delivery(message, kind)
    assert fail_on_ingest(delivery) == (delivery if reason is None else Stop(reason))
