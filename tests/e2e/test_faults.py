"""The mock killed in the middle, and answers that are no answers."""

import threading
import time

from tests.e2e.bench import finish, replay, started, steady, write_lines
from tests.proxy import CloseAfter, FaultingProxy, Garbage, Rule, Status, every, nth


def accounted(run: dict) -> None:
    messages = run["messages"]
    assert run["sums_hold"] is True
    assert messages["recorded"] == messages["filtered"] + messages["selected"]
    assert messages["selected"] == sum(
        messages[state] for state in ("accepted", "rejected", "abandoned", "dropped", "cancelled", "pending")
    )


def test_through_a_dead_mock_429_500_and_garbage_everything_is_delivered(tmp_path, start_mock):
    mock = start_mock("--limits", "none")
    folder = tmp_path / "run"
    recording = write_lines(tmp_path / "r.ndjson", steady(600, gap_s=0.015, people=200))
    plan = [
        Rule(Status(429, (("Retry-After", "1"),)), nth(20, 380)),
        Rule(Status(500), every(37)),
        Rule(Garbage(), every(41)),
        Rule(CloseAfter(), every(53)),
    ]
    with (
        FaultingProxy(mock.port, plan) as proxy,
        started(
            "replay",
            str(recording),
            "--target",
            proxy.url,
            "--run-dir",
            str(folder),
            "--limit",
            "tracking=400/s",
        ) as process,
    ):
        wait_until(lambda: mock.ledger()["stored"] >= 150)
        mock.kill()
        time.sleep(3)  # the fault itself: a receiver that is away for three seconds
        mock.start()
        done = finish(process, folder).check(0)
    run = done.run
    accounted(run)
    assert run["messages"]["accepted"] == 600
    assert run["reconciliation"]["complete"] is True
    assert run["reconciliation"]["ledger_unique"] == 600
    assert run["reconciliation"]["missing"] == run["reconciliation"]["unexpected"] == 0
    assert run["reconciliation"]["duplicates"] > 0
    assert run["reconciliation"]["duplicates"] == run["reconciliation"]["duplicates_explained"]
    assert run["reconciliation"]["out_of_order"] == run["reconciliation"]["out_of_order_explained"]
    assert run["requests"]["by_status"]["none"] > 0
    assert run["requests"]["by_status"]["429"] == 2
    assert run["throttle"]["retry_after_violated"] == 0
    assert {"Status", "Garbage", "CloseAfter"} <= set(proxy.played)


def test_what_is_refused_for_good_fails_the_run_unless_it_was_allowed(tmp_path, start_mock):
    mock = start_mock()
    recording = write_lines(tmp_path / "r.ndjson", steady(40))
    with FaultingProxy(mock.port, [Rule(Status(400), nth(5, 9))]) as proxy:
        failed = replay(recording, "--target", proxy.url, folder=tmp_path / "a").check(3)
    assert failed.run["messages"]["rejected"] == 2
    assert failed.run["messages"]["accepted"] == 38
    with FaultingProxy(mock.port, [Rule(Status(302, (("Location", mock.url),)), nth(5, 9))]) as proxy:
        allowed = replay(recording, "--target", proxy.url, "--allow", "rejected=2", folder=tmp_path / "b")
    assert allowed.check(0).run["messages"]["rejected"] == 2


def test_without_retries_the_raw_answers_show(tmp_path, start_mock):
    mock = start_mock()
    recording = write_lines(tmp_path / "r.ndjson", steady(30))
    with FaultingProxy(mock.port, [Rule(Status(503), nth(3, 4, 5))]) as proxy:
        done = replay(recording, "--target", proxy.url, "--retry", "none", folder=tmp_path / "a").check(3)
    assert done.run["messages"]["abandoned"] == 3
    assert done.run["requests"]["sent"] == 30


def test_a_ledger_that_was_lost_on_the_way_makes_the_run_inconclusive(tmp_path, start_mock):
    mock = start_mock()
    recording = write_lines(tmp_path / "r.ndjson", steady(200, gap_s=0.02))
    folder = tmp_path / "run"
    with started("replay", str(recording), "--target", mock.url, "--run-dir", str(folder)) as process:
        wait_until(lambda: mock.ledger()["stored"] >= 20)
        import httpx

        httpx.post(f"{mock.url}/__admin/reset", trust_env=False)
        done = finish(process, folder).check(4)
    assert done.run["reconciliation"]["complete"] is False


def wait_until(holds, within_s: float = 60.0) -> None:
    ends = time.monotonic() + within_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < ends, "it never came to that"
        pause.wait(0.02)
