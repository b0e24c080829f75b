"""Recordings whose times are strange: the sums hold, and what was seen is said."""

import pytest

from tests.e2e.bench import replay, steady, write_lines


def checks(run: dict) -> set[str]:
    return {finding["check"] for finding in run["findings"]}


def test_when_all_times_are_equal_everything_is_due_at_once_and_all_is_delivered(tmp_path, start_mock):
    mock = start_mock()
    path = write_lines(tmp_path / "r.ndjson", steady(120, gap_s=0.0, people=3))
    run = replay(path, "--target", mock.url, folder=tmp_path / "run").check(0).run
    assert run["messages"]["accepted"] == run["reconciliation"]["ledger_unique"] == 120
    assert run["reconciliation"]["out_of_order"] == 0
    assert run["sums_hold"]


@pytest.mark.parametrize(("lines_back", "said"), [(3, "out of time order"), (10_500, "times go back")])
def test_times_that_go_back_are_put_in_order_as_far_as_they_can_and_told(
    tmp_path, start_mock, lines_back, said
):
    mock = start_mock()
    lines = steady(lines_back + 20, gap_s=0.0001, people=2_000)
    lines.append(lines.pop(5))
    path = write_lines(tmp_path / "r.ndjson", lines)
    args = ("--target", mock.url, "--batch", "100", "--batch-wait", "10ms")
    run = replay(path, *args, folder=tmp_path / "run").run
    assert said in checks(run)
    assert run["messages"]["accepted"] == run["reconciliation"]["ledger_unique"] == len(lines)
    assert run["sums_hold"]
    assert run["recording"]["resorted" if lines_back == 3 else "too_late"] == 1


def test_a_jump_of_a_year_is_waited_for_and_said_when_the_run_is_stopped(tmp_path, start_mock):
    mock = start_mock()
    lines = steady(40, gap_s=0.005)
    for line in lines[20:]:
        line["at"] += 365 * 86_400
    path = write_lines(tmp_path / "r.ndjson", lines)
    run = replay(path, "--target", mock.url, "--duration", "1s", folder=tmp_path / "run").check(0).run
    assert run["messages"]["accepted"] == 20
    assert run["messages"]["cancelled"] == 20
    assert run["sums_hold"]
    (told,) = [finding for finding in run["findings"] if finding["check"] == "long gap"]
    assert "365 d" in told["evidence"] or "364 d" in told["evidence"]


def test_more_people_than_users_all_come_to_their_turn_in_order(tmp_path, start_mock):
    mock = start_mock()
    path = write_lines(tmp_path / "r.ndjson", steady(300, gap_s=0.001, people=150))
    run = replay(path, "--target", mock.url, "--users", "2", folder=tmp_path / "run").run
    assert run["messages"]["accepted"] == run["reconciliation"]["ledger_unique"] == 300
    assert run["reconciliation"]["out_of_order"] == 0
    assert run["engine"]["users_opened"] == 2
    assert run["sums_hold"]
