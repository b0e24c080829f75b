"""What a failed test prints of the ledger."""

from harness.pytest_mock.sightings import SeenRequest
from harness.pytest_mock.telling import ROWS_MOST, account, listed, printable, table

S = 1_000_000_000
COUNTS = {
    "received": 3,
    "stored": 1,
    "duplicates": 0,
    "discarded": 2,
    "refused": 0,
    "throttled": 0,
    "faulted": 0,
    "unreadable_requests": 1,
    "discarded_by_reason": {"invalid_type": 2},
    "refused_by_reason": {},
    "unreadable_by_reason": {"bad_json": 1},
}


def many(count: int) -> list[SeenRequest]:
    return [SeenRequest(n * S, "POST", "/v1/track", 200, None, 1, (f"m{n}",)) for n in range(count)]


def test_the_account_has_counts_reasons_and_each_request():
    requests = [*many(1), SeenRequest(S, "POST", "/v1/batch", 429, "2", 5, ("a", "b", "c", "d", "e"))]
    told = account(COUNTS, requests, "…x9Qd")
    assert told.startswith("Under the write key …x9Qd the mock saw 2 requests.")
    assert "3 messages arrived: 1 stored, 2 discarded." in told
    assert "Reasons: invalid_type 2, bad_json 1" in told
    assert told.endswith("POST /v1/batch 429, Retry-After 2 5: a, b, c and 2 more")
    assert len(told.splitlines()) == 7


def test_of_many_requests_those_about_the_fault_are_shown():
    lines = table(many(100), {60: "here"}, (60,))
    assert len(lines) == ROWS_MOST + 2
    assert next(line for line in lines if line.endswith("<- here")).split()[:2] == [">", "61"]
    assert lines[-1].strip() == f"and {100 - ROWS_MOST} requests more"
    assert table([]) == []


def test_what_the_client_chose_cannot_steer_a_terminal():
    assert printable("\x1b[2J\nm") == "\ufffd[2J\ufffdm"
    assert len(printable("x" * 500)) == 41
    request = SeenRequest(0, "POST", "/v1/track", 429, "\x1b[31m", 1, ("\x07",))
    assert "\x1b" not in "\n".join(table([request]))
    assert listed(["a", "b"], 1) == "a and 1 more"
