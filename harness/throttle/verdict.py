"""Judge a run: one table of checks, read from the top, whose first match is the verdict.

| verdict, exit | when |
|---|---|
| fail, 3 | the sums do not add; something is missing, unexpected, repeated, out of order, pending, refused |
| fail, 3 | an expectation on counts is false |
| inconclusive, 4 | the generator was the bottleneck; the target never ready; the account incomplete |
| inconclusive, 4 | an expectation has no data, or too few answers for its percentile |
| fail, 3 | an expectation on a time or a rate is false |
| warn, 0 | throttled, dropped, discarded or skipped; accepted but not confirmed; any other trust warning |
| pass, 0 | the rest |

Nothing sent ends with 5 and an interruption with 130, whatever the verdict.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from harness.errors import (
    EXIT_CHECK_FAILED,
    EXIT_INCONCLUSIVE,
    EXIT_INTERRUPTED,
    EXIT_NOTHING_SENT,
    EXIT_OK,
)
from harness.measure.reconcile import Reconciliation
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN, Check, Finding, many
from harness.throttle.evidence import Evidence
from harness.throttle.expected import Outcome, finding_of
from harness.throttle.times import long_gap, resorted, shape_lost, stages_ended, stages_unused, times_go_back
from harness.throttle.trust import judge_trust

PASS: Final = "pass"  # noqa: S105 - a verdict, no password
_EXIT: Final = {FAIL: EXIT_CHECK_FAILED, INCONCLUSIVE: EXIT_INCONCLUSIVE, WARN: EXIT_OK, PASS: EXIT_OK}


class Judgement(NamedTuple):
    """What a run comes to."""

    verdict: str  # fail, inconclusive, warn, pass
    exit_code: int
    findings: tuple[Finding, ...]  # in the order of the table
    trust_warnings: tuple[Finding, ...]
    expectations: tuple[Outcome, ...] = ()  # in the order given


def judge(
    evidence: Evidence,
    expectations: Sequence[Outcome] = (),
    regression: Finding | None = None,
    *,
    checks: Sequence[Check] | None = None,
    trust: Callable[[Evidence], tuple[Finding, ...]] = judge_trust,
) -> Judgement:
    """The verdict on a run that has ended, with everything that was found; `checks` in place of CHECKS.

    `regression` is what a comparison with a baseline came to, where one was asked for.
    """
    table = CHECKS if checks is None else checks
    findings = tuple(finding for check in table if (finding := check.finding(evidence)) is not None)
    trust_warnings = trust(evidence)
    expected = [(outcome, finding_of(outcome)) for outcome in expectations]
    levels = {finding.level for finding in findings + trust_warnings}
    levels |= {finding.level for outcome, finding in expected if outcome.stands_when_late}
    # A late generator makes times and rates doubtful, so it is asked first; never what was counted.
    levels_when_timely = {finding.level for _, finding in expected}
    if regression is not None:
        levels_when_timely.add(regression.level)
    ladder = ((FAIL, levels), (INCONCLUSIVE, levels | levels_when_timely), (FAIL, levels_when_timely))
    verdict = next((level for level, there in (*ladder, (WARN, levels)) if level in there), PASS)
    exit_code = _EXIT[verdict]
    if evidence.interrupted:
        exit_code = EXIT_INTERRUPTED
    elif evidence.summary.totals.sent == 0 and evidence.target_ready:
        exit_code = EXIT_NOTHING_SENT
    findings += tuple(finding for _, finding in expected)
    findings += () if regression is None else (regression,)
    return Judgement(verdict, exit_code, findings, trust_warnings, tuple(expectations))


def _sums(evidence: Evidence) -> str | None:
    found = evidence.summary.disagreements
    return "The sums do not add up: " + "; ".join(found) + "." if found else None


def _account(evidence: Evidence) -> Reconciliation | None:
    # Nothing is concluded from an account that was lost on the way.
    account = evidence.reconciliation
    return account if account is not None and account.complete else None


def _missing(evidence: Evidence) -> str | None:
    account = _account(evidence)
    if account is None or not account.missing:
        return None
    return f"{many(account.missing, 'accepted message')} never reached the {account.by}."


def _unexpected(evidence: Evidence) -> str | None:
    account = _account(evidence)
    if account is None or not account.unexpected:
        return None
    return f"The {account.by} has {many(account.unexpected, 'id')} of this run that it never sent."


def _duplicates(evidence: Evidence) -> str | None:
    account = _account(evidence)
    unexplained = 0 if account is None else account.duplicates - account.duplicates_explained
    if not unexplained:
        return None
    return f"{many(unexplained, 'message')} arrived again, and nothing here explains it."


def _out_of_order(evidence: Evidence) -> str | None:
    account = _account(evidence)
    if account is None or account.out_of_order is None or account.out_of_order_explained is None:
        return None
    if not evidence.order_kept:
        return None
    unexplained = account.out_of_order - account.out_of_order_explained
    if not unexplained:
        return None
    return f"{many(unexplained, 'message')} arrived before an earlier one of the same person."


def _pending(evidence: Evidence) -> str | None:
    pending = evidence.summary.messages.pending + evidence.summary.calls.pending
    if not pending or evidence.interrupted:
        return None
    return f"{many(pending, 'item')} had no final answer when the run ended."


def _pause_broken(evidence: Evidence) -> str | None:
    violated = evidence.summary.totals.retry_after_violated
    return (
        f"{many(violated, 'request')} left before the instant a Retry-After asked for." if violated else None
    )


def _above_allowed(evidence: Evidence, end: str) -> str | None:
    count = getattr(evidence.summary.messages, end) + getattr(evidence.summary.calls, end)
    allowed = evidence.allow.get(end, 0)
    if count <= allowed:
        return None
    beyond = f"; {allowed:,} were allowed" if allowed else ""
    return f"{many(count, 'item')} {'was' if count == 1 else 'were'} {end}{beyond}."


def _rejected(evidence: Evidence) -> str | None:
    return _above_allowed(evidence, "rejected")


def _abandoned(evidence: Evidence) -> str | None:
    return _above_allowed(evidence, "abandoned")


def _stopped_at_limit(evidence: Evidence) -> str | None:
    return (
        "An item would have waited for the ceiling, and --on-limit stop ends the run there."
        if evidence.stopped_at_limit
        else None
    )


def _not_ready(evidence: Evidence) -> str | None:
    return None if evidence.target_ready else "The target did not answer before the first send."


def _incomplete(evidence: Evidence) -> str | None:
    account = evidence.reconciliation
    if account is None or account.complete:
        return None
    return f"The {account.by} was lost on the way, so what arrived is not known."


def _nothing_sent(evidence: Evidence) -> str | None:
    if evidence.summary.totals.sent or not evidence.target_ready:
        return None
    return "Nothing was sent."


def _throttled(evidence: Evidence) -> str | None:
    totals = evidence.summary.totals
    if not totals.throttled:
        return None
    return f"{many(totals.throttled, 'request')} of {totals.sent:,} answered 429."


def _dropped(evidence: Evidence) -> str | None:
    dropped = evidence.summary.messages.dropped + evidence.summary.calls.dropped
    return f"{many(dropped, 'item')} dropped without being sent." if dropped else None


def _discarded(evidence: Evidence) -> str | None:
    account = evidence.reconciliation
    if account is None or not account.discarded:
        return None
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(account.discarded.items()))
    total = sum(account.discarded.values())
    return f"{many(total, 'message')} answered 200 and thrown away: {reasons}."


def _skipped(evidence: Evidence) -> str | None:
    if evidence.skipped:
        return f"{many(evidence.skipped, 'line')} of the recording skipped."
    if evidence.recording_complete or evidence.stages_ended:
        return None
    return "The recording was not read to its end."


def _unconfirmed(evidence: Evidence) -> str | None:
    accepted = evidence.summary.messages.accepted
    if evidence.reconciliation is not None or not accepted:
        return None
    return f"{many(accepted, 'message')} accepted, not confirmed: the target keeps no ledger to ask."


def _though_refused(evidence: Evidence) -> str | None:
    account = _account(evidence)
    if account is None or not account.received_though_refused:
        return None
    return f"{many(account.received_though_refused, 'message')} refused in a clear answer and yet received."


def _ceiling_leaked(evidence: Evidence) -> str | None:
    over = [use for use in evidence.summary.limits if use.seconds_over]
    if not over or not evidence.engine.ceiling_on:
        return None
    worst = max(over, key=lambda use: use.seconds_over)
    return f"{worst.name}: {worst.peak_in_window:,} in one window, though the ceiling was on."


def _over_limit(evidence: Evidence) -> str | None:
    over = [use for use in evidence.summary.limits if use.seconds_over]
    if not over or evidence.engine.ceiling_on:
        return None
    worst = max(over, key=lambda use: use.seconds_over)
    answered = "" if worst.throttled else "; the target never answered 429"
    return (
        f"{worst.name}: up to {worst.peak_in_window:,} in one window, over the limit for "
        f"{worst.seconds_over:.1f} s{answered}."
    )


def _ceiling_held(evidence: Evidence) -> str | None:
    held, waited = evidence.engine.ceiling_held, evidence.summary.durations["limit_wait"]
    if not held:
        return None
    of_all = f" of {evidence.summary.totals.first_sent_items:,}"
    how_far = "" if waited.max is None else f" by up to {waited.max:,.0f} ms ({waited.p99:,.0f} ms at p99)"
    return (
        f"{many(held, 'arrival')}{of_all} moved{how_far}: held by our own ceiling, or by a pause after a 429."
    )


def _unclear_arrivals(evidence: Evidence) -> str | None:
    account = _account(evidence)
    if account is None or not account.received_unconfirmed:
        return None
    return f"{many(account.received_unconfirmed, 'message')} arrived though no answer said so."


_REPORT_THIS: Final = (
    "Believe no figure here, keep the run folder, and report this as a fault of the harness."
)

DIED: Final = Check(
    "died",
    INCONCLUSIVE,
    lambda evidence: "The run died before its end." if evidence.died else None,
    "Run again, and let it end.",
)
CHECKS: Final = (
    Check("sums", FAIL, _sums, _REPORT_THIS),
    Check(
        "aborted",
        FAIL,
        lambda evidence: evidence.aborted,
        "See when it began in the timeline; without --abort-on-fail a run goes on to its end.",
    ),
    Check("missing", FAIL, _missing, "Look these ids up at the target: it answered 2xx to each."),
    Check("unexpected", FAIL, _unexpected, "See whether another process sends with this run's id."),
    Check("duplicates", FAIL, _duplicates, "Look for a proxy or a client that sends twice."),
    Check(
        "out of order", FAIL, _out_of_order, "Look for something that reorders between here and the target."
    ),
    Check("pending", FAIL, _pending, "Give the last answers more time with --stop-timeout."),
    Check("Retry-After", FAIL, _pause_broken, _REPORT_THIS),
    Check(
        "rejected", FAIL, _rejected, "Read the statuses below; --allow rejected=N if so many are expected."
    ),
    Check(
        "abandoned",
        FAIL,
        _abandoned,
        "See the statuses; raise --retry-for, or --allow abandoned=N if expected.",
    ),
    Check(
        "stopped at the limit",
        FAIL,
        _stopped_at_limit,
        "Ask for less (--speed, --rate, --batch), allow more (--limit), or let items wait (--on-limit wait).",
    ),
    DIED,
    Check("target not ready", INCONCLUSIVE, _not_ready, "Start the target, or correct --target."),
    Check(
        "ledger incomplete", INCONCLUSIVE, _incomplete, "Keep the mock alive through the run, then run again."
    ),
    Check(
        "nothing sent",
        INCONCLUSIVE,
        _nothing_sent,
        "See what was filtered, or what stopped the run before its first item was due.",
    ),
    Check("throttled", WARN, _throttled, "Keep under the limit, or lower --share if others send there too."),
    Check(
        "dropped",
        WARN,
        _dropped,
        "Give it more users or a lower rate, so that all leaves in time, or raise --late-after.",
    ),
    Check(
        "discarded",
        WARN,
        _discarded,
        "Correct these messages at their origin: Segment would discard them too.",
    ),
    Check("times go back", WARN, times_go_back, "Sort the recording by time, or replay it with --rate."),
    Check("stages cut short", WARN, stages_unused, "Repeat the recording with --loop, or ask for less."),
    Check("skipped", WARN, _skipped, "Correct the recording and replay what was left out."),
    Check(
        "not confirmed",
        WARN,
        _unconfirmed,
        "Compare with the source's archive: 200 says taken, not delivered.",
    ),
    Check("received though refused", WARN, _though_refused, "Ask the target why it keeps what it refuses."),
    Check("ceiling leaked", WARN, _ceiling_leaked, _REPORT_THIS),
    Check("over the limit", NOTE, _over_limit, "Without --exceed-limits the ceiling keeps under it."),
    Check(
        "ceiling held",
        NOTE,
        _ceiling_held,
        "The recording asks for more than the limit allows; it was stretched.",
    ),
    Check(
        "shape of arrivals",
        NOTE,
        shape_lost,
        "A lower --speed leaves the gaps room; batches, lanes and few users change their shape.",
    ),
    Check("out of time order", NOTE, resorted, "Nothing to do: each left when it was due."),
    Check(
        "long gap",
        NOTE,
        long_gap,
        "See the recording's times; --dry-run tells its length, --rate needs none.",
    ),
    Check("stages ended", NOTE, stages_ended, "Nothing to do: the stages say how long a run lasts."),
    Check("received unconfirmed", NOTE, _unclear_arrivals, "Nothing to do: an unclear answer allows for it."),
)
