"""The verdict table: a case for each row, the order of rows, and the exit codes."""

from dataclasses import replace

import pytest

from harness.measure.counters import Counters
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import ArrivalVariation, Figures, LimitUse, Summary
from harness.measure.sums import Sums
from harness.throttle.evidence import EngineFacts, Evidence
from harness.throttle.verdict import CHECKS, judge

CLEAN_ACCOUNT = Reconciliation("ledger", True, 200, 0, 0, 0, 0, 0, 0, 0, 0, {}, {})


def totals(**changed):
    made = Counters()
    for name, value in {"sent": 200, "first_sent": 200, "opened": 16, **changed}.items():
        setattr(made, name, value)
    return made


def durations(**changed):
    return (
        dict(Summary().durations) | {"service_2xx": Figures(p50=1.0, p99=2.0, max=2.0, count=200)} | changed
    )


CLEAN = Evidence(
    summary=Summary(
        closed=True,
        messages=Sums(recorded=200, selected=200, accepted=200),
        totals=totals(),
        durations=durations(),
    ),
    reconciliation=CLEAN_ACCOUNT,
    engine=EngineFacts(users_opened=16, users_limit=512),
)


def with_sums(**sums):
    return replace(CLEAN, summary=replace(CLEAN.summary, messages=Sums(recorded=200, selected=200, **sums)))


def with_account(**changed):
    return replace(CLEAN, reconciliation=replace(CLEAN_ACCOUNT, **changed))


def with_totals(**changed):
    return replace(CLEAN, summary=replace(CLEAN.summary, totals=totals(**changed)))


def with_variation(due, sent, **changed):
    summary = replace(CLEAN.summary, arrival_variation=ArrivalVariation(due, sent))
    return replace(CLEAN, summary=summary, recorded_times=True, **changed)


OVER = LimitUse("tracking", "T", "requests", "source", "shop", 5, 1.0, "x", 9, 1.5, 0)

ROWS = [
    (replace(CLEAN, summary=replace(CLEAN.summary, disagreements=("a is not b",))), "sums", "fail", 3),
    (with_account(missing=2), "missing", "fail", 3),
    (with_account(unexpected=1), "unexpected", "fail", 3),
    (with_account(duplicates=3, duplicates_explained=2), "duplicates", "fail", 3),
    (with_account(out_of_order=1), "out of order", "fail", 3),
    (with_sums(accepted=199, pending=1), "pending", "fail", 3),
    (with_totals(retry_after_violated=1), "Retry-After", "fail", 3),
    (with_sums(accepted=199, rejected=1), "rejected", "fail", 3),
    (with_sums(accepted=199, abandoned=1), "abandoned", "fail", 3),
    (replace(CLEAN, aborted="Expected less."), "aborted", "fail", 3),
    (replace(CLEAN, stopped_at_limit=True), "stopped at the limit", "fail", 3),
    (replace(CLEAN, died=True), "died", "inconclusive", 4),
    (replace(CLEAN, target_ready=False), "target not ready", "inconclusive", 4),
    (with_account(complete=False, missing=7), "ledger incomplete", "inconclusive", 4),
    (with_totals(sent=0), "nothing sent", "inconclusive", 5),
    (with_totals(throttled=1), "throttled", "warn", 0),
    (with_sums(accepted=199, dropped=1), "dropped", "warn", 0),
    (with_account(discarded={"no_event": 2}), "discarded", "warn", 0),
    (replace(CLEAN, skipped=1), "skipped", "warn", 0),
    (replace(CLEAN, recording_complete=False), "skipped", "warn", 0),
    (replace(CLEAN, reconciliation=None), "not confirmed", "warn", 0),
    (with_account(received_though_refused=1), "received though refused", "warn", 0),
    (replace(CLEAN, summary=replace(CLEAN.summary, limits=(OVER,))), "ceiling leaked", "warn", 0),
    (
        replace(
            CLEAN,
            summary=replace(CLEAN.summary, limits=(OVER,)),
            engine=replace(CLEAN.engine, ceiling_on=False),
        ),
        "over the limit",
        "pass",
        0,
    ),
    (replace(CLEAN, engine=replace(CLEAN.engine, ceiling_held=4)), "ceiling held", "pass", 0),
    (with_account(received_unconfirmed=1), "received unconfirmed", "pass", 0),
    (with_variation(1.0, 1.2), "shape of arrivals", "pass", 0),
    (replace(CLEAN, engine=replace(CLEAN.engine, stages_unused_ns=5)), "stages cut short", "warn", 0),
    (replace(CLEAN, recording_complete=False, stages_ended=True), "stages ended", "pass", 0),
    (replace(CLEAN, recorded_times=True, too_late=1), "times go back", "warn", 0),
    (replace(CLEAN, recorded_times=True, resorted=3), "out of time order", "pass", 0),
    (
        replace(CLEAN, engine=replace(CLEAN.engine, stopped_idle_ns=60_000_000_000)),
        "long gap",
        "pass",
        0,
    ),
]


def test_a_clean_run_passes_with_nothing_to_say():
    assert judge(CLEAN) == ("pass", 0, (), (), ())


@pytest.mark.parametrize(("evidence", "check", "verdict", "exit_code"), ROWS, ids=[row[1] for row in ROWS])
def test_each_row_of_the_table(evidence, check, verdict, exit_code):
    judgement = judge(evidence)
    assert (judgement.verdict, judgement.exit_code) == (verdict, exit_code)
    assert [finding.check for finding in judgement.findings] == [check]
    assert judgement.findings[0].evidence.endswith(".")
    assert judgement.findings[0].advice.endswith(".")


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        (with_variation(3.0, 3.14), False),  # within 5 % of what was recorded
        (with_variation(3.0, 3.16), True),
        (with_variation(3.0, 2.8), True),
        (with_variation(0.0, 0.04), False),  # a share of nothing is nothing: 0.05 holds below 1
        (with_variation(0.0, 0.06), True),
        (with_variation(None, 1.0), False),
        (replace(with_variation(1.0, 2.0), recorded_times=False), False),
    ],
)
def test_the_shape_of_arrivals_is_off_by_over_a_twentieth(evidence, told):
    assert ("shape of arrivals" in {finding.check for finding in judge(evidence).findings}) == told


def test_where_the_ceiling_moved_arrivals_that_is_said_and_not_that_their_shape_is_lost():
    limit_wait = Figures(p99=120.0, max=450.0, count=200)
    summary = replace(
        CLEAN.summary,
        arrival_variation=ArrivalVariation(1.0, 2.0),
        durations=durations(limit_wait=limit_wait),
        totals=totals(first_sent_items=200),
    )
    engine = replace(CLEAN.engine, ceiling_held=40)
    findings = judge(replace(CLEAN, summary=summary, engine=engine, recorded_times=True)).findings
    assert [finding.check for finding in findings] == ["ceiling held"]
    assert findings[0].evidence.startswith("40 arrivals of 200 moved by up to 450 ms (120 ms at p99)")


def test_what_moved_the_arrivals_is_named():
    summary = replace(
        with_variation(1.0, 2.0).summary,
        durations=durations(lane_wait=Figures(max=80.0, count=9), user_wait=Figures(max=5.0, count=9)),
    )
    said = judge(replace(with_variation(1.0, 2.0), summary=summary)).findings[0].evidence
    assert "lane waits moved them by up to 80 ms" in said


def test_every_check_has_a_case_here():
    assert {row[1] for row in ROWS} == {check.name for check in CHECKS}


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (
            with_account(duplicates=2, duplicates_explained=2, out_of_order=1, out_of_order_explained=1),
            "pass",
        ),
        (with_account(out_of_order=None, out_of_order_explained=None), "pass"),
        (
            replace(with_sums(accepted=197, rejected=2, abandoned=1), allow={"rejected": 2, "abandoned": 1}),
            "pass",
        ),
        (replace(with_sums(accepted=197, rejected=3), allow={"rejected": 2}), "fail"),
        (replace(with_sums(accepted=199, pending=1), interrupted=True), "pass"),
    ],
)
def test_what_is_explained_allowed_or_interrupted_is_no_failure(evidence, verdict):
    assert judge(evidence).verdict == verdict


@pytest.mark.parametrize("evidence", [CLEAN, with_account(missing=1), with_totals(sent=0)])
def test_an_interrupted_run_exits_130_whatever_the_verdict(evidence):
    assert judge(replace(evidence, interrupted=True)).exit_code == 130


def test_the_gravest_finding_gives_the_verdict_and_all_are_told():
    evidence = replace(
        with_account(missing=1),
        target_ready=False,
        summary=replace(CLEAN.summary, totals=totals(throttled=3)),
    )
    judgement = judge(evidence)
    assert judgement.verdict == "fail"
    assert [finding.level for finding in judgement.findings] == ["fail", "inconclusive", "warn"]


def test_an_incomplete_account_accuses_nobody():
    checks = {
        finding.check for finding in judge(with_account(complete=False, missing=7, duplicates=3)).findings
    }
    assert checks == {"ledger incomplete"}


def test_where_no_order_was_promised_none_is_missed():
    assert judge(replace(with_account(out_of_order=3), order_kept=False)).verdict == "pass"
