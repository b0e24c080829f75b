"""Remember which ids were stored lately, where a repeat is a duplicate for some hours only."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final


class LookBack:
    """Ids and when they were last stored, for so many ns of the mock's wall clock; about 200 bytes an id."""

    __slots__ = ("_stored_ns", "_window_ns")

    def __init__(self, window_ns: int) -> None:
        self._window_ns: Final = window_ns
        # Oldest first. Not a plain dict: one that is emptied from the front is slow to name its first.
        self._stored_ns: OrderedDict[str, int] = OrderedDict()

    def knows(self, message_id: str, now_ns: int) -> bool:
        """True when it was stored less than the window ago."""
        stored_ns = self._stored_ns.get(message_id)
        return stored_ns is not None and now_ns - stored_ns < self._window_ns

    def remember(self, message_id: str, now_ns: int) -> None:
        """It is stored now; what has become too old is dropped."""
        self._stored_ns.pop(message_id, None)
        self._stored_ns[message_id] = now_ns
        while self._stored_ns:
            oldest = next(iter(self._stored_ns))
            stored_ns = self._stored_ns[oldest]
            if 0 <= now_ns - stored_ns < self._window_ns:
                return
            del self._stored_ns[oldest]
            if stored_ns > now_ns:  # the clock was set back: it is as if it were stored now
                self._stored_ns[oldest] = now_ns

    def forget(self, message_ids: Iterable[str]) -> None:
        """Drop these."""
        for message_id in message_ids:
            self._stored_ns.pop(message_id, None)

    def clear(self) -> None:
        """Drop them all."""
        self._stored_ns.clear()
