"""What each behaviour answers to each trouble."""

import pytest

from harness.mock import tracking
from harness.mock.edge.behaviour import BEHAVIOURS, DOCUMENTED, STRICT, refusal_of, rulings
from harness.mock.edge.settings import TrackingSettings
from harness.segment import pixel
from tests.mock.edge.visits import headers_of, json_of, status_of

PIXEL_TROUBLES = {"INVALID_JSON", "TOO_DEEP", "NOT_AN_OBJECT", "BAD_ENCODING", "BAD_QUERY", "EMPTY"}

STATUSES = [
    # trouble, documented, strict
    ("too_large", 400, 413),
    ("too_many_messages", 200, 413),
    ("invalid_json", 400, 400),
    ("too_deep", 400, 400),
    ("not_an_object", 400, 422),
    ("batch_not_a_list", 400, 422),
    ("bad_encoding", 400, 400),
    ("bad_write_key", 400, 401),
    ("unknown_source", 200, 401),
    ("source_disabled", 200, 404),
    ("locked_workspace", 200, 404),
    ("bad_message", 200, 422),
    ("bad_token", 401, 401),
    ("bad_query", 400, 400),
    ("empty_pixel", 400, 400),
]


@pytest.mark.parametrize(("trouble", "documented", "strict"), STATUSES)
def test_each_trouble_has_its_status(trouble, documented, strict):
    assert (DOCUMENTED[trouble].status, STRICT[trouble].status) == (documented, strict)


def test_both_behaviours_rule_on_the_same_troubles_and_on_all_that_reading_finds():
    assert DOCUMENTED.keys() == STRICT.keys() == {row[0] for row in STATUSES}
    troubles = [value.reason for value in vars(tracking).values() if isinstance(value, tracking.Trouble)]
    assert troubles
    of_pixels = [value for name, value in vars(pixel).items() if name in PIXEL_TROUBLES]
    assert len(of_pixels) == len(PIXEL_TROUBLES)
    assert DOCUMENTED.keys() >= {*troubles, *of_pixels}


def test_every_ruling_names_its_origin_and_what_refuses_says_why():
    for table in BEHAVIOURS.values():
        for trouble, ruling in table.items():
            assert ruling.origin
            assert ruling.discards == (ruling.status == 200)
            assert ruling.code == trouble if ruling.discards else ruling.message


def test_the_default_is_documented_and_every_name_has_a_table():
    assert dict(rulings(TrackingSettings())) == dict(DOCUMENTED)
    assert dict(rulings(TrackingSettings(behaviour="strict"))) == dict(STRICT)


@pytest.mark.parametrize("behaviour", list(BEHAVIOURS))
def test_unknown_keys_may_be_set_apart_from_the_behaviour(behaviour):
    def unknown(setting):
        table = rulings(TrackingSettings(behaviour=behaviour, unknown_keys=setting))
        assert table.keys() >= DOCUMENTED.keys() - {"unknown_source"}
        return table.get("unknown_source")

    assert unknown("accept") is None
    assert unknown("discard") == DOCUMENTED["unknown_source"]
    assert unknown("refuse") == STRICT["unknown_source"]
    assert unknown(None) == BEHAVIOURS[behaviour]["unknown_source"]


def test_a_refusal_has_the_body_that_every_library_reads():
    reply = refusal_of(STRICT["bad_message"], "no_user_anon_id")
    assert status_of(reply) == 422
    sentence = "a message breaks a rule of the spec: no_user_anon_id"
    assert json_of(reply) == {
        "success": False,
        "code": "invalid_message",
        "message": sentence,
        "error": sentence,
    }
    refused = refusal_of(DOCUMENTED["bad_token"])
    assert headers_of(refused)["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert json_of(refusal_of(DOCUMENTED["too_large"]))["message"] == "Exceed payload limit"
