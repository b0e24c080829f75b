import pytest

from harness.errors import UsageError
from harness.foresee import foresee
from harness.plan import make_plan
from harness.prepare import look_over
from harness.recording.reader import open_recording
from harness.recording.survey import survey
from harness.units import NS_PER_S
from tests.e2e.bench import steady, write_lines


@pytest.fixture
def path(tmp_path):
    return write_lines(tmp_path / "r.ndjson", steady(101, gap_s=0.1, people=20))


def foreseen(path, **given):
    plan = make_plan(str(path), given)
    with open_recording(str(path), needs_times=plan.needs_times) as recording:
        found = survey(recording, window_ns=NS_PER_S)
        return foresee(plan, recording, found, ways={}, limits=())


def test_copies_are_more_messages_of_more_people_in_the_time_of_the_recording_and_the_spread(path):
    planned = foreseen(path, multiply="3", spread="5s", speed="2")
    assert (planned.messages, planned.people, planned.requests) == (303, 60, 303)
    assert planned.asked_ns == 7_500_000_000
    assert planned.by_kind == {"track": 303}
    assert planned.peak_per_s == 30  # 10 in any second, three times


def test_copies_multiply_the_passes_of_a_loop(path):
    assert foreseen(path, multiply="2", loop="3").messages == 606


@pytest.mark.parametrize(
    ("stages", "given", "messages", "asked_s"),
    [
        ("50/s for 1s", {}, 50, 1),  # the stages end first
        ("50/s for 1s", {"loop": "forever"}, 50, 1),
        ("50/s for 1s, 100/s for 9s", {}, 101, 1.51),  # the recording does
        ("50/s for 1s, 100/s for 9s", {"duration": "500ms"}, 101, 0.5),
        ("50/s for 1s, 100/s for 1s", {"multiply": "9"}, 150, 2),
    ],
)
def test_stages_last_as_long_as_they_say_or_as_the_recording_has_items(
    path, stages, given, messages, asked_s
):
    planned = foreseen(path, stages=stages, **given)
    assert planned.messages == messages
    assert planned.asked_ns == round(asked_s * NS_PER_S)
    assert planned.peak_per_s == pytest.approx(100 if "100" in stages else 50)


def test_hard_stops_count_the_copies(path):
    with open_recording(str(path), needs_times=True) as recording:
        for option, given in (
            ("--max-people", {"max_people": "59"}),
            ("--max-messages", {"max_messages": "302"}),
        ):
            with pytest.raises(UsageError, match=f"{option} .* in 3 copies; nothing was sent"):
                look_over(make_plan(str(path), {"multiply": "3"} | given), recording, {})
        allowed = {"multiply": "3", "max_people": "60", "max_messages": "303"}
        assert look_over(make_plan(str(path), allowed), recording, {}) is not None
