"""Turn arrivals into the request that carries them.

Parsing and writing a message takes most of the time of a send, so it is done before the message is due
(`prepare`); only the clocks, which hang on the start of the run and on this attempt, are put in as it leaves.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson

from harness.errors import BadLineError
from harness.model import Arrival, Encode, Item, Message, Request
from harness.segment.endpoints import BATCH_PATH, single_path
from harness.segment.sizes import MESSAGE_BYTES

_KEPT_BYTES: Final = 16 << 20  # of prepared messages; what has to make room is encoded again as it leaves
_INSTANT_CHARACTERS: Final = len("2026-01-02T03:04:05.678Z")
_CLOCK_BYTES: Final = len(',"timestamp":""') + _INSTANT_CHARACTERS

_json: Final = msgspec.json.Encoder().encode
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Encoder:
    """Builds requests; satisfies `model.Encode`.

    read: the message of an item, from the recording. Its result is not altered.
    strip: the same message without what never leaves, as a dict the encoder may alter.
    message_id: the id an item goes by in this run.
    timestamp: what an arrival's `timestamp` becomes, as `units.format_instant_ms` writes it; None keeps
        the recorded one, and where there is none the recorded `receivedAt`.
    sent_at: this instant, ISO-8601.
    integrations: replaces every message's own; None keeps those.
    calls: builds the requests of Profile and Config calls.
    batch: send batches. A single message then makes a batch of one, unless it is over 32 KB.
    """

    def __init__(
        self,
        *,
        read: Callable[[Item], Message],
        strip: Callable[[Message], Message],
        message_id: Callable[[Item], str],
        timestamp: Callable[[Arrival], str] | None,
        sent_at: Callable[[], str],
        version: str,
        integrations: Mapping[str, Any] | None = None,
        batch: bool = False,
        extra_headers: Sequence[tuple[str, str]] = (),
        calls: Encode | None = None,
    ) -> None:
        self._read = read
        self._strip = strip
        self._message_id = message_id
        self._timestamp = timestamp
        self._sent_at = sent_at
        self._integrations = integrations
        self._batch = batch
        self._headers = (
            ("Content-Type", "application/json"),
            ("User-Agent", f"segment-harness/{version}"),
            *extra_headers,
        )
        self._calls = calls
        self._kept: OrderedDict[int, bytes] = OrderedDict()  # by item index, the oldest first
        self._kept_bytes = 0

    def __call__(self, arrivals: tuple[Arrival, ...], attempt: int) -> Request:
        """The request for these arrivals (one or more, of one source). Raises BadLineError."""
        item = arrivals[0].item
        if item.api != "tracking" and self._calls is not None:
            return self._calls(arrivals, attempt)
        encoded = [self._take(arrival) for arrival in arrivals]
        sent_at = b',"sentAt":"%b"}' % self._sent_at().encode()
        if len(arrivals) == 1 and (not self._batch or len(encoded[0]) >= MESSAGE_BYTES):
            path = single_path(item.kind)
            body = encoded[0] + sent_at
        else:
            path = BATCH_PATH
            body = b'{"batch":[' + b"},".join(encoded) + b"}]" + sent_at
        headers = self._headers
        if attempt > 1:
            headers = (*headers, ("X-Retry-Count", str(attempt - 1)))
        return Request(item.api, item.source, "POST", path, headers, body, arrivals, attempt)

    def prepare(self, arrival: Arrival) -> None:
        """Encode ahead of time, as far as the memory for it goes. Raises BadLineError."""
        item = arrival.item
        if item.prepared is None and item.api == "tracking" and item.index not in self._kept:
            self._keep(item)

    def take(self, item: Item, raw: msgspec.Raw) -> None:
        """Prepare this item from the JSON of its message; spares reading it again."""
        self._put(item.index, self._with_id(self.common(item, raw), item))

    def common(self, item: Item, raw: msgspec.Raw) -> bytes:
        """What all sends of a message share, made from its JSON: all but its closing brace, id and clocks."""
        fields = _FIELDS.decode(raw)
        message: dict[str, Any] = self._strip(fields)
        message["type"] = item.kind
        if self._timestamp is not None:
            message.pop("timestamp", None)
        elif "timestamp" not in message and "receivedAt" in fields:
            message["timestamp"] = fields["receivedAt"]
        if self._integrations is not None:
            message["integrations"] = self._integrations
        return _json(message)[:-1]

    def measure(self, arrival: Arrival) -> int:
        """Bytes of this message inside a batch, without the comma. Raises BadLineError.

        Over `sizes.MESSAGE_BYTES` it has to go alone.
        """
        item = arrival.item
        encoded = self._kept.get(item.index) if item.prepared is None else self._with_id(item.prepared, item)
        if encoded is None:
            encoded = self._keep(item)
        return len(encoded) + (0 if self._timestamp is None else _CLOCK_BYTES) + 1

    def _keep(self, item: Item) -> bytes:
        encoded = self._encode(item)
        self._put(item.index, encoded)
        return encoded

    def _put(self, index: int, encoded: bytes) -> None:
        kept = self._kept
        kept[index] = encoded
        self._kept_bytes += len(encoded)
        while self._kept_bytes > _KEPT_BYTES:
            # The oldest has waited longest, or was never to be sent.
            self._kept_bytes -= len(kept.popitem(last=False)[1])

    def _take(self, arrival: Arrival) -> bytes:
        item = arrival.item
        if item.prepared is not None:
            return self._with_id(item.prepared, item) + self._clock(arrival)
        encoded = self._kept.pop(item.index, None)
        if encoded is None:
            encoded = self._encode(item)
        else:
            self._kept_bytes -= len(encoded)
        return encoded + self._clock(arrival)

    def _with_id(self, common: bytes, item: Item) -> bytes:
        return b'%b,"messageId":"%b"' % (common, self._message_id(item).encode())

    def _clock(self, arrival: Arrival) -> bytes:
        if self._timestamp is None:
            return b""
        return b',"timestamp":"%b"' % self._timestamp(arrival).encode()

    def _encode(self, item: Item) -> bytes:
        """The message without its closing brace: clocks follow."""
        recorded = self._read(item)
        message = self._strip(recorded)
        message["type"] = item.kind
        message["messageId"] = self._message_id(item)
        if self._timestamp is not None:
            message.pop("timestamp", None)
        elif "timestamp" not in message and isinstance(recorded.get("receivedAt"), str):
            message["timestamp"] = recorded["receivedAt"]
        if self._integrations is not None:
            message["integrations"] = self._integrations
        try:
            return orjson.dumps(message)[:-1]
        except orjson.JSONEncodeError as error:
            place = item.place
            raise BadLineError(
                f"{place.file}:{place.line}: the message cannot be written as JSON ({error}); "
                "mend or remove the line."
            ) from error
