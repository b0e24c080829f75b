"""Claims about the guard."""

from dataclasses import replace
from typing import Any

import pytest

from harness.errors import GuardError
from harness.segment.write_key import WriteKey
from harness.send.guard import Permit, SourceKey, is_loopback, permit
from harness.send.target import parse_target

KEY = WriteKey("abcdefghijklmnopqrstuvwxyz0x9Qd")
OTHER = WriteKey("ABCDEFGHIJKLMNOPQRSTUVWXYZ0y8Re")
SET = SourceKey("web", "SEGMENT_WRITE_KEY", KEY)
SALT = b"0123456789abcdef"
NAMES = {
    "here.test": ["127.0.0.1", "::1"],
    "there.test": ["192.0.2.7"],
    "both.test": ["127.0.0.1", "192.0.2.7"],
}


def ask(target: str = "http://there.test", **changes: Any) -> Permit:
    """A run that is allowed beyond this machine, but for the changes."""
    asked: dict[str, Any] = {
        "keys": [SET],
        "privacy": "redacted",
        "confirm_host": "there.test",
        "confirm_source": ["key:x9Qd"],
        "resolve": lambda host, port: NAMES.get(host, []),
        "is_mock": lambda permit: False,
    }
    return permit(parse_target(target), **(asked | changes))


def refusals(**changes: Any) -> list[str]:
    with pytest.raises(GuardError) as refusal:
        ask(**changes)
    return str(refusal.value).split("\n")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"]
)
def test_all_of_loopback_is_this_machine(address):
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "128.0.0.1", "126.255.255.255", "::", "::2", "::ffff:10.0.0.1", "10.0.0.1", "localhost", ""],
)
def test_everything_else_is_beyond(address):
    assert not is_loopback(address)


def test_this_machine_needs_no_word_and_no_key():
    allowed = ask("http://here.test", keys=[], privacy="raw", confirm_host=None, confirm_source=())
    assert (allowed.beyond, allowed.is_mock) == (False, False)


def test_a_confirmed_target_beyond_is_allowed():
    allowed = ask()
    assert allowed.beyond
    allowed.check("192.0.2.7")
    allowed.check("203.0.113.1")


@pytest.mark.parametrize("host", ["there.test", "both.test", "nowhere.test"])
@pytest.mark.parametrize("said", [None, "elsewhere.test", "THERE.TEST", "there.test ", ""])
def test_a_host_that_is_not_wholly_here_is_named_twice(host, said):
    (sentence,) = refusals(target=f"http://{host}", confirm_host=said)
    assert "--confirm-host" in sentence
    assert host in sentence


def test_a_name_that_does_not_resolve_counts_as_beyond_and_may_be_confirmed():
    assert ask("http://nowhere.test", confirm_host="nowhere.test").beyond


def test_tests_may_call_this_machine_beyond():
    (sentence,) = refusals(
        target="http://127.0.0.1:9", resolve=lambda host, port: [host], loopback=lambda address: False
    )
    assert "--confirm-host" in sentence


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([], ["SEGMENT_WRITE_KEY is not confirmed"]),
        (["key:zzzz"], ["key:zzzz names no write key", "is not confirmed"]),
        (["key:"], ["key: names no write key", "is not confirmed"]),
        (["my-source"], ["my-source cannot be looked up yet", "is not confirmed"]),
        (["key:x9Qd", "my-source"], ["my-source cannot be looked up yet"]),
    ],
)
def test_the_source_is_named_by_the_end_of_its_key(said, told):
    sentences = refusals(confirm_source=said)
    assert len(sentences) == len(told)
    assert all(part in sentence for part, sentence in zip(told, sentences, strict=True))
    assert "x9Qd" not in "".join(sentences)  # the user must know it, not copy it


def test_every_key_of_the_run_is_named():
    keys = [SET, SourceKey("app", "APP_KEY", OTHER), SourceKey("shop", "SEGMENT_WRITE_KEY", KEY)]
    (sentence,) = refusals(keys=keys)
    assert "APP_KEY" in sentence
    assert ask(keys=keys, confirm_source=["key:x9Qd", "key:y8Re"]).beyond


@pytest.mark.parametrize("key", [None, WriteKey(""), WriteKey("  ")])
def test_beyond_this_machine_a_key_must_be_set_and_its_variable_is_named(key):
    (sentence,) = refusals(keys=[replace(SET, key=key)], confirm_source=[])
    assert sentence.startswith("SEGMENT_WRITE_KEY holds no write key")


@pytest.mark.parametrize("privacy", ["raw", "", "unknown"])
def test_a_raw_recording_stays_here(privacy):
    (sentence,) = refusals(privacy=privacy)
    assert "--send-unredacted" in sentence
    assert ask(privacy=privacy, send_unredacted=True).beyond


@pytest.mark.parametrize("privacy", ["redacted", "synthetic", "public"])
def test_a_recording_that_names_nobody_may_leave(privacy):
    assert ask(privacy=privacy).beyond


@pytest.mark.parametrize("target", ["http://there.test", "http://here.test"])
@pytest.mark.parametrize(
    "origin",
    [{"foreign_keys": [KEY]}, {"marks": [OTHER.mark(SALT), KEY.mark(SALT)], "salt": SALT}],
    ids=["line", "header"],
)
def test_the_key_of_the_source_it_came_from_is_refused_everywhere(target, origin):
    (sentence,) = refusals(target=target, **origin)
    assert "SEGMENT_WRITE_KEY (…x9Qd)" in sentence
    assert KEY.reveal() not in sentence


def test_marks_of_other_keys_or_under_another_salt_refuse_nothing():
    assert ask(marks=[OTHER.mark(SALT)], salt=SALT, foreign_keys=[OTHER]).beyond
    assert ask(marks=[KEY.mark(SALT)], salt=b"another salt 123").beyond


def test_our_own_mock_beyond_needs_its_host_alone():
    allowed = ask(keys=[], confirm_source=[], is_mock=lambda permit: True)
    assert (allowed.beyond, allowed.is_mock) == (True, True)
    (sentence,) = refusals(keys=[], confirm_source=[], is_mock=lambda permit: True, privacy="raw")
    assert "--send-unredacted" in sentence


def test_keys_in_the_shell_do_not_matter_to_our_own_mock():
    assert ask("http://here.test", foreign_keys=[KEY], is_mock=lambda permit: True).is_mock


def test_nothing_is_sent_to_a_host_before_it_is_confirmed():
    asked: list[Permit] = []

    def looks(permit: Permit) -> bool:
        asked.append(permit)
        return False

    refusals(confirm_host=None, is_mock=looks)
    assert asked == []
    ask(is_mock=looks)
    assert [permit.beyond for permit in asked] == [True]


def test_all_reasons_are_told_at_once_the_worst_first():
    sentences = refusals(
        keys=[SET, SourceKey("app", "APP_KEY", None)],
        foreign_keys=[KEY],
        privacy="raw",
        confirm_host=None,
        confirm_source=[],
    )
    marks = ["came from", "raw", "APP_KEY holds no", "--confirm-host", "--confirm-source"]
    assert len(sentences) == len(marks)
    assert all(mark in sentence for mark, sentence in zip(marks, sentences, strict=True))
    assert all(sentence.endswith(".") for sentence in sentences)


def test_tls_changes_nothing_about_what_the_guard_asks():
    assert "--confirm-host" in refusals(target="https://there.test", confirm_host=None)[0]
    assert ask("https://there.test").beyond


def test_a_permit_for_this_machine_refuses_an_address_beyond():
    allowed = ask("http://here.test", confirm_host=None)
    allowed.check("127.0.0.9")
    with pytest.raises(GuardError, match=r"here\.test .* 192\.0\.2\.7"):
        allowed.check("192.0.2.7")


def test_no_repr_holds_a_key():
    assert KEY.reveal() not in repr(SET)
