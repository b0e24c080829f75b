import pytest

from harness.transform.select import NO_TARGET, NOT_A_GET, UNKNOWN_KIND, Selection, why_filtered
from tests.engine.fakes import item

ALL = frozenset({"tracking", "profile", "config"})
TRAITS = "/v1/spaces/s/collections/users/profiles/user_id:u1/traits"
MESSAGES = Selection(frozenset({"tracking"}))
BEYOND = Selection(ALL, frozenset({"profile", "config"}), ("PATCH /sources/*", "POST /v1/spaces/s/x"))


@pytest.mark.parametrize(
    ("fields", "selection", "reason"),
    [
        ({}, MESSAGES, None),
        ({"kind": "alias"}, MESSAGES, None),
        ({"kind": "delete"}, MESSAGES, UNKNOWN_KIND),
        ({"api": "profile", "kind": "GET", "path": TRAITS}, MESSAGES, NO_TARGET["profile"]),
        ({"api": "config", "kind": "GET", "path": "/sources"}, MESSAGES, NO_TARGET["config"]),
        ({}, Selection(frozenset({"profile"})), NO_TARGET["tracking"]),
        ({"api": "profile", "kind": "DELETE", "path": TRAITS}, Selection(ALL), None),
        ({"api": "profile", "kind": "GET", "path": TRAITS}, BEYOND, None),
        ({"api": "profile", "kind": "POST", "path": TRAITS}, BEYOND, NOT_A_GET),
        ({"api": "config", "kind": "PATCH", "path": "/sources/a?x=1"}, BEYOND, None),
        ({"api": "config", "kind": "DELETE", "path": "/sources/a"}, BEYOND, NOT_A_GET),
        ({"api": "config", "kind": "PATCH", "path": "/sources/a/b"}, BEYOND, NOT_A_GET),
        ({}, BEYOND, None),
    ],
)
def test_what_has_no_target_and_what_would_write_beyond_this_machine_is_filtered(fields, selection, reason):
    assert why_filtered(item(0)._replace(**fields), selection) == reason
