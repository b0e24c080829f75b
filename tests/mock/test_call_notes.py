"""A mock that is asked to notes each call; the notes are read while it writes, and hold nobody's ids."""

import pytest

from harness.clock import ManualClock
from harness.mock.call_notes import CallNotes, CallNotesError
from harness.mock.faults.rule import FaultRule
from harness.mock.settings import LedgerSettings, MockSettings
from harness.seen import digest
from tests.mock.boxed import OTHER_KEY, Client, box_of, limit_of, request, track

NOTING = LedgerSettings(calls=True, value_path="properties.order_id")


def noting(tmp_path, **more):
    settings = MockSettings(ledger=NOTING, faults=more.pop("faults", ()))
    client = Client(box_of(directory=tmp_path, settings=settings, **more))
    return client, CallNotes(tmp_path)


def test_a_call_is_noted_with_what_became_of_each_message(tmp_path):
    client, notes = noting(tmp_path)
    stamped = track("m1", timestamp="2026-01-02T03:04:05.678Z", properties={"order_id": 17})
    client.call(
        "POST", "/v1/batch", {"batch": [stamped, {"type": "track"}]}, headers=[("X-Retry-Count", "2")]
    )
    client.call("POST", "/v1/track", track("m1"), key=OTHER_KEY)
    batch, single = notes.read()
    assert (batch.api, batch.path, batch.status, batch.tries, batch.source) == (
        "tracking",
        "/v1/batch",
        200,
        2,
        "…x9Qd",
    )
    first, second = batch.messages
    assert (first.id, first.kind, first.class_, first.known, first.stored) == (
        "m1",
        "track",
        "stored",
        False,
        True,
    )
    assert first.stamp_ms == 1_767_323_045_678
    assert first.value == digest(b"17", notes.salt)
    assert first.people == (digest(b"u:u1", notes.salt),)
    assert (second.id, second.class_, second.stored) == (None, "discarded", False)
    (again,) = single.messages
    assert (again.class_, again.known, again.identity == first.identity) == ("duplicates", True, True)
    assert (single.source, single.tries, again.value) == ("…4z7Y", None, None)


def test_a_refused_call_says_what_was_answered_and_whether_its_messages_were_there_before(tmp_path):
    client, notes = noting(tmp_path, limit=limit_of(1))
    client.call("POST", "/v1/track", track("m1"))
    for message_id in ("m1", "m2"):
        assert client.call("POST", "/v1/track", track(message_id)).status == 429
    _, repeated, fresh = notes.read()
    assert (repeated.status, repeated.retry_after) == (429, "1")
    assert [call.messages[0].known for call in (repeated, fresh)] == [True, False]
    assert {call.messages[0].class_ for call in (repeated, fresh)} == {"throttled"}


def test_a_fault_that_eats_the_answer_has_no_status(tmp_path):
    client, notes = noting(tmp_path, faults=(FaultRule(outcome="reset-before-head", when="after"),))
    client.send(request("POST", "/v1/track", track("m1")))
    (call,) = notes.read()
    assert (call.status, call.messages[0].class_, call.messages[0].stored) == (None, "faulted", True)


def test_messages_without_an_id_are_known_again_by_their_content_whatever_their_clock(tmp_path):
    client, notes = noting(tmp_path)
    for more in ({"sentAt": "2026-01-02T03:04:05Z"}, {"sentAt": "2026-01-02T03:04:09Z"}, {"event": "Other"}):
        client.call("POST", "/v1/track", track(None, **more))
    first, again, other = (call.messages[0] for call in notes.read())
    assert first.identity == again.identity != other.identity


def test_nobodys_id_or_value_or_key_stands_in_the_journal(tmp_path):
    client, notes = noting(tmp_path)
    body = track(
        "m1", userId="anna@example.com", anonymousId="anon-77", properties={"order_id": "order-4711"}
    )
    client.call("POST", "/v1/alias", {**body, "previousId": "old-88"})
    assert len(next(notes.read()).messages[0].people) == 4
    journal = (tmp_path / "journal.ndjson").read_text("utf-8")
    for secret in ("anna", "anon-77", "order-4711", "old-88", "mockkey"):
        assert secret not in journal


def test_other_apis_and_paths_are_noted_without_messages(tmp_path):
    client, notes = noting(tmp_path)
    client.call("GET", "/v1/spaces/s1/collections/users/profiles/user_id:u1/traits", headers=())
    client.call("GET", "/nowhere")
    client.call("POST", "/v1/track", b"{")
    profile, nowhere, broken = notes.read()
    assert [profile.api, nowhere.api, broken.api] == ["profile", "none", "tracking"]
    assert (broken.status, broken.messages, notes.unreadable) == (400, (), 1)


def test_notes_are_read_as_they_come_and_a_reset_is_noticed(tmp_path):
    client, notes = noting(tmp_path)
    client.call("POST", "/v1/track", track("m1"))
    assert [call.messages[0].id for call in notes.read()] == ["m1"]
    assert list(notes.read()) == []
    client.call("POST", "/v1/track", track("m2"))
    assert [call.messages[0].id for call in notes.read()] == ["m2"]
    assert not notes.lost
    client.call("POST", "/__admin/reset")
    client.call("POST", "/v1/track", track("m3"))
    assert [call.messages[0].id for call in notes.read()] == ["m3"]
    assert notes.lost


def test_half_a_line_waits_for_its_rest(tmp_path):
    client, notes = noting(tmp_path)
    client.call("POST", "/v1/track", track("m1"))
    path = tmp_path / "journal.ndjson"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert list(notes.read()) == []
    path.write_bytes(whole)
    assert len(list(notes.read())) == 1


def test_a_journal_with_notes_is_taken_up_again_by_the_next_mock(tmp_path):
    clock = ManualClock()
    client, _ = noting(tmp_path, clock=clock)
    client.call("POST", "/v1/track", track("m1"))
    client.call("GET", "/nowhere")
    client.box.ledger.close()
    next_client, notes = noting(tmp_path, clock=clock)
    assert next_client.call("GET", "/__admin/ledger").json()["received"] == 1
    next_client.call("POST", "/v1/track", track("m1"))
    assert [call.messages[0].class_ for call in notes.read() if call.messages] == ["stored", "duplicates"]


def test_without_being_asked_nothing_is_noted(tmp_path):
    client = Client(box_of(directory=tmp_path))
    client.call("POST", "/v1/track", track("m1"))
    assert list(CallNotes(tmp_path).read()) == []


def test_what_is_no_journal_is_said(tmp_path):
    with pytest.raises(CallNotesError, match="name the folder of a run"):
        CallNotes(tmp_path)
    (tmp_path / "journal.ndjson").write_text('{"call": 5}\n', "utf-8")
    with pytest.raises(CallNotesError, match="a line that no mock writes"):
        list(CallNotes(tmp_path).read())
