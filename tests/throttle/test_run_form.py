"""A document that was not written by this harness is found out by its first key that is amiss."""

import orjson
import pytest

from harness.throttle.run_form import amiss
from tests.report.pages import PAGES
from tests.throttle.paired import a_run


def as_read(document):
    return orjson.loads(orjson.dumps(document))


@pytest.mark.parametrize("name", PAGES)
def test_all_that_we_write_has_the_form(name):
    assert amiss(as_read(PAGES[name]())) is None


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"run_id": None}, "run_id"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"duration_s": True}, "duration_s"),
        ({"made_with": None}, "made_with"),
        ({"mock": []}, "mock"),
        ({"trust_warnings": [{}]}, "trust_warnings"),
        ({"timeline": []}, "timeline"),
        ({"timeline": {"points": -1, "width_s": 1}}, "timeline"),
        ({"timeline": {"points": 1, "width_s": 0}}, "timeline"),
        ({"timeline": {"points": 120, "width_s": 1, "sent": [1]}}, "timeline"),
        ({"timeline": {"points": 1, "width_s": 1, "statuses": {"2xx": ["x"]}}}, "timeline"),
        ({"above": {"service_time_ms": {"count": []}}}, "above"),
        ({"distributions": {}}, "distributions"),
        ({"distributions": {"service_time_ms": {"value_ms": [1.0], "count": []}}}, "distributions"),
        ({"curves": {"service_time_ms": [[1]]}}, "curves"),
        ({"service_time_ms": {"p50": "fast"}}, "service_time_ms"),
        ({"messages": []}, "messages"),
    ],
)
def test_what_is_amiss_is_named(changed, key):
    assert amiss(as_read(a_run(1) | changed)) == key


def test_a_document_without_figures_of_its_own_has_the_form():
    bare = dict.fromkeys(("above", "distributions", "curves", "messages", "response_time_ms", "throttle"))
    assert amiss(as_read(a_run(1) | bare)) is None
