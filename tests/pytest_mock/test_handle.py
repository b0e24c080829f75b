"""What a test can do to the mock and prove by it, against a real one."""

import os
import signal
from datetime import timedelta

import pytest

from harness.errors import UsageError
from harness.mock.admin_client import AdminClient, MockGoneError
from harness.pytest_mock import LedgerAssertionError, SegmentMock
from harness.pytest_mock.server import start
from harness.pytest_mock.sightings import NotKeptError
from tests.pytest_mock.clients import persist, send

IDS = [f"m{number}" for number in range(8)]


@pytest.fixture(scope="module")
def server():
    running = start()
    yield running
    running.stop()


@pytest.fixture
def mock(server):
    handle = SegmentMock(server)
    yield handle
    handle.end()


def test_a_polite_client_under_a_limit_passes_every_proof(mock):
    mock.clock.freeze()
    mock.limit("5/s", retry_after=2)
    for message_id in IDS:
        persist(mock, message_id, mock.clock.advance)
    mock.assert_delivered_once(IDS, exactly=True)
    mock.assert_retry_after_honoured()
    mock.assert_never_over("6/s")  # the sixth was refused, and arrived nevertheless
    assert [m["messageId"] for m in mock.wait_for(8)] == IDS
    assert mock.counts()["throttled"] == 1
    assert mock.mistakes() == []


def test_a_client_that_does_not_wait_is_shown_where(mock):
    mock.limit("5/s", retry_after=2)
    for message_id in IDS:
        send(mock, message_id)
    with pytest.raises(LedgerAssertionError) as failure:
        mock.assert_retry_after_honoured()
    told = str(failure.value)
    assert told.startswith("2 requests came before a Retry-After was over")
    assert "in_flight=2" in told
    assert told.count("429, Retry-After 2") == 3
    assert told.count("before the pause of #") == 2
    mock.assert_retry_after_honoured(in_flight=2)
    with pytest.raises(LedgerAssertionError, match="never stored: throttled"):
        mock.assert_delivered_once(IDS)
    with pytest.raises(LedgerAssertionError, match="8 requests within"):
        mock.assert_never_over("5/s")


def test_the_same_message_again_is_never_on_its_way(mock):
    mock.limit("1/s", retry_after=1)
    for message_id in ("a", "b", "b"):
        send(mock, message_id)
    with pytest.raises(LedgerAssertionError, match="with the same message"):
        mock.assert_retry_after_honoured(in_flight=9)


def test_a_fault_is_played_so_often_and_to_this_key_alone(server, mock):
    neighbour = SegmentMock(server)
    mock.fail(503, times=2, retry_after=7)
    assert [send(mock, "a"), send(neighbour, "n"), send(mock, "a"), send(mock, "a")] == [
        (503, "7"),
        (200, None),
        (503, "7"),
        (200, None),
    ]
    mock.assert_delivered_once(["a"])
    mock.fail(outcome="empty")
    assert send(mock, "b") == (0, None)
    mock.recover()
    assert send(mock, "b") == (200, None)
    assert [request.status for request in mock.requests()] == [503, 503, 200, None, 200]
    neighbour.end()


def test_a_message_that_was_stored_behind_a_500_may_come_again_and_no_more(mock):
    mock.fail(500, times=1, after=True)
    assert [send(mock, "a")[0], send(mock, "a")[0]] == [500, 200]
    mock.assert_delivered_once(["a"])
    send(mock, "a")
    with pytest.raises(LedgerAssertionError, match="sent again after a 200"):
        mock.assert_delivered_once(["a"])


def test_other_messages_matter_where_exactly_is_said(mock):
    send(mock, "a", "b")
    mock.assert_delivered_once(["a"])
    with pytest.raises(LedgerAssertionError, match="1 other message stored: b"):
        mock.assert_delivered_once(["a"], exactly=True)


def test_nothing_proves_nothing(mock):
    with pytest.raises(LedgerAssertionError, match="no ids were given"):
        mock.assert_delivered_once([])
    with pytest.raises(LedgerAssertionError, match="nothing arrived"):
        mock.assert_never_over("5/s")
    send(mock, "a")
    with pytest.raises(LedgerAssertionError, match="no answer asked for a pause"):
        mock.assert_retry_after_honoured()


def test_messages_are_found_by_type_and_event(mock):
    send(mock, "a", event="Opened")
    send(mock, "b", event="Closed")
    assert [m["messageId"] for m in mock.messages()] == ["a", "b"]
    assert [m["messageId"] for m in mock.messages(type="track", event="Closed")] == ["b"]
    assert mock.messages(type="page") == []
    assert [m["messageId"] for m in mock.wait_for(1, event="Opened")] == ["a"]
    assert mock.messages()[0]["receivedAt"]


def test_waiting_ends_with_what_is_there_instead(mock):
    send(mock, "a")
    with pytest.raises(LedgerAssertionError, match="waited 0 s for 2 stored messages, and there is 1"):
        mock.wait_for(2, 0)
    with pytest.raises(LedgerAssertionError, match=r"2 stored messages with event 'Seen', and there is 1"):
        mock.wait_for(2, 0, event="Seen")


def test_a_limit_is_replaced_lifted_and_of_messages(server, mock):
    mock.limit("1/min")
    assert [send(mock, "a")[0], send(mock, "b")[0]] == [200, 429]
    mock.limit("3/min", unit="messages")
    mock.limit(None)
    assert [send(mock, "c", "d")[0], send(mock, "e", "f")[0], send(mock, "g")[0]] == [200, 429, 200]
    mock.limit("1/min", scope="workspace", algorithm="fixed-window")
    neighbour = SegmentMock(server)
    assert {send(mock, "h")[0], send(neighbour, "i")[0]} == {200, 429}
    neighbour.end()


def test_the_clock_is_read_and_moved(mock):
    mock.clock.freeze()
    before = mock.clock.now()
    mock.clock.advance(90)
    assert mock.clock.now() - before == timedelta(seconds=90)
    mock.clock.scale(60)
    mock.clock.reset()


def test_mistakes_are_told_unless_they_are_allowed(mock):
    send(mock, "a")
    mock.fail(404, times=1)  # a fault is meant, and no mistake
    send(mock, "b")
    assert mock.mistakes() == []
    send(mock, "x", path="/v1/bach")
    send(mock, *"ab", path="/v1/track")
    send(mock, "y" * 40_000)
    found = mock.mistakes()
    assert any("1 message answered 200 and thrown away" in told for told in found)
    assert any("to where nobody answers: POST /v1/bach" in told for told in found)
    mock.allow("unmatched", "discarded", "refused", "unreadable")
    assert mock.mistakes() == []


def test_messages_under_another_key_are_hinted_at(server, mock):
    stranger = SegmentMock(server)
    send(stranger, "a")
    assert "1 message came under other write keys" in mock.told()
    assert mock.write_key not in mock.told() + repr(mock)
    stranger.end()


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda mock: mock.limit("five"), "'five' is no limit"),
        (lambda mock: mock.limit("5/s", unit="bytes"), "unit is 'bytes'"),
        (lambda mock: mock.limit("5/s", retry_after=0), "retry_after_s is 0"),
        (lambda mock: mock.fail(), "it does nothing"),
        (lambda mock: mock.fail(503, tines=1), "no field 'tines'"),
        (lambda mock: mock.clock.advance(-1), "advance_s is -1"),
        (lambda mock: mock.allow("lost"), "'lost' is none of"),
        (lambda mock: mock.wait_for(1, 10_000), "timeout_s is 10000"),
        (lambda mock: mock.assert_never_over("fast"), "'fast' is no limit"),
        (lambda mock: mock.assert_never_over("5/s", unit="bytes"), "write requests or messages"),
    ],
)
def test_who_asks_wrongly_is_told_in_a_sentence(mock, ask, sentence):
    with pytest.raises(UsageError, match=sentence):
        ask(mock)


def test_the_end_leaves_nothing_for_the_next_test(server):
    first = SegmentMock(server)
    first.limit("1/min", retry_after=60)
    first.fail(503, skip=2)
    first.clock.freeze()
    send(first, "same")
    first.end()
    second = SegmentMock(server, first.write_key)
    assert second.counts()["received"] == 0
    assert [send(second, "same")[0] for _ in range(4)] == [200] * 4
    assert server.admin.ask("GET", "/clock")["frozen"] is False
    second.end()


def test_limits_that_the_mock_began_with_are_kept_and_put_back():
    server = start(options=["--limit", "tracking=1/min", "--limit", "profile=2/min"])
    try:
        mock = SegmentMock(server)
        assert [send(mock, "a")[0], send(mock, "b")[0]] == [200, 429]
        mock.limit("2/min")
        assert [send(mock, i)[0] for i in "cde"] == [200, 200, 429]
        own = [row["count"] for row in server.admin.ask("GET", "/limits")["limits"]]
        assert sorted(own) == [2, 2]
        mock.end()
        assert [row["count"] for row in server.admin.ask("GET", "/limits")["limits"]] == [1, 2]
    finally:
        server.stop()


def test_what_the_mock_keeps_no_more_is_not_judged(tmp_path):
    config = tmp_path / "mock.toml"
    config.write_text("[ledger]\nbodies_bytes = 4096\n", "utf-8")
    server = start(options=["--config", str(config)])
    try:
        mock = SegmentMock(server)
        for number in range(20):
            send(mock, f"m{number}")
        mock.assert_delivered_once([f"m{number}" for number in range(20)])
        for ask in (mock.requests, mock.messages):
            with pytest.raises(NotKeptError, match="judge fewer"):
                ask()
        assert "judge fewer" in mock.told()
        assert SegmentMock(server).messages() == []
    finally:
        server.stop()


def test_a_mock_that_has_gone_is_named():
    server = start()
    mock = SegmentMock(server)
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with pytest.raises(MockGoneError, match="does not answer any more"):
        mock.mistakes()


def test_another_mock_at_its_place_is_noticed(server):
    other = start()
    try:
        server_like = SegmentMock(server)
        other.admin.ask("POST", "/reset")
        with pytest.raises(MockGoneError, match="was reset as a whole"):
            other.check()
        server_like.end()
    finally:
        other.stop()


def test_the_admin_client_knows_no_proxy_and_says_what_the_mock_said(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    admin = AdminClient(server.url)
    with pytest.raises(UsageError, match="limit='x' is no whole number"):
        admin.ask("GET", "/requests", query={"limit": "x"})
