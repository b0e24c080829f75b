"""How a run was paced, in words."""

import pytest

from harness.report.pace import pace


def ramp(rate_per_s):
    return {"shape": "ramp", "rate_per_s": rate_per_s, "duration_s": 20.0}


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"speed": 1.0}, "as recorded"),
        ({"speed": 110_000.0}, "as recorded, 110,000 times as fast"),
        ({"speed": 0.5}, "as recorded, 0.5 times as fast"),
        ({"rate": 1_500_000.0}, "1,500,000 items/s"),
        ({"rate": "<b>", "speed": 1}, "<b>"),
        (
            {"stages": [ramp(230), {"shape": "step", "rate_per_s": 0.5, "duration_s": 90}], "speed": 1},
            "in stages: to 230/s in 20 s, 0.5/s for 1 min 30 s",
        ),
        ({"stages": [ramp(1)] * 9}, "in stages: " + ", ".join(["to 1/s in 20 s"] * 6) + ", and 3 more"),
        ({"stages": ["<script>"]}, "in stages: <script>"),
        ({}, "not known"),
    ],
)
def test_a_pace_is_said_as_it_was_asked_for(plan, said):
    assert pace({"plan": plan}) == said


def test_a_closed_loop_has_no_pace_of_its_own():
    assert pace({"plan": {"speed": 1}, "closed_loop": True}) == "as fast as the target answers"
