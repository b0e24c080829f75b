"""Judge traffic that somebody else sent, by what its receiver saw: a table of checks like a run's own.

Where a sender's fault is only likely, as with order, it warns: whoever must not have it expects it to be 0.
"""

from typing import Final

from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN, Check, Finding, many
from harness.throttle.evidence import Evidence
from harness.throttle.verdict import DIED
from harness.units import format_duration


def no_trust_warnings(_evidence: Evidence) -> tuple[Finding, ...]:
    """A receiver measures nothing that a busy machine could spoil."""
    return ()


def _command_failed(evidence: Evidence) -> str | None:
    command = evidence.observed.command
    if command is None or not command.exit_code:
        return None
    how = f"exit code {command.exit_code}" if command.exit_code > 0 else f"signal {-command.exit_code}"
    return f"The command that was observed ended with {how}."


def _missing(evidence: Evidence) -> str | None:
    expected = evidence.observed.expected
    if expected is None or not expected.missing:
        return None
    return f"{many(expected.missing, 'expected value')} of {expected.expected:,} never came."


def _unexpected(evidence: Evidence) -> str | None:
    expected = evidence.observed.expected
    if expected is None or not expected.unexpected:
        return None
    return f"{many(expected.unexpected, 'message')} came with a value that was not expected."


def _repeated(evidence: Evidence) -> str | None:
    expected = evidence.observed.expected
    if expected is None or not expected.repeated:
        return None
    return f"{many(expected.repeated, 'expected value')} came in more than one message."


def _duplicates(evidence: Evidence) -> str | None:
    seen = evidence.observed
    unexplained = seen.duplicates - seen.duplicates_explained
    return f"{many(unexplained, 'message')} came again though already accepted." if unexplained else None


def _out_of_order(evidence: Evidence) -> str | None:
    seen = evidence.observed
    unexplained = seen.out_of_order - seen.out_of_order_explained
    if not unexplained:
        return None
    return (
        f"{many(unexplained, 'message')} of {seen.order_judged:,} arrived after a message of the same person "
        "that has a later timestamp."
    )


def _too_early(evidence: Evidence) -> str | None:
    violated = evidence.summary.totals.retry_after_violated
    if not violated:
        return None
    judged = violated + evidence.summary.totals.retry_after_honoured
    return (
        f"{violated:,} of {many(judged, 'retry', 'retries')} came before the wait that Retry-After asked for."
    )


def _rejected(evidence: Evidence) -> str | None:
    return _beyond(evidence, "rejected", "refused for good")


def _abandoned(evidence: Evidence) -> str | None:
    return _beyond(evidence, "abandoned", "turned away and never came again")


def _beyond(evidence: Evidence, end: str, words: str) -> str | None:
    count, allowed = getattr(evidence.summary.messages, end), evidence.allow.get(end, 0)
    if count <= allowed:
        return None
    beyond = f"; {allowed:,} were allowed" if allowed else ""
    return f"{many(count, 'message')} {'was' if count == 1 else 'were'} {words}{beyond}."


def _ledger_lost(evidence: Evidence) -> str | None:
    account = evidence.reconciliation
    if account is None or account.complete:
        return None
    return "The mock was emptied while it was observed, so what came before is not known."


def _nothing(evidence: Evidence) -> str | None:
    if evidence.summary.totals.sent:
        return None
    elsewhere = evidence.observed.calls_elsewhere
    also = f"; {many(elsewhere, 'request')} went to paths that Segment does not have" if elsewhere else ""
    return f"Nothing arrived{also}."


def _pending(evidence: Evidence) -> str | None:
    pending = evidence.summary.messages.pending
    if not pending:
        return None
    return f"{many(pending, 'message')} had been turned away and not come again when observing ended."


def _throttled(evidence: Evidence) -> str | None:
    totals = evidence.summary.totals
    return (
        f"{many(totals.throttled, 'request')} of {totals.sent:,} answered 429." if totals.throttled else None
    )


def _discarded(evidence: Evidence) -> str | None:
    discarded = evidence.observed.discarded
    if not discarded:
        return None
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(discarded.items()))
    return f"{many(sum(discarded.values()), 'message')} answered 200 and thrown away: {reasons}."


def _unreadable(evidence: Evidence) -> str | None:
    unreadable = evidence.observed.unreadable_requests
    return f"{many(unreadable, 'request')} could not be read." if unreadable else None


def _elsewhere(evidence: Evidence) -> str | None:
    elsewhere = evidence.observed.calls_elsewhere
    if not elsewhere or not evidence.summary.totals.sent:
        return None
    return (
        f"{many(elsewhere, 'request')} beside the three APIs: other paths, a library's settings or metrics."
    )


def _forgotten(evidence: Evidence) -> str | None:
    seen = evidence.observed
    if not (seen.people_forgotten or seen.tries_forgotten):
        return None
    return (
        f"There was too much to remember: {many(seen.people_forgotten, 'person', 'people')} and "
        f"{many(seen.tries_forgotten, 'message')} that had been turned away were forgotten."
    )


def _clock(evidence: Evidence) -> str | None:
    steps = evidence.observed.clock_steps
    return f"The mock's clock went back {many(steps, 'time')}." if steps else None


def _unmarked(evidence: Evidence) -> str | None:
    retries = evidence.observed.retries
    if not retries.unmarked:
        return None
    return f"{retries.unmarked:,} of {many(retries.requests, 'retry', 'retries')} had no X-Retry-Count."


def _over_limit(evidence: Evidence) -> str | None:
    over = [use for use in evidence.summary.limits if use.seconds_over]
    if not over:
        return None
    worst = max(over, key=lambda use: use.seconds_over)
    return (
        f"{worst.name}: up to {worst.peak_in_window:,} in one window, over the limit for "
        f"{format_duration(round(worst.seconds_over * 1e9))}."
    )


OBSERVED_CHECKS: Final = (
    Check("command", FAIL, _command_failed, "See what it wrote; its traffic may not be whole."),
    Check("missing", FAIL, _missing, "Look for what became of these lines of the list at the sender."),
    Check("unexpected", FAIL, _unexpected, "See whether the list is whole, and who else sends."),
    Check(
        "duplicates", FAIL, _duplicates, "Look for what sends again after a 2xx: Segment may keep it twice."
    ),
    Check(
        "Retry-After",
        FAIL,
        _too_early,
        "Have the sender wait as long as the header says before it tries again.",
    ),
    Check(
        "rejected", FAIL, _rejected, "Read the statuses below; --allow rejected=N if so many are expected."
    ),
    Check(
        "abandoned",
        FAIL,
        _abandoned,
        "Have the sender try again on 429, 5xx and no answer; --allow abandoned=N if so many are expected.",
    ),
    DIED,
    Check("ledger incomplete", INCONCLUSIVE, _ledger_lost, "Leave the mock alone while it is observed."),
    Check(
        "nothing arrived",
        INCONCLUSIVE,
        _nothing,
        "See that the sender is told the address, {url} or $SEGMENT_MOCK, and flushes before it ends.",
    ),
    Check("pending", WARN, _pending, "Observe for longer, or let the sender end by itself."),
    Check(
        "out of order", WARN, _out_of_order, "Send a person's messages one after the other, if order matters."
    ),
    Check(
        "repeated",
        WARN,
        _repeated,
        "See whether the sender makes a new messageId for a message it sends again.",
    ),
    Check(
        "throttled",
        WARN,
        _throttled,
        "Have the sender keep under the limit, or see that its retries are sound.",
    ),
    Check(
        "discarded",
        WARN,
        _discarded,
        "Correct these messages at their origin: Segment would discard them too.",
    ),
    Check("unreadable", WARN, _unreadable, "See what the sender calls JSON, and how large it is."),
    Check(
        "elsewhere", NOTE, _elsewhere, "Look at the paths in the mock's live page, if there should be none."
    ),
    Check(
        "too much", WARN, _forgotten, "Observe less at a time; counts of order and retries are too low here."
    ),
    Check("clock", WARN, _clock, "Let the machine's clock alone while observing."),
    Check("unmarked retries", NOTE, _unmarked, "Segment's libraries say with it how often they have tried."),
    Check("over the limit", NOTE, _over_limit, "Nothing kept the sender under it but the answers it got."),
)
