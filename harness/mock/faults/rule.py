"""One fault as people write it down: which calls, which of those, and what happens to them."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import orjson

from harness.mock.faults.latency import Latency, latency_trouble
from harness.mock.faults.outcome import (
    ALIASES,
    DRIP,
    DRIP_BYTES_PER_S,
    GARBAGE,
    GARBAGE_BYTES,
    HANG,
    MALFORMED_CHUNK,
    NO_BODY,
    OUTCOMES,
    STATUS,
    TRUNCATED,
    Outcome,
)
from harness.segment.messages import KINDS
from harness.segment.write_key import WriteKey

APIS: Final = ("tracking", "profile", "config")
WHENS: Final = ("before", "after")

_LONGEST_NAME: Final = 100
_MOST_BYTES: Final = 1 << 20
_LEAST_BYTES_PER_S: Final = 0.001
_MOST_BYTES_PER_S: Final = 1e9
_MOST_S: Final = 1e9  # thirty years

# Which outcomes an option belongs to; elsewhere it would do nothing, and nobody would know.
_BELONGS: Final = {
    "body": (STATUS,),
    "headers": (STATUS,),
    "retry_after": (STATUS,),
    "sent_bytes": (TRUNCATED, HANG),
    "garbage_bytes": (GARBAGE, MALFORMED_CHUNK),
    "bytes_per_s": (DRIP,),
}
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection"})
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_SEGMENT: Final = re.compile(r"[^{}?#\s]*|\{[A-Za-z_][A-Za-z0-9_]*\}")


class FaultRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[faults]]` of the settings, or one of the admin's. Its repr masks the write key.

    A call is *matched* when it meets all of the first group and the window is open. The second group says
    which matched calls are *used*: those after the first `skip`, of them the `first` so many, of them every
    so manyth, of them a share by chance, and at most `uses` in all. The third says what is played: at most
    one of `status` and `outcome`, and a `latency` beside it or alone. `when` says on which side of the
    ledger an outcome is played; a latency holds the answer back and never changes the ledger.

    Raises ValueError, one sentence that names the rule and the field; `msgspec.convert` adds the place.
    """

    name: str = ""  # "" is given a number
    # Which calls; "" is any.
    api: str = ""  # tracking, profile, config
    endpoint: str = ""  # a path, or a pattern such as /sources/{source_id}
    method: str = ""
    write_key: str = ""
    message_type: str = ""  # one message of the call at least is of this type
    from_s: float = 0.0  # after the rule was put in place
    until_s: float | None = None  # no longer included
    # Which of the matched ones.
    skip: int = 0
    first: int | None = None
    every: int | None = None
    probability: float = 1.0
    uses: int | None = None
    # What happens.
    when: str = "before"  # or after the ledger has the messages
    status: int | None = None
    body: str | dict[str, Any] | list[Any] | None = None  # None: the error body of the API that was called
    headers: dict[str, str] = {}
    retry_after: int | float | str | None = None  # as it stands in the header: seconds, a date, or nonsense
    outcome: str | None = None  # one of outcome.OUTCOMES, or WireMock's name for it
    sent_bytes: int | None = None  # of the body, and never all of it
    garbage_bytes: int | None = None
    bytes_per_s: float | None = None
    latency: Latency | None = None

    def __post_init__(self) -> None:
        trouble = next(_troubles(self), None)
        if trouble is not None:
            called = f'fault "{self.name[:_LONGEST_NAME]}"' if self.name else "fault without a name"
            raise ValueError(f"{called}: {trouble}")

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in rule_document(self).items())
        return f"FaultRule({told})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return list(rule_document(self).items())


def rule_document(rule: FaultRule) -> dict[str, Any]:
    """The fields that differ from their defaults, for JSON; of the write key only its last characters."""
    pairs = zip(rule.__struct_fields__, rule.__struct_defaults__, strict=True)
    document = {name: getattr(rule, name) for name, default in pairs if getattr(rule, name) != default}
    document.pop("headers", None)  # its default is made anew each time
    if rule.headers:
        document["headers"] = dict(rule.headers)
    if rule.write_key:
        document["write_key"] = WriteKey(rule.write_key).masked
    if rule.latency is not None:
        document["latency"] = rule.latency.given()
    return document


def outcome_of(rule: FaultRule) -> Outcome | None:
    """The outcome of a rule, ready to be played; None when it has only a latency."""
    kind = _kind(rule)
    if kind is None:
        return None
    body, content_type = _body_of(rule.body)
    headers = []
    for name, value in rule.headers.items():
        if name.lower() == "content-type":
            content_type = value
        else:
            headers.append((name, value))
    if rule.retry_after is not None:
        headers.append(("Retry-After", str(rule.retry_after)))
    return Outcome(
        rule=rule.name,
        kind=kind,
        after=rule.when == "after",
        status=rule.status or 0,
        body=body,
        content_type=content_type,
        headers=tuple(headers),
        sent_bytes=rule.sent_bytes,
        garbage_bytes=GARBAGE_BYTES if rule.garbage_bytes is None else rule.garbage_bytes,
        bytes_per_s=DRIP_BYTES_PER_S if rule.bytes_per_s is None else rule.bytes_per_s,
    )


def _kind(rule: FaultRule) -> str | None:
    if rule.status is not None:
        return STATUS
    return None if rule.outcome is None else ALIASES.get(rule.outcome, rule.outcome)


def _body_of(body: str | dict[str, Any] | list[Any] | None) -> tuple[bytes | None, str]:
    """The bytes of a body and their type. Raises JSONEncodeError or UnicodeEncodeError."""
    if body is None:
        return None, "application/json"
    if not isinstance(body, str):
        return orjson.dumps(body), "application/json"
    raw = body.encode()
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw, "text/plain; charset=utf-8"
    return raw, "application/json"


def _troubles(rule: FaultRule) -> Iterator[str]:
    """What is wrong with a rule, the first thing first; each a clause that names the field."""
    if len(rule.name) > _LONGEST_NAME:
        yield f"name has {len(rule.name)} characters, at most {_LONGEST_NAME} are kept"
    yield from _matcher_troubles(rule)
    yield from _quota_troubles(rule)
    yield from _outcome_troubles(rule)
    if rule.latency is not None:
        trouble = latency_trouble(rule.latency)
        if trouble is not None:
            yield trouble


def _matcher_troubles(rule: FaultRule) -> Iterator[str]:
    if rule.api and rule.api not in APIS:
        yield _choice("api", rule.api, APIS)
    if rule.message_type and rule.message_type not in KINDS:
        yield _choice("message_type", rule.message_type, KINDS)
    if rule.message_type and rule.api not in ("", "tracking"):
        yield f"message_type never matches, because calls of the {rule.api} API carry no messages"
    if rule.method and not _TOKEN.fullmatch(rule.method):
        yield f"method must be an HTTP method such as POST, not {_short(rule.method)}"
    if rule.endpoint and not rule.endpoint.startswith("/"):
        yield f"endpoint must be a path such as /v1/batch, not {_short(rule.endpoint)}"
    if not all(map(_SEGMENT.fullmatch, rule.endpoint.split("/"))):
        yield (
            f"endpoint {_short(rule.endpoint)} must be a path without a query, or a pattern in which "
            "{name} stands for a whole segment, such as /sources/{source_id}"
        )
    if (rule.endpoint + "/").startswith("/__admin/"):
        yield "endpoint must not be under /__admin, which meets no faults"


def _quota_troubles(rule: FaultRule) -> Iterator[str]:
    if not 0 <= rule.probability <= 1:
        yield f"probability must be between 0 and 1, not {rule.probability}"
    for field, count, least in (
        ("skip", rule.skip, 0),
        ("first", rule.first, 1),
        ("every", rule.every, 1),
        ("uses", rule.uses, 1),
    ):
        if count is not None and count < least:
            yield f"{field} must be {least} or more, not {count}"
    if rule.first is not None and rule.every is not None and rule.every > rule.first:
        yield f"every = {rule.every} never comes among first = {rule.first}; make first at least {rule.every}"
    if not 0 <= rule.from_s <= _MOST_S:
        yield f"from_s must be a number of seconds between 0 and {_MOST_S:g}, not {rule.from_s}"
    if rule.until_s is not None and not rule.from_s < rule.until_s <= _MOST_S:
        yield f"until_s must be above from_s ({rule.from_s:g}) and at most {_MOST_S:g}, not {rule.until_s}"


def _outcome_troubles(rule: FaultRule) -> Iterator[str]:
    if rule.when not in WHENS:
        yield _choice("when", rule.when, WHENS)
    if rule.outcome is not None and rule.outcome not in OUTCOMES and rule.outcome not in ALIASES:
        yield _choice("outcome", rule.outcome, (*OUTCOMES, *ALIASES))
    if rule.status is not None and rule.outcome is not None:
        yield "status and outcome are both given; a rule has one of them, so write two rules"
    kind = _kind(rule)
    if kind is None and rule.latency is None:
        yield "it does nothing; give it a status, an outcome or a latency"
    if kind is None and rule.when == "after":
        yield 'when = "after" needs a status or an outcome, because a latency never changes the ledger'
    for field, kinds in _BELONGS.items():
        if getattr(rule, field) not in (None, {}) and kind not in kinds:
            wanted = " or ".join("a status" if k == STATUS else f'outcome = "{k}"' for k in kinds)
            yield f"{field} belongs to {wanted}"
    if rule.status is not None and not 200 <= rule.status <= 599:
        yield f"status must be between 200 and 599, not {rule.status}"
    if rule.status in NO_BODY and rule.body:
        yield f"body must not be given, because a {rule.status} has none"
    for field, size in (("sent_bytes", rule.sent_bytes), ("garbage_bytes", rule.garbage_bytes)):
        least = 0 if field == "sent_bytes" else 1
        if size is not None and not least <= size <= _MOST_BYTES:
            yield f"{field} must be between {least} and {_MOST_BYTES}, not {size}"
    if rule.bytes_per_s is not None and not _LEAST_BYTES_PER_S <= rule.bytes_per_s <= _MOST_BYTES_PER_S:
        yield (
            f"bytes_per_s must be between {_LEAST_BYTES_PER_S:g} and {_MOST_BYTES_PER_S:g}, "
            f"not {rule.bytes_per_s}"
        )
    yield from _text_troubles(rule)


def _text_troubles(rule: FaultRule) -> Iterator[str]:
    try:
        body, _ = _body_of(rule.body)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        yield "body cannot be written as JSON; use plain values, and integers of at most 64 bits"
    else:
        if body is not None and len(body) > _MOST_BYTES:
            yield f"body must have at most {_MOST_BYTES} bytes, not {len(body)}"
    for name, value in rule.headers.items():
        if not _TOKEN.fullmatch(name):
            yield f"headers has {_short(name)}, which is no header name"
        if name.lower() in _OURS:
            yield f"headers must not set {name}, which the mock sets itself"
        if not _HEADER_VALUE.fullmatch(value):
            yield f"headers.{name[:_LONGEST_NAME]} has characters that no header may have"
    if rule.retry_after is not None and not _HEADER_VALUE.fullmatch(str(rule.retry_after)):
        yield "retry_after has characters that no header may have"


def _choice(field: str, value: str, choices: tuple[str, ...]) -> str:
    return f"{field} must be one of {', '.join(choices)}, not {_short(value)}"


def _short(value: str) -> str:
    """A value as it may stand in a sentence."""
    return repr(value[:60])
