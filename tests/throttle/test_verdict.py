"""The verdict table: a case for each row, the order of rows, and the exit codes."""

from dataclasses import replace

import pytest

from harness.measure.counters import Counters
from harness.measure.reconcile import Reconciliation
from harness.measure.summary import Figures, LimitUse, Summary
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
