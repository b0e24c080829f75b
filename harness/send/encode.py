"""Turn arrivals into the request that carries them.

A message's bytes are the same on every attempt (its id and its timestamp are), so they are made once
where that is cheap; only `sentAt`, this attempt's clock, is set as the request is built.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from harness.errors import BadLineError
from harness.model import Arrival, Item, Message, Request
from harness.segment.endpoints import BATCH_PATH, single_path
from harness.segment.sizes import MESSAGE_BYTES

_KEPT_BYTES: Final = 4 << 20  # measured messages that wait for their batch; dropped ones are encoded again


class Encoder:
    """Builds requests; satisfies `model.Encode`.

    read: the message of an item, from the recording. Its result is not altered.
    strip: the same message without what never leaves, as a dict the encoder may alter.
    message_id: the id an item goes by in this run.
    timestamp: what the message's `timestamp` becomes, from the arrival and the message as recorded;
        None leaves it as it stands.
    sent_at: this instant, ISO-8601.
    integrations: replaces every message's own; None keeps those.
    batch: send batches. A single message then makes a batch of one, unless it is over 32 KB.
    """

    def __init__(
        self,
        *,
        read: Callable[[Item], Message],
        strip: Callable[[Message], Message],
        message_id: Callable[[Item], str],
        timestamp: Callable[[Arrival, Message], str | None],
        sent_at: Callable[[], str],
        version: str,
        integrations: Mapping[str, Any] | None = None,
        batch: bool = False,
        extra_headers: Sequence[tuple[str, str]] = (),
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
        self._kept: dict[int, bytes] = {}  # by item index, oldest first
        self._kept_bytes = 0

    def __call__(self, arrivals: tuple[Arrival, ...], attempt: int) -> Request:
        """The request for these arrivals (one or more, of one source). Raises BadLineError."""
        item = arrivals[0].item
        encoded = [self._take(arrival) for arrival in arrivals]
        sent_at = b'"sentAt":' + orjson.dumps(self._sent_at()) + b"}"
        alone = len(arrivals) == 1 and (not self._batch or len(encoded[0]) > MESSAGE_BYTES)
        if alone:
            path = single_path(item.kind)
            body = encoded[0][:-1] + b"," + sent_at
        else:
            path = BATCH_PATH
            body = b'{"batch":[' + b",".join(encoded) + b"]," + sent_at
        headers = self._headers
        if attempt > 1:
            headers = (*headers, ("X-Retry-Count", str(attempt - 1)))
        return Request(item.api, item.source, "POST", path, headers, body, arrivals, attempt)

    def measure(self, arrival: Arrival) -> int:
        """Bytes of this message inside a batch, without the comma. Raises BadLineError.

        Over `sizes.MESSAGE_BYTES` it has to go alone.
        """
        index = arrival.item.index
        encoded = self._kept.get(index)
        if encoded is None:
            encoded = self._encode(arrival)
            self._kept[index] = encoded
            self._kept_bytes += len(encoded)
            while self._kept_bytes > _KEPT_BYTES:
                self._kept_bytes -= len(self._kept.pop(next(iter(self._kept))))
        return len(encoded)

    def _take(self, arrival: Arrival) -> bytes:
        encoded = self._kept.pop(arrival.item.index, None)
        if encoded is None:
            return self._encode(arrival)
        self._kept_bytes -= len(encoded)
        return encoded

    def _encode(self, arrival: Arrival) -> bytes:
        item = arrival.item
        recorded = self._read(item)
        timestamp = self._timestamp(arrival, recorded)
        message = self._strip(recorded)
        message["type"] = item.kind
        message["messageId"] = self._message_id(item)
        if timestamp is not None:
            message["timestamp"] = timestamp
        if self._integrations is not None:
            message["integrations"] = self._integrations
        try:
            return orjson.dumps(message)
        except orjson.JSONEncodeError as error:
            place = item.place
            raise BadLineError(
                f"{place.file}:{place.line}: the message cannot be written as JSON ({error}); "
                "mend or remove the line."
            ) from error
