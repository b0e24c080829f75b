"""The requests that the admin lists say what their sender was told."""

from harness.mock.faults.rule import FaultRule
from harness.mock.limits.rule import LimitRule
from tests.mock.boxed import KEY, Client, box_of, request, track


def told(client: Client) -> list[tuple[int | None, str | None]]:
    """Status and Retry-After of each request, oldest first."""
    found = client.call("POST", "/__admin/requests/find", {"write_key": KEY}).json()["requests"]
    return [(row["status"], row["retry_after"]) for row in reversed(found)]


def test_a_429_of_a_limit_has_its_retry_after():
    client = Client(box_of(rules=[LimitRule(count=1, retry_after_s=7)]))
    for number in range(3):
        client.call("POST", "/v1/track", track(f"m{number}"))
    assert told(client) == [(200, None), (429, "7"), (429, "7")]


def test_a_fault_has_its_own_before_the_ledger_and_after_it():
    client = Client(box_of())
    client.box.faults.add(
        [
            FaultRule(name="a", status=503, retry_after="soon", first=1),
            FaultRule(name="b", status=500, retry_after=3, when="after", skip=1, first=1),
            FaultRule(name="c", outcome="empty", skip=2),
        ],
        client.box.clock.now_ns(),
    )
    for number in range(3):
        client.send(request("POST", "/v1/track", track(f"m{number}")))
    assert told(Client(client.box)) == [(503, "soon"), (500, "3"), (None, None)]


def test_a_profile_call_that_is_refused_has_it_where_its_limit_says_one():
    client = Client(box_of(rules=[LimitRule(api="profile", count=1, headers="segment")]))
    path = "/v1/spaces/s/collections/users/profiles/user_id:u/traits"
    for _ in range(2):
        client.call("GET", path)
    found = client.call("POST", "/__admin/requests/find", {"api": "profile"}).json()["requests"]
    assert [row["retry_after"] for row in found] == ["1", None]


def test_ids_stored_behind_a_fault_are_free_again_after_a_reset():
    client = Client(box_of())
    client.box.faults.add([FaultRule(status=500, when="after")], client.box.clock.now_ns())
    for _ in range(2):
        client.call("POST", "/v1/track", track("m1"))
        counts = client.call("GET", f"/__admin/ledger?write_key={KEY}").json()
        assert (counts["unique"], counts["faulted"]) == (1, 1)
        client.call("POST", f"/__admin/reset?write_key={KEY}")
