"""The presets say the documented figures, each with where it comes from."""

import re

import pytest

from harness.errors import UsageError
from harness.mock.limits.presets import PRESETS, preset_rules
from harness.segment.limits import BRIEF


def figures(name: str, api: str) -> list[tuple[int, float, str, str, str]]:
    return [
        (rule.count, rule.window_s, rule.unit, rule.scope, rule.action)
        for rule in preset_rules(name)
        if rule.api == api and rule.endpoint is None
    ]


@pytest.mark.parametrize(
    ("name", "api", "expected"),
    [
        ("documented", "tracking", [(500, 1, "requests", "source", "refuse")]),
        ("documented", "profile", [(100, 1, "requests", "space", "refuse")]),
        ("documented", "config", [(100, 60, "requests", "token", "refuse")]),
        ("docs-1000/workspace", "tracking", [(1_000, 1, "requests", "workspace", "refuse")]),
        ("docs-1000/workspace", "config", [(200, 60, "requests", "token", "refuse")]),
        ("docs-1000-messages/workspace", "tracking", [(1_000, 1, "messages", "workspace", "queue")]),
        ("docs-20000", "tracking", [(20_000, 1, "requests", "workspace", "refuse")]),
        ("docs-100000", "tracking", [(100_000, 1, "requests", "workspace", "refuse")]),
        ("partner-streams", "tracking", [(50, 1, "requests", "source", "refuse")]),
        ("public-api", "config", [(1_000, 60, "requests", "token", "refuse")]),
        ("none", "tracking", []),
    ],
)
def test_a_preset_holds_these_figures(name, api, expected):
    assert figures(name, api) == expected


def test_the_briefs_preset_goes_by_two_names():
    assert preset_rules("brief") == preset_rules("documented")
    assert [rule.name for rule in preset_rules("brief")] == [limit.name for limit in BRIEF]


@pytest.mark.parametrize("name", PRESETS)
def test_every_rule_of_a_preset_is_a_sliding_log_with_a_dated_origin(name):
    for rule in preset_rules(name):
        assert rule.algorithm == "sliding-log"
        assert re.search(r"20\d\d-\d\d", rule.origin), rule
    assert PRESETS[name].says


def test_an_endpoint_of_the_public_api_has_its_own_figure():
    rules = {rule.endpoint: rule.count for rule in preset_rules("public-api") if rule.endpoint}
    assert rules["/events/volume"] == 60
    assert rules["/warehouses/{warehouseId}/syncs"] == 2


def test_an_unknown_preset_is_a_usage_error_with_the_names():
    with pytest.raises(UsageError, match="called 'documnted'; did you mean documented"):
        preset_rules("documnted")
