"""The order of the stages, and that each seam is one."""

import pytest

from harness.segment.stages.order import STEPS, run_stages, with_stages
from harness.segment.stages.stage import Delivery, Destination, Fate, Outcome, Stop

TRACK = {"userId": "u", "event": "E", "type": "track"}
MIXPANEL, BUCKET = Destination("Mixpanel"), Destination("AWS S3", is_storage=True)


def test_a_sound_message_is_delivered_to_each_destination():
    assert run_stages(TRACK, "track", [MIXPANEL, BUCKET]) == (
        Outcome("Mixpanel", Fate.DELIVERED, None),
        Outcome("AWS S3", Fate.DELIVERED, None),
    )


def test_nothing_happens_where_nothing_is_configured():
    assert run_stages(TRACK, "track", []) == ()


def test_a_message_that_fails_on_ingest_has_one_outcome_whatever_the_destinations():
    failed = (Outcome(None, Fate.FAILED_ON_INGEST, "no_user_anon_id"),)
    assert run_stages({"event": "E"}, "track", [MIXPANEL, BUCKET]) == failed
    assert run_stages({"event": "E"}, "track", []) == failed


def test_the_integrations_object_is_obeyed_for_each_destination_alone():
    message = {**TRACK, "integrations": {"All": False}}
    assert run_stages(message, "track", [MIXPANEL, BUCKET]) == (
        Outcome("Mixpanel", Fate.FILTERED_AT_DESTINATION, "FILTERED_BY_INTEGRATIONS_OBJECT"),
        Outcome("AWS S3", Fate.DELIVERED, None),
    )


@pytest.mark.parametrize("fate", [step.fate for step in STEPS])
def test_a_stage_put_into_a_seam_is_asked_and_its_reason_told(fate):
    asked = []

    def stage(delivery: Delivery) -> Delivery | Stop:
        asked.append(delivery)
        return Stop("for a test") if delivery.message["event"] == "E" else delivery

    steps = with_stages(STEPS, fate, stage)
    each = {step.fate: step.each_destination for step in STEPS}[fate]
    stopped = [Outcome(name, fate, "for a test") for name in (("Mixpanel", "AWS S3") if each else (None,))]
    assert run_stages(TRACK, "track", [MIXPANEL, BUCKET], steps) == tuple(stopped)
    assert [delivery.destination for delivery in asked] == ([MIXPANEL, BUCKET] if each else [None])
    delivered = run_stages({**TRACK, "event": "F"}, "track", [MIXPANEL], steps)
    assert delivered == (Outcome("Mixpanel", Fate.DELIVERED, None),)


def test_the_seams_are_asked_in_segments_order_and_those_behind_a_stop_are_not():
    asked = []

    def watching(name: str, *, stops: bool = False):
        def stage(delivery: Delivery) -> Delivery | Stop:
            asked.append(name)
            return Stop(name) if stops else delivery

        return stage

    steps = STEPS
    for fate in [Fate.FAILED_DELIVERY, Fate.FILTERED_AT_SOURCE, Fate.FILTERED_AT_DESTINATION]:
        steps = with_stages(steps, fate, watching(fate.value))
    steps = with_stages(
        steps, Fate.FILTERED_AT_DESTINATION, watching("second", stops=True), watching("third")
    )
    run_stages(TRACK, "track", [MIXPANEL], steps)
    assert asked == ["filtered at source", "filtered at destination", "second"]
    asked.clear()
    run_stages({}, "track", [MIXPANEL], steps)
    assert asked == []


def test_a_stage_may_change_the_message_for_those_behind_it_and_one_destination_alone():
    def mark(name: str):
        def stage(delivery: Delivery) -> Delivery | Stop:
            seen.append(
                (delivery.destination and delivery.destination.name, delivery.message.get("marks", ""))
            )
            marked = {**delivery.message, "marks": delivery.message.get("marks", "") + name}
            return Delivery(marked, delivery.kind, delivery.destination)

        return stage

    seen: list[tuple] = []
    steps = with_stages(STEPS, Fate.FILTERED_AT_SOURCE, mark("s"))
    steps = with_stages(steps, Fate.FAILED_DELIVERY, mark("d"), mark("e"))
    run_stages(TRACK, "track", [MIXPANEL, BUCKET], steps)
    assert seen == [(None, ""), ("Mixpanel", "s"), ("Mixpanel", "sd"), ("AWS S3", "s"), ("AWS S3", "sd")]
    assert "marks" not in TRACK
