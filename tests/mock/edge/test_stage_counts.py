"""The counts behind the 200."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.mock.edge import stage_counts
from harness.mock.edge.stage_counts import StageCounts
from harness.segment.stages.order import STEPS, run_stages, with_stages
from harness.segment.stages.stage import Destination, Fate, Outcome, Stop

DELIVERED = Outcome("Mixpanel", Fate.DELIVERED, None)


def test_what_the_stages_say_is_counted_by_source_destination_and_reason():
    counts = StageCounts()
    steps = with_stages(STEPS, Fate.FILTERED_AT_SOURCE, lambda delivery: Stop("unplanned"))
    destinations = [Destination("Mixpanel"), Destination("Salesforce")]
    message = {"userId": "u", "event": "E"}
    for source, sent, through in (
        (1, message, STEPS),
        (1, message, STEPS),
        (2, {}, STEPS),
        (2, message, steps),
    ):
        counts.receive(source)
        counts.end(source, run_stages(sent, "track", destinations, through))
    report = counts.report()
    rows = report.pop("rows")
    assert report == {
        "received": 4,
        "failed_on_ingest": 1,
        "filtered_at_source": 1,
        "filtered_at_destination": 2,
        "failed_delivery": 0,
        "delivered": 2,
        "unlisted": 0,
    }
    assert [tuple(row.values()) for row in rows] == [
        (1, "filtered at destination", "Salesforce", "FILTERED_BY_INTEGRATIONS_OBJECT", 2),
        (1, "delivered", "Mixpanel", None, 2),
        (2, "failed on ingest", None, "no_user_anon_id", 1),
        (2, "filtered at source", None, "unplanned", 1),
    ]
    assert counts.report(2)["received"] == 2
    assert [row["source"] for row in counts.report(2)["rows"]] == [2, 2]


def test_too_many_different_reasons_are_summed_and_told(monkeypatch):
    monkeypatch.setattr(stage_counts, "MOST_ROWS", 2)
    counts = StageCounts()
    counts.receive(1, 5)
    counts.end(1, [Outcome("D", Fate.FAILED_DELIVERY, str(number)) for number in range(5)])
    counts.end(1, [Outcome("D", Fate.FAILED_DELIVERY, "0")])
    report = counts.report()
    assert (len(report["rows"]), report["failed_delivery"], report["unlisted"]) == (2, 6, 3)


def test_a_reset_forgets_one_source_or_all():
    counts = StageCounts()
    for source in (1, 2):
        counts.receive(source)
        counts.end(source, [DELIVERED])
    counts.reset(1)
    assert counts.report(1) == StageCounts().report()
    assert counts.report()["received"] == counts.report()["delivered"] == 1
    counts.reset()
    assert counts.report() == StageCounts().report()


FATES = st.sampled_from(list(Fate))
ENDS = st.tuples(st.integers(0, 2), FATES, st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 9))


@settings(max_examples=50)
@given(st.lists(ENDS, max_size=30))
def test_the_rows_add_up_to_the_figures(ends):
    counts = StageCounts()
    for source, fate, destination, reason, many in ends:
        counts.end_many(source, Outcome(destination, fate, reason), many)
    report = counts.report()
    for fate in Fate:
        listed = sum(row["count"] for row in report["rows"] if row["stage"] == fate.value)
        assert listed == report[fate.value.replace(" ", "_")]
        assert listed == sum(many for _, which, _, _, many in ends if which is fate)
