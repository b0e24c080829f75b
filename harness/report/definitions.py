"""Say what each figure on a page means: the words that open on demand, with units and bounds."""

from typing import Final

from harness.report import phrases

# By a name that a page refers to: the words themselves, and what they mean.
TERMS: Final[dict[str, tuple[str, str]]] = {
    "verdict": (
        "verdict",
        (
            "fail: something was lost, refused, or not as expected. inconclusive: the figures cannot "
            "carry a verdict. warn: look at the findings. pass: nothing to object to."
        ),
    ),
    "expectation": (
        "expectation",
        ("A condition given with --expect, held against the figures of this run."),
    ),
    "trust": (
        "trust warning",
        ("Something about how the run was made that makes its figures doubtful, whatever the target did."),
    ),
    "open_loop": (
        "open loop",
        ("Requests leave when they are due and never wait for answers, as real customers do not."),
    ),
    "closed_loop": (
        "closed loop",
        (
            "Nothing is due: the next request leaves when an answer came. So there is no offered "
            "rate, no response time and no wait."
        ),
    ),
    "offered": (
        "offered",
        ("What was due, per second, retries left out; in requests at the batch sizes seen."),
    ),
    "achieved": ("sent", "What left, per second, retries included."),
    "goodput": ("goodput", "What was accepted, per second."),
    "peak_1s": (
        "peak in 1 s",
        ("The most that was sent in any window of one second, wherever it began."),
    ),
    "limit": (
        "limit",
        (
            "A documented rule of Segment's, or one given with --limit: so many units in a window, "
            "for each source, workspace, space or token."
        ),
    ),
    "fullest": (
        "fullest window",
        (
            "The most that any one scope of the limit (a source, say) sent in any window as long as "
            "the limit's, shown per second. Above the line of the limit, the limit was exceeded."
        ),
    ),
    "seconds_over": (
        "time over",
        ("How long a window held more than the limit allows, seen from here, retries included."),
    ),
    "ceiling": (
        "ceiling",
        (
            "What this client allows itself, so as to stay under the limits; items wait for it, and "
            "the report says so as limit wait."
        ),
    ),
    "throttled": ("throttled", "Requests that were answered 429."),
    "retry_after": (
        "Retry-After",
        (
            "How long an answer asked us to wait. A 429 pauses its API and source; any other answer, a 503 "
            "say, its own request. Honoured: none left earlier."
        ),
    ),
    "retried": ("sent again", "Attempts after the first, of the same request."),
    "api_calls": (
        "billed API calls",
        (
            "Each message that was accepted is one call, also inside a batch. Segment bills by month "
            "and workspace; a mock bills nothing."
        ),
    ),
    "mtus": (
        "MTUs",
        (
            "Monthly tracked users: different userIds, and different anonymousIds that never stand "
            "beside a userId. Segment counts each once a month over all sources, so those it already "
            "knows this month are not new."
        ),
    ),
    "in_flight": ("in flight", "Requests sent and not yet answered, the most at once."),
    "users": (
        "users",
        ("Locust users; each has one connection for each API and one request in flight."),
    ),
    "busy": (
        "busy",
        ("Processor time of the harness as a share of one core, the time spent waiting awake left out."),
    ),
    "backlog": (
        "backlog",
        ("Items read and not yet sent. When it is full, reading stops, and what is due waits."),
    ),
    "clock_step": (
        "clock step",
        ("The largest step of this machine's wall clock against its steady one."),
    ),
    "variation": (
        "variation of gaps",
        (
            "Standard deviation over mean of the gaps between arrivals: 0 is a metronome, 1 is "
            "chance, bursts are above."
        ),
    ),
    "message_size": (
        "message size",
        ("The message as compact JSON, as it was recorded. Segment takes 32 KB."),
    ),
    "batch_size": (
        "batch size",
        (
            "The body of a request with two messages or more, as sent. Segment takes 500 KB and 2,500 "
            "messages."
        ),
    ),
    "percentile": (
        "percentile",
        ("p99 is the time that 99 % of all did not exceed. Within 1 %; maximum, mean and count are exact."),
    ),
    "first_attempts": ("first attempts", "Answers to requests that had not been sent before."),
    "recorded": ("recorded", "Items read from the recording: filtered and selected ones."),
    "filtered": ("filtered", "Read, and not to be replayed."),
    "selected": ("selected", "Read, and to be replayed: the six ends add up to it."),
    "worse": (
        "worse",
        "Beyond chance: the whole interval lies on the side that is worse for whoever waits for answers.",
    ),
    "better": ("better", "Beyond chance: the whole interval lies on the side that is better."),
    "different": (
        "different",
        "Beyond chance, of a figure that is neither good nor bad in itself: the rate sent, our own lag.",
    ),
    "within_the_noise": (
        "within the noise",
        (
            "The interval has no change in it, so chance alone may have done this. It does not say that "
            "nothing changed: what did is smaller than the interval."
        ),
    ),
    "too_noisy": (
        "too noisy to tell",
        (
            "Too few seconds, or too few answers in them, to say how far chance reaches. A p99 takes some "
            "hundreds of answers above it, spread over the run: run longer, or send more."
        ),
    ),
    "not_comparable": (
        "not comparable",
        "The runs are not, so a change of a figure may be chance, or may be what was asked of the runs.",
    ),
    "interval": (
        "interval",
        (
            "Where the true change lies, as far as the noise within the two runs can tell: blocks of "
            "their seconds are drawn anew 1,000 times. All intervals hold together in 95 of 100 "
            "comparisons of equal runs."
        ),
    ),
    "regression": ("regression", "Worse beyond chance, and by more than --max-regression allows."),
    "neither": (
        "neither 2xx nor 429",
        "Refused or failed for another reason than a rate limit; no answer at all is one too.",
    ),
    **{name.removesuffix("_ms"): meaning for name, meaning in phrases.DEFINITIONS.items()},
    **{name: (name, words) for name, words in phrases.ENDS.items()},
    **phrases.RECONCILED,
}
