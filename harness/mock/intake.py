"""Take one Tracking API call in: throttle, refuse, discard or store its messages, and account for each.

Nearly every call is plainly good and comes from a usual caller; it takes the short way, in `take` itself.
Whatever does not is read as a whole, and asked everything in this order: a fault before the ledger, the
limits (a gateway counts before it reads), the token, what is wrong with the call, its write key, and last
each message.
"""

from typing import Any, Final, NamedTuple

from harness.mock.account import DISCARDED, DUPLICATES, FAULTED, REFUSED, STORED, THROTTLED
from harness.mock.box import Box, Caller
from harness.mock.call_notes import note_call
from harness.mock.config_api.nouns import Source
from harness.mock.edge.behaviour import BAD_MESSAGE, BAD_TOKEN, TOO_MANY_MESSAGES, refusal_of
from harness.mock.edge.cors import cors_headers, with_cors
from harness.mock.edge.pixel import GIF_REPLY, PixelReading
from harness.mock.exchange import Call, Later, Reply, json_reply, with_headers
from harness.mock.faults.effects import played_reply
from harness.mock.faults.occasion import Occasion
from harness.mock.faults.outcome import WHOLE
from harness.mock.faults.plan import Played
from harness.mock.ledger import Entry
from harness.mock.limits.refusals import refusal_reply
from harness.mock.limits.throttle import Admission
from harness.mock.moments import stored_timestamp_ns
from harness.mock.plain import plainly_good
from harness.mock.tracking import Reading, Trouble, basic_key, inflated, kind_of, read
from harness.segment.endpoints import Endpoint
from harness.segment.envelope import final_form, sent_at, without_extra_properties
from harness.segment.stages.order import STEPS, run_stages
from harness.segment.stages.stage import Destination, Fate, Outcome
from harness.segment.validity import SOURCE_DISABLED, UNKNOWN_SOURCE, batch_note, discard_reason

SUCCESS: Final = json_reply(200, {"success": True})
_SUCCESS_TO_PAGE: Final = with_cors(SUCCESS, {b"origin": b""})

_API: Final = "tracking"
_ID_BYTES: Final = 16
_BEHIND_INGEST: Final = STEPS[1:]
_STORAGE: Final = frozenset({"Warehouses", "Raw Data", "Storage"})


class Arrived(NamedTuple):
    """One call, before anything was decided. Its repr shows a credential: never log it."""

    endpoint: Endpoint
    path: str
    call: Call
    body: bytes | Trouble  # inflated
    now_ns: int
    received_ns: int  # since 1970


class Asked(NamedTuple):
    """A call that was read."""

    arrived: Arrived
    reading: Reading
    key: int  # the ledger's number of its write key
    source: Source | None


def take(box: Box, endpoint: Endpoint, path: str, call: Call) -> Reply | Later:
    """The answer to this call; its account is written before this returns. Raises JournalError."""
    now_ns, received_ns = box.clock.now_ns(), box.clock.wall_ns()
    headers = call.headers
    encoding = headers.get(b"content-encoding")
    body = call.body if encoding is None and call.body is not None else inflated(call.body, encoding or b"")
    plain = plainly_good(endpoint, body, box.bounds) if isinstance(body, bytes) else None
    authorization = headers.get(b"authorization", b"")
    caller: Caller | None = None
    if plain is not None and not box.faults.rules and not box.notes_calls:
        caller = box.callers.get((authorization, plain.write_key)) or _caller(
            box, authorization, plain.write_key
        )
    if plain is None or caller is None or not caller.is_usual or not isinstance(body, bytes):
        arrived = Arrived(endpoint, path, call, body, now_ns, received_ns)
        tracking = box.settings.tracking
        reading = read(endpoint, body, basic_key(authorization), box.bounds, tracking.shortest_write_key)
        return _take_whole(box, arrived, reading)
    key, carried = caller.key, len(plain.ids)
    admission = box.limits.admit(_API, path, caller.scopes, carried, now_ns)
    if admission is not None or not box.ledger.record_stored(
        key, received_ns, plain.ids, plain.sent, plain.originals
    ):
        arrived = Arrived(endpoint, path, call, body, now_ns, received_ns)
        tracking = box.settings.tracking
        reading = read(endpoint, body, basic_key(authorization), box.bounds, tracking.shortest_write_key)
        return _answered(box, Asked(arrived, reading, key, caller.source), None, admission)
    again = headers.get(b"x-retry-count")
    box.kept.keep(received_ns, _API, "POST", path, 200, key, endpoint.kind, carried, None, body, None, again)
    box.rates_by_api[_API].note(received_ns, carried, 0)
    box.stage_counts.receive(key, carried)
    if box.waits:
        box.waits.look_again()
    return _SUCCESS_TO_PAGE if b"origin" in headers else SUCCESS


def _caller(box: Box, authorization: bytes, body_key: str) -> Caller:
    """Who calls with this header, or else this key in the body; remembered, as clients repeat themselves."""
    write_key = basic_key(authorization) or body_key
    source = box.catalog.source_of_key(write_key) if box.catalog.sources else None
    is_usual = len(write_key) >= box.settings.tracking.shortest_write_key and box.is_usual(write_key)
    key = box.ledger.key_number(write_key)
    caller = Caller(key, box.scopes_of(key, source), source, is_usual)
    box.remember(authorization, body_key, caller)
    return caller


def take_pixel(box: Box, path: str, call: Call, read_pixel: PixelReading) -> Reply | Later:
    """Take in the message that a pixel's address carries: the image, or what a fault makes of it.

    Everything else that becomes of the message shows in the ledger alone.
    """
    kind, pixel = read_pixel
    endpoint = Endpoint(_API, kind, is_batch=False)
    body: bytes | Trouble = pixel.body if pixel.trouble is None else Trouble(pixel.trouble)
    arrived = Arrived(endpoint, path, call, body, box.clock.now_ns(), box.clock.wall_ns())
    reading = read(endpoint, body, pixel.write_key, box.bounds, box.settings.tracking.shortest_write_key)
    return _take_whole(box, arrived, reading)


def _take_whole(box: Box, arrived: Arrived, reading: Reading) -> Reply | Later:
    key = box.ledger.key_number(reading.write_key)
    source = box.catalog.source_of_key(reading.write_key) if box.catalog.sources else None
    asked = Asked(arrived, reading, key, source)
    played: Played | None = None
    if box.faults.rules:
        kinds = [kind_of(reading, m) for m in reading.messages] if box.faults.wants_kinds else ()
        occasion = Occasion(_API, arrived.path, arrived.call.method, reading.write_key, kinds)
        played = box.faults.choose(occasion, arrived.now_ns)
        if played is not None and not played.after:
            status = played.status_seen()
            _turn_away(box, asked, FAULTED, played.reason or "fault", status, played.retry_after)
            page = cors_headers(arrived.call.headers)
            own = GIF_REPLY if _is_pixel(arrived) else None
            return late(box, played_reply(played, own, box.entropy, page), played.delay_ns, arrived.now_ns)
    carried = max(1, len(reading.messages))
    scopes = box.scopes_of(key, source)
    admission = box.limits.admit(_API, arrived.path, scopes, carried, arrived.now_ns)
    return _answered(box, asked, played, admission)


def _answered(box: Box, asked: Asked, played: Played | None, admission: Admission | None) -> Reply | Later:
    """Refuse or store, once faults before the ledger and the limits were asked."""
    arrived = asked.arrived
    delay_ns = played.delay_ns if played is not None else 0
    if admission is not None and admission.refused:
        reply = refusal_reply(admission, _API, arrived.path)
        told = seen_retry_after(played, admission)
        _turn_away(box, asked, THROTTLED, "rate_limit", _seen(played, 429), told)
    else:
        refused = _refused(box, asked)
        if refused is not None:
            reason, reply = refused
            told = seen_retry_after(played, None)
            _turn_away(box, asked, REFUSED, reason, _seen(played, int(reply.head[9:12])), told)
        else:
            _store_each(box, asked, played)
            reply = SUCCESS
        if admission is not None:
            reply = with_headers(reply, *admission.headers)
            delay_ns += admission.wait_ns
    reply = GIF_REPLY if _is_pixel(arrived) else with_cors(reply, arrived.call.headers)
    if played is not None and played.outcome is not None:
        reply = played_reply(played, reply, box.entropy, cors_headers(arrived.call.headers))
    return late(box, reply, delay_ns, arrived.now_ns)


def _is_pixel(arrived: Arrived) -> bool:
    return arrived.call.method != "POST"


def late(box: Box, reply: Reply, delay_ns: int, now_ns: int) -> Reply | Later:
    """The reply, held back so long from that instant."""
    if delay_ns <= 0:
        return reply
    return Later(lambda deliver: box.timers.at(now_ns + delay_ns, lambda: deliver(reply)))


def _seen(played: Played | None, status: int) -> int | None:
    return status if played is None else played.status_seen(status)


def seen_retry_after(played: Played | None, admission: Admission | None) -> str | None:
    """The `Retry-After` that the client gets to see, beside the status of `Played.status_seen`."""
    if played is not None and played.outcome is not None and played.outcome.kind not in WHOLE:
        return played.retry_after
    return None if admission is None else admission.retry_after


def _refused(box: Box, asked: Asked) -> tuple[str, Reply] | None:
    """Why the whole call is refused, and the answer; None when it is answered 200."""
    reading, rulings = asked.reading, box.rulings
    authorization = asked.arrived.call.headers.get(b"authorization", b"")
    if not box.oauth.call_ok(authorization, asked.arrived.now_ns):
        return BAD_TOKEN, refusal_of(rulings[BAD_TOKEN])
    if reading.trouble is not None:
        return reading.trouble.reason, refusal_of(rulings[reading.trouble.reason])
    of_key = _key_trouble(box, asked)
    if of_key is not None and not rulings[of_key].discards:
        return of_key, refusal_of(rulings[of_key])
    if len(reading.messages) > box.bounds.batch_messages and not rulings[TOO_MANY_MESSAGES].discards:
        return TOO_MANY_MESSAGES, refusal_of(rulings[TOO_MANY_MESSAGES])
    if not rulings[BAD_MESSAGE].discards:
        for message in reading.messages:
            reason = _discard_reason(reading, message)
            if reason is not None:
                return reason, refusal_of(rulings[BAD_MESSAGE], reason)
    return None


def _key_trouble(box: Box, asked: Asked) -> str | None:
    if not box.catalog.sources:
        return None
    if asked.source is None:
        return UNKNOWN_SOURCE if UNKNOWN_SOURCE in box.rulings else None
    return None if asked.source.enabled else SOURCE_DISABLED


def _turn_away(  # noqa: PLR0917 - private, and in the order in which it is told
    box: Box, asked: Asked, class_: str, reason: str, status: int | None, retry_after: str | None
) -> None:
    """Account for a call of which nothing is stored."""
    reading, arrived = asked.reading, asked.arrived
    entries: list[Entry] | None = None
    if reading.trouble is not None and not reading.messages:
        box.ledger.record_unreadable(asked.key, reading.trouble.reason)
    else:
        entries = [Entry(_own_id(message), class_, reason, None) for message in reading.messages]
        box.ledger.record(asked.key, arrived.received_ns, status, entries)
    _keep(box, asked, status, entries, retry_after)
    if box.waits:
        box.waits.look_again()
    box.rates_by_api[_API].note(arrived.received_ns, len(reading.messages), int(class_ == THROTTLED))


def _store_each(box: Box, asked: Asked, played: Played | None) -> None:
    """Store or discard the messages of a call, one by one. Raises JournalError."""
    reading, arrived = asked.reading, asked.arrived
    of_all = _key_trouble(box, asked)
    if of_all is None and len(reading.messages) > box.bounds.batch_messages:
        of_all = TOO_MANY_MESSAGES
    fault = played.reason if played is not None else None
    entries: list[Entry] = []
    in_this_call: set[str] = set()
    reasons: list[str | None] = []
    unusable_clocks = dropped_properties = 0
    destinations = _destinations(box, asked.source)
    box.stage_counts.receive(asked.key, len(reading.messages))
    for message in reading.messages:
        message_id = _own_id(message)
        reason = of_all or _discard_reason(reading, message)
        reasons.append(reason)
        if reason is not None:
            entries.append(Entry(message_id, DISCARDED, reason, None))
            box.stage_counts.end(asked.key, (Outcome(None, Fate.FAILED_ON_INGEST, reason),))
            continue
        if message_id is None:
            message_id = box.entropy(_ID_BYTES).hex()  # the HTTP API assigns one where there is none
        elif box.ledger.dedupes and (
            message_id in in_this_call or box.ledger.is_repeat(message_id, arrived.received_ns)
        ):
            entries.append(Entry(message_id, DUPLICATES, None, None))
            continue
        in_this_call.add(message_id)
        timestamp_ns, unusable = stored_timestamp_ns(
            message.get("timestamp"), sent_at(message, reading.envelope), arrived.received_ns
        )
        unusable_clocks += unusable
        kept, dropped = without_extra_properties(message, box.settings.tracking.properties_most)
        dropped_properties += dropped
        entries.append(Entry(message_id, STORED if fault is None else FAULTED, fault, timestamp_ns))
        if destinations:
            final = final_form(
                kept,
                reading.envelope,
                kind=kind_of(reading, message),
                message_id=message_id,
                received_ns=arrived.received_ns,
                timestamp_ns=timestamp_ns,
            )
            box.stage_counts.end(asked.key, run_stages(final, final["type"], destinations, _BEHIND_INGEST))
    status = _seen(played, 200)
    box.ledger.record(
        asked.key,
        arrived.received_ns,
        status,
        entries,
        unusable_clocks=unusable_clocks,
        dropped_properties=dropped_properties,
        batch_note=batch_note(reasons) if reasons and arrived.endpoint.is_batch else None,
    )
    _keep(box, asked, status, entries, seen_retry_after(played, None))
    if box.waits:
        box.waits.look_again()
    box.rates_by_api[_API].note(arrived.received_ns, len(reading.messages), 0)


def _keep(
    box: Box, asked: Asked, status: int | None, entries: list[Entry] | None, retry_after: str | None
) -> None:
    arrived = asked.arrived
    box.kept.keep(
        arrived.received_ns,
        _API,
        arrived.call.method,
        arrived.path,
        status,
        asked.key,
        arrived.endpoint.kind,
        len(entries or ()),
        entries,
        arrived.body if isinstance(arrived.body, bytes) else b"",
        retry_after,
        arrived.call.headers.get(b"x-retry-count"),
    )
    if box.notes_calls:
        note_call(
            box,
            arrived.call,
            _API,
            arrived.path,
            received_ns=arrived.received_ns,
            status=status,
            retry_after=retry_after,
            body=arrived.body if isinstance(arrived.body, bytes) else None,
            key=asked.key,
            reading=asked.reading,
            entries=entries,
        )


def _destinations(box: Box, source: Source | None) -> tuple[Destination, ...]:
    if source is None:
        return ()
    return tuple(
        Destination(destination.name, not _STORAGE.isdisjoint(destination.metadata.categories))
        for destination in box.catalog.destinations_of(source)
        if destination.enabled
    )


def _discard_reason(reading: Reading, message: Any) -> str | None:
    return discard_reason(kind_of(reading, message), message, reading.envelope.get("context"))


def _own_id(message: object) -> str | None:
    """The id the client gave; None where there is none, it is empty, or no text."""
    if not isinstance(message, dict):
        return None
    message_id = message.get("messageId")
    return message_id if isinstance(message_id, str) and message_id else None
