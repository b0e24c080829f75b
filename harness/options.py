"""The options of a replay: one table of names, meanings, defaults and help.

The command line, a scenario file and Locust's own command line all read it, so an option has one name, one
meaning and one sentence of help wherever it is given.
"""

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from harness.asked_limits import parse_asked_limit, parse_write
from harness.asked_network import NETWORK_ROWS
from harness.asked_pipeline import PIPELINE_ROWS
from harness.asked_pipeline import parse_flag as _flag
from harness.expectations import HELP, parse_expectation
from harness.timing import TIMING_ROWS
from harness.units import NS_PER_S, parse_duration_ns, parse_rate_per_s, parse_size_bytes

Parse = Callable[[str], Any]

MAX: Final = "max"
FOREVER: Final = "forever"
AUTO: Final = "auto"
KEY_VARIABLE: Final = "SEGMENT_WRITE_KEY"


class Option(NamedTuple):
    """One option of `harness replay`; its field in the plan has the same name, with underscores."""

    name: str
    parse: Parse
    default: Any
    group: str
    help: str
    metavar: str = ""
    many: bool = False

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")

    @property
    def is_flag(self) -> bool:
        return self.parse is _flag


def _text(text: str) -> str:
    return text


def _choice(*choices: str) -> Parse:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is none of {', '.join(choices)}")
        return text

    return parse


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not 0 < number < float("inf"):
        raise ValueError(f"{text!r} is not above 0")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{text!r} is no whole number above 0")
    return int(text)


def _any_whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is no whole number") from None


def _speed(text: str) -> float:
    return _number(text.removesuffix("x"))


def _share(text: str) -> float:
    share = _number(text)
    if share > 1:
        raise ValueError(f"{text!r} is above 1, the whole of the limit")
    return share


def _length(text: str) -> int:
    length_ns = parse_duration_ns(text)
    if length_ns == 0:
        raise ValueError(f"{text!r} is no time at all")
    return length_ns


def _or(word: str, meaning: Any, parse: Parse) -> Parse:
    def parse_either(text: str) -> Any:
        return meaning if text == word else parse(text)

    return parse_either


def _batch(text: str) -> str | int:
    return text if text in ("none", "recorded") else _whole(text)


def _named_source(text: str) -> tuple[str, str]:
    label, equals, variable = text.rpartition("=")
    if not equals or not variable.isidentifier():
        raise ValueError("write LABEL=NAME, where NAME is the environment variable that holds the key")
    return label, variable


def _allowance(text: str) -> tuple[tuple[str, int], ...]:
    pairs = []
    for part in text.split(","):
        state, _, count = part.strip().partition("=")
        if state not in ("rejected", "abandoned") or not count.isdecimal():
            raise ValueError(f"{text!r} is not like rejected=10,abandoned=2")
        pairs.append((state, int(count)))
    return tuple(pairs)


def _integrations(text: str) -> str | dict[str, Any]:
    if text == "recorded":
        return text
    try:
        parsed = _json_object(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither 'recorded' nor a JSON object") from None
    return parsed


def _json_object(text: str) -> dict[str, Any]:
    parsed = json.loads(text)
    if not isinstance(parsed, dict):
        raise ValueError("no object")  # noqa: TRY004 - the option's value is wrong, not a type in our code
    return parsed


_OFTEN: Final = "Used most"
_TIME: Final = "When items are sent"
_TARGET: Final = "Where they go"
_LIMITS: Final = "Limits and retries"
_CONTENT: Final = "What is sent"
_OUTPUT: Final = "What is kept"

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "speed",
        _speed,
        1.0,
        _OFTEN,
        "Divide the recorded times by this. Sessions get shorter too: at 10, ten minutes are one. For more "
        "people instead: --multiply.",
        "FACTOR",
    ),
    Option(
        "rate",
        _or(MAX, MAX, parse_rate_per_s),
        None,
        _OFTEN,
        "Ignore the recorded times: a constant rate such as 500/s, or max for as fast as the target answers.",
        "RATE|max",
    ),
    Option("duration", _length, None, _OFTEN, "Stop after this long, as in 30s or 5m.", "TIME"),
    Option("loop", _or(FOREVER, None, _whole), 1, _OFTEN, "Replay the recording so many times.", "N|forever"),
    Option(
        "target",
        _text,
        (),
        _OFTEN,
        "Where to send: a URL (the Tracking API's; of all three when it is the mock), or API=URL for each. "
        "Without it the bundled mock is started and ended with the run.",
        "URL|API=URL",
        many=True,
    ),
    Option(
        "users",
        _or(AUTO, None, _whole),
        None,
        _OFTEN,
        "Connections: a number, or auto for 16 and more while an item waits for one, up to 512.",
        "N|auto",
    ),
    Option("dry-run", _flag, False, _OFTEN, "Print the plan and send nothing."),
    Option(
        "batch",
        _batch,
        "none",
        _TIME,
        "Send single calls (none), batches of up to N, or the batches that were recorded.",
        "none|recorded|N",
    ),
    Option(
        "batch-wait",
        _length,
        NS_PER_S,
        _TIME,
        "Close a batch this long after its oldest item was due.",
        "TIME",
    ),
    Option(
        "order",
        _choice("person", "none"),
        "person",
        _TIME,
        "Keep each person's items in order, or send each when it is due whatever came before.",
        "person|none",
    ),
    *(Option(row.name, row.parse, row.default, _TIME, row.help, row.metavar) for row in TIMING_ROWS),
    Option(
        "pace",
        _choice("auto", "spin", "sleep"),
        "auto",
        _TIME,
        "Wait for the next due time awake, which is the most precise and takes a core; asleep; or awake only "
        "where a core is free for it.",
        "auto|spin|sleep",
    ),
    Option(
        "stop-timeout",
        _length,
        10 * NS_PER_S,
        _TIME,
        "On a stop, wait this long for what is in flight.",
        "TIME",
    ),
    Option("backlog", _whole, 200_000, _TIME, "Read no further while so many items wait.", "N"),
    Option(
        "backlog-bytes",
        parse_size_bytes,
        64 << 20,
        _TIME,
        "The same in bytes, for recordings that cannot be read again.",
        "SIZE",
    ),
    Option(
        "region",
        _choice("us", "eu"),
        None,
        _TARGET,
        "Segment's own host in this region as the target.",
        "us|eu",
    ),
    Option(
        "confirm-host",
        _text,
        (),
        _TARGET,
        "Name the host again: needed for each target beyond loopback.",
        "HOST",
        many=True,
    ),
    *(Option(row.name, row.parse, row.default, _TARGET, row.help, row.metavar) for row in NETWORK_ROWS),
    Option(
        "confirm-source",
        _text,
        (),
        _TARGET,
        "Name the source: key:LAST4, the last four characters of the write key that is meant.",
        "key:LAST4",
        many=True,
    ),
    Option(
        "source",
        _named_source,
        (),
        _TARGET,
        f"The environment variable with the write key of a source; others use {KEY_VARIABLE}.",
        "LABEL=VARIABLE",
        many=True,
    ),
    Option(
        "allow-writes",
        parse_write,
        (),
        _TARGET,
        "Beyond loopback, replay this Profile or Config call though it is no GET; * is any one segment.",
        "'METHOD /path'",
        many=True,
    ),
    Option("merge-sources", _flag, False, _TARGET, "Let several recorded sources share one write key."),
    Option("max-messages", _whole, None, _TARGET, "Refuse a recording with more messages than this.", "N"),
    Option("max-people", _whole, None, _TARGET, "Refuse a recording with more people than this.", "N"),
    Option(
        "limit",
        parse_asked_limit,
        (),
        _LIMITS,
        "Another limit than the documented one, for an API; with @workspace or :PATH one beside it.",
        "API[@workspace][:PATH]=RATE",
        many=True,
    ),
    Option(
        "on-limit",
        _choice("wait", "drop", "stop"),
        "wait",
        _LIMITS,
        "What an item does that the ceiling would hold: wait, be dropped, or stop the run (exit 3).",
        "wait|drop|stop",
    ),
    Option(
        "exceed-limits",
        _flag,
        False,
        _LIMITS,
        "Lift the ceiling: send more than the documented limit allows.",
    ),
    Option(
        "share",
        _share,
        0.5,
        _LIMITS,
        "Beyond loopback, take this share of the workspace's limits: production lives on them too.",
        "0..1",
    ),
    Option(
        "mock-limits",
        _choice("documented", "none"),
        "documented",
        _LIMITS,
        "What the mock that this run starts enforces.",
        "documented|none",
    ),
    Option(
        "retry",
        _choice("obey", "none"),
        "obey",
        _LIMITS,
        "Retry as the answers ask, or show the raw answers.",
        "obey|none",
    ),
    Option(
        "retry-for",
        _length,
        300 * NS_PER_S,
        _LIMITS,
        "Give an item up this long after its first send.",
        "TIME",
    ),
    Option(
        "allow",
        _allowance,
        (),
        _LIMITS,
        "Pass in spite of so many, as in rejected=10,abandoned=2.",
        "STATE=N,…",
    ),
    Option("expect", parse_expectation, (), _OUTPUT, HELP, "EXPR", many=True),
    *(Option(row.name, row.parse, row.default, _OUTPUT, row.help, row.metavar) for row in PIPELINE_ROWS),
    Option(
        "timestamps",
        _choice("now", "keep"),
        "now",
        _CONTENT,
        "Move the messages' timestamps to this run, or keep the recorded ones.",
        "now|keep",
    ),
    Option(
        "ids",
        _choice("fresh", "keep"),
        "fresh",
        _CONTENT,
        "Fresh messageIds, or the recorded ones, which Segment drops if it saw them today.",
        "fresh|keep",
    ),
    Option(
        "integrations",
        _integrations,
        None,
        _CONTENT,
        'Destinations: recorded, or a JSON object. Beyond loopback the default is {"All": false}.',
        "recorded|JSON",
    ),
    Option("send-unredacted", _flag, False, _CONTENT, "Send a raw recording beyond loopback."),
    Option("run-dir", _text, None, _OUTPUT, "The folder of this run; by default reports/RUN-ID.", "DIR"),
    Option("trace", _flag, False, _OUTPUT, "Write a line for each item, with its waits, to trace.ndjson."),
    Option(
        "seed",
        _any_whole,
        None,
        _OUTPUT,
        "Seed of all that is left to chance; run.json has the one that was drawn.",
        "N",
    ),
)

BY_FIELD: Final = {option.field: option for option in OPTIONS}
GROUPS: Final = tuple(dict.fromkeys(option.group for option in OPTIONS))
