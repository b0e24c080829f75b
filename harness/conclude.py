"""After the last answer: measure, reconcile with the receiver, judge, and write the report."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson

from harness.compare import judge_against
from harness.engine.cores import usable_cores
from harness.engine.machine import machine
from harness.engine.on_limit import AT_THE_LIMIT
from harness.errors import EXIT_INTERRUPTED, BadLineError, HarnessError, TargetError
from harness.listing import list_run
from harness.masking import without_credentials
from harness.measure.contents import Contents
from harness.measure.reconcile import Reconciliation, reconcile
from harness.measure.summary import Summary, fold
from harness.measure.timeline import Timeline
from harness.report.document import RunFacts, build_document, write_json
from harness.report.html import write_html
from harness.report.text import text_report
from harness.segment.message_ids import id_prefix, index_of, message_id
from harness.send.probe import probe, stream_ids
from harness.throttle.evidence import EngineFacts, Evidence
from harness.throttle.expected import judge_expectations
from harness.throttle.verdict import Judgement, judge
from harness.timetable import schedule
from harness.units import NS_PER_S, format_instant_us
from harness.wiring import Run, is_target_local, read, transform

INTERRUPTED: Final = "interrupted"
_LEDGER_READY_WITHIN_NS: Final = 5 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended, for a command line."""

    document: dict[str, Any]
    text: str
    report_path: Path
    exit_code: int
    error: str | None  # what went wrong beyond any item, in one sentence

    @property
    def as_json(self) -> str:
        """The document, as `run.json` has it."""
        return orjson.dumps(self.document, option=orjson.OPT_INDENT_2).decode()


def measure(run: Run) -> Summary:
    """Fold what the run wrote down into its figures."""
    run.account.close(run.clock.now_ns())
    return fold(Timeline(run.account.timeline), run.account.delivery_map, recorded=run.account.taken)


def reconcile_run(run: Run) -> Reconciliation | None:
    """The receiver's account beside ours; None when it keeps none, or the ids are not this run's own."""
    aim, account = run.aim, run.account
    if run.plan.ids == "keep" or run.replay.started_ns is None:
        return None
    instance = _instance_at_the_end(run)
    if instance is None and aim.instance is None:
        return None
    prefix = id_prefix(aim.run_id)

    def compare(arrivals: Iterator[dict[str, Any]], *, complete: bool) -> Reconciliation:
        return reconcile(
            arrivals,
            account.delivery_map,
            index_of=lambda found: index_of(found, aim.run_id),
            ordered=_in_due_order(run) if complete else None,
            complete=complete,
            calls=account.tally.calls.indexes,
            message_id=lambda index: message_id(prefix, index),
        )

    if instance is None or instance != aim.instance:
        return compare(iter(()), complete=False)
    try:
        return compare(stream_ids(aim.target, aim.permit, prefix), complete=True)
    except TargetError:
        return compare(iter(()), complete=False)


def judge_run(run: Run, summary: Summary, reconciliation: Reconciliation | None) -> Judgement:
    """The verdict, and what it rests on."""
    plan, baseline = run.plan, run.plan.baseline
    asked = plan.expect or baseline is not None
    figures = build_document(run_facts(run), summary, reconciliation) if asked else {}
    return judge(
        evidence_of(run, summary, reconciliation),
        judge_expectations(plan.expect, figures),
        None if baseline is None else judge_against(Path(baseline), plan.max_regression, figures),
    )


def evidence_of(run: Run, summary: Summary, reconciliation: Reconciliation | None) -> Evidence:
    """All that a verdict looks at."""
    return Evidence(
        summary=summary,
        reconciliation=reconciliation,
        engine=engine_facts(run),
        interrupted=run.replay.stopped_by == INTERRUPTED,
        aborted=run.account.live.aborted if run.account.live is not None else None,
        stopped_at_limit=run.replay.stopped_by == AT_THE_LIMIT,
        target_ready=not isinstance(run.replay.error, TargetError),
        recording_complete=_read_whole(run),
        recorded_times=run.plan.needs_times,
        stages_ended=run.account.left_over,
        resorted=run.recording.counts.resorted,
        too_late=run.recording.counts.too_late,
        order_kept=run.plan.order == "person",
        allow=dict(run.plan.allow),
    )


def write_report(
    run: Run,
    summary: Summary,
    reconciliation: Reconciliation | None,
    judgement: Judgement,
    contents: Contents | None = None,
) -> Result:
    """Write `run.json` and `report.html`; answers what a command line prints.

    Raises what broke the run, when that is a fault of ours.
    """
    error = run.replay.error
    document = build_document(run_facts(run), summary, reconciliation, judgement, contents)
    exit_code = judgement.exit_code
    if isinstance(error, HarnessError) and exit_code != EXIT_INTERRUPTED:
        exit_code = document["exit_code"] = error.exit_code
    folder = run.aim.folder
    write_json(folder / "run.json", document)
    write_html(folder / "report.html", document)
    if error is not None and not isinstance(error, HarnessError):
        raise error
    not_listed = list_run(folder)
    sentence = not_listed if error is None else str(error)
    return Result(document, text_report(document), folder / "report.html", exit_code, sentence)


def run_facts(run: Run) -> RunFacts:
    """What the report says of the run beside its figures."""
    replay, recording, aim = run.replay, run.recording, run.aim
    # Comparing it with the ledger comes after a run, and is no part of how long it took.
    ended_ns = run.clock.now_ns() if run.account.ended_ns is None else run.account.ended_ns
    duration_ns = 0 if replay.started_ns is None else ended_ns - replay.started_ns
    counts = recording.counts
    return RunFacts(
        run_id=aim.run_id,
        state=_state(run),
        plan=run.plan.as_json(),
        recording=recording.about()
        | {
            "resorted": counts.resorted,
            "too_late": counts.too_late,
            "oversize": counts.oversize,
            "truncated_last_line": counts.truncated_last_line,
            "error": str(replay.error) if isinstance(replay.error, HarnessError) else None,
        },
        recording_complete=_read_whole(run),
        target=aim.target.url,
        targets=aim.urls,
        proxies=aim.proxies,
        legs=[
            {
                "started_at": None
                if replay.started_wall_ns is None
                else format_instant_us(replay.started_wall_ns),
                "duration_s": round(duration_ns / NS_PER_S, 3),
                "stopped_by": replay.stopped_by,
            }
        ],
        started_wall_ns=replay.started_wall_ns,
        duration_ns=duration_ns,
        mock=None
        if aim.instance is None
        else {"instance": aim.instance, "bundled": aim.is_bundled, "limits": run.plan.mock_limits},
        engine=engine_facts(run),
        command=shlex.join([Path(sys.argv[0]).name, *map(without_credentials, sys.argv[1:])]),
        stopped_by=replay.stopped_by,
        other_requests=run.other_requests,
        made_with={
            "harness": version("segment-harness"),
            "locust": version("locust"),
            "python": sys.version.split()[0],
            "cores": usable_cores(),
            "machine": machine(),
        },
    )


def engine_facts(run: Run) -> EngineFacts:
    """What the engine knows beyond its tally."""
    replay, aim = run.replay, run.aim
    dispatcher = replay.dispatcher
    watch = replay.self_watch
    return EngineFacts(
        users_opened=replay.users_opened,
        connections=run.account.connections or replay.users_opened,
        users_limit=replay.users_most,
        users_fixed=replay.settings.users is not None,
        ceiling_on=not run.plan.exceed_limits,
        ceiling_held=dispatcher.held_by_ceiling,
        backlog_stops=dispatcher.backlog.stops,
        backlog_stopped_ns=sum(dispatcher.backlog.stood_ns.values()),
        shares_core=is_target_local(aim) and usable_cores() < 2,
        spun_ns=replay.spun_ns,
        busy_ns=watch.busy_ns,
        busy_share=watch.busy_share,
        busiest_second_share=watch.busiest_second_share,
        clock_step_ns=watch.clock_step_ns,
        stopped_idle_ns=replay.stopped_idle_ns or 0,
        busiest_person_share=run.account.busiest.share,
        stages_unused_ns=run.account.unused_ns,
    )


def _read_whole(run: Run) -> bool:
    return run.replay.read_all and not run.account.left_over


def _state(run: Run) -> str:
    stopped_by = run.replay.stopped_by
    if stopped_by is None:
        return "finished"
    return INTERRUPTED if stopped_by == INTERRUPTED else "stopped"


def _instance_at_the_end(run: Run) -> str | None:
    aim, clock = run.aim, run.clock
    give_up_ns = clock.now_ns() + _LEDGER_READY_WITHIN_NS
    while True:
        try:
            look = probe(aim.target, aim.permit)
        except TargetError:  # its certificate is another now: whose ledger that is, nobody can tell
            return None
        # A mock that was there at the start may just be coming back.
        if look.is_mock or aim.instance is None or clock.now_ns() > give_up_ns:
            return look.instance


def _in_due_order(run: Run) -> Iterator[tuple[int, tuple[str, ...]]] | None:
    plan, recording = run.plan, run.recording
    if plan.order != "person" or not recording.rereadable:
        return None
    return _indexes_in_due_order(run)


def _indexes_in_due_order(run: Run) -> Iterator[tuple[int, tuple[str, ...]]]:
    plan = run.plan
    passes = read(plan, run.recording, below_index=len(run.account.delivery_map))
    passes = transform(plan, passes, None, run.aim)
    try:
        for arrival in schedule(plan, passes, run.aim.survey):
            yield arrival.item.index, arrival.item.keys
    except BadLineError:
        if not isinstance(run.replay.error, BadLineError):
            raise
