"""What differs between plans is told by options that can be copied, in the form in which they are given."""

import pytest

from harness.options import OPTIONS
from harness.plan import make_plan
from harness.throttle.comparable import shown
from harness.throttle.plan_words import NOT_GIVEN, option_change

GIVEN = {
    "duration": ("65s", "5m", "1h30m", "200ms", "20.5s"),
    "rate": ("60/s", "0.5/s", "max"),
    "speed": ("2", "0.5"),
    "loop": ("8", "forever"),
    "users": ("16", "auto"),
    "batch": ("none", "20"),
    "limit": ("tracking=100/s", "tracking@workspace=800/s", "config:/sources=10/min"),
    "stages": ("to 200/s in 30s, 200/s for 5m",),
    "order": ("person",),
    "retry_for": ("5m",),
    "allow_writes": ("PATCH /sources/*",),
}


def told(field, text):
    """How a value of an option is told, by way of a plan and its JSON."""
    plan = make_plan("r.ndjson", {field: [text] if field in ("limit", "allow_writes") else text}).as_json()
    name = next(name for name in plan if name in (field, f"{field}_s"))
    return option_change(name, plan[name], plan[name], shown)


@pytest.mark.parametrize(
    ("field", "text"), [(field, text) for field, texts in GIVEN.items() for text in texts]
)
def test_a_value_is_told_as_the_option_takes_it(field, text):
    option = field.replace("_", "-")
    assert told(field, text) == f"--{option} {text}, then {text}"


def test_a_flag_is_given_or_not_and_so_is_what_has_no_default():
    assert option_change("exceed_limits", False, True, shown) == "--exceed-limits not given, then given"
    assert option_change("duration_s", None, 20.0, shown) == "--duration not given, then 20s"
    assert option_change("limit", [], [], shown) == f"--limit {NOT_GIVEN}, then {NOT_GIVEN}"


def test_every_entry_of_a_plan_is_an_option_by_its_name():
    plan = make_plan("r.ndjson", {}).as_json()
    names = {option.name for option in OPTIONS}
    for field in plan.keys() - {"recording"}:
        said = option_change(field, plan[field], plan[field], shown)
        assert said.partition(" ")[0].removeprefix("--") in names


def test_what_no_plan_of_ours_has_is_text_and_cut():
    said = option_change("x\x1b[31m", {"a": "\u202e" * 300}, [{"shape": 1}], shown)
    assert len(said) < 200
    assert said.isprintable()
    assert option_change("step", None, {"settle_s": 5, "first_copy": 3}, shown).startswith("step not given")
