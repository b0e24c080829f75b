import json

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Limit
from harness.report.planned import Planned, ceiling_time_ns
from harness.units import NS_PER_S

PER_SOURCE = Limit("tracking", "500/s per source", 500, NS_PER_S, "requests", "source", "a test")
WORKSPACE = Limit("tracking", "1,000/s in all", 1_000, NS_PER_S, "messages", "workspace", "a test")


def planned(**fields: object) -> Planned:
    defaults: dict = {
        "recording": "r.ndjson", "privacy": "raw", "messages": 10, "filtered": 0, "requests": 10,
        "by_kind": {"track": 10}, "by_source": {"web": 10}, "people": 3, "biggest_bytes": 99, "oversize": 0,
        "asked_ns": 10 * NS_PER_S, "ceiling_ns": 0, "mean_per_s": 1.0, "peak_per_s": 2.0,
        "limits": (PER_SOURCE,), "target": "the bundled mock", "integrations": "as recorded", "speed": 1.0,
    }  # fmt: skip
    return Planned(**(defaults | fields))


def test_a_window_full_needs_no_time_and_the_tightest_limit_decides():
    assert ceiling_time_ns({"web": 500}, 500, [PER_SOURCE]) == 0
    assert ceiling_time_ns({"web": 1_500, "app": 700}, 2_200, [PER_SOURCE]) == 2 * NS_PER_S
    assert ceiling_time_ns({"web": 30, "app": 30}, 6_000, [PER_SOURCE, WORKSPACE]) == 5 * NS_PER_S


@given(asked_s=st.integers(1, 1_000), ceiling_s=st.integers(0, 2_000))
def test_more_than_a_tenth_longer_than_asked_is_refused_with_the_choices(asked_s, ceiling_s):
    plan = planned(asked_ns=asked_s * NS_PER_S, ceiling_ns=ceiling_s * NS_PER_S)
    assert (plan.too_slow is not None) == (ceiling_s > 1.1 * asked_s)
    if plan.too_slow is not None:
        for choice in ("--speed", "--rate", "--batch", "--limit", "--exceed-limits"):
            assert choice in plan.too_slow


def test_where_nothing_is_due_or_the_ceiling_is_lifted_nothing_is_too_slow():
    assert planned(asked_ns=None, ceiling_ns=99 * NS_PER_S).too_slow is None
    assert planned(ceiling_ns=None).too_slow is None


def test_the_plan_is_told_to_people_and_to_programs():
    text = planned(by_source={"": 7, "web" * 40: 3}).as_text()
    assert "(none) 7" in text
    assert max(map(len, text.splitlines())) < 120
    document = json.loads(json.dumps(planned().as_json()))
    assert document["asked_s"] == 10
    assert document["limits"][0]["count"] == 500
