"""Bring stored messages to the profiles when there is time for it, and before anybody asks for a profile.

Building profiles costs several times what taking a message costs, so it is not done on the way to the answer.
Messages whose bodies had to leave before their turn are in no profile; they are counted.
"""

from collections.abc import Callable
from typing import Any, Final

from harness.mock.config_api.catalog import Catalog
from harness.mock.kept import Kept, KeptCall
from harness.mock.ledger import Ledger
from harness.mock.profile.profiles import DEFAULT_SPACE, Profiles
from harness.units import NS_PER_MS

EVERY_S: Final = 0.02
_SLICE_NS: Final = 2 * NS_PER_MS
_BUSY: Final = 100  # calls and messages since the last look, beyond which there is no time


class Feeding:
    """How far the profiles have come. `key_of` answers the write key of a ledger's number, for its source."""

    __slots__ = ("_catalog", "_kept", "_ledger", "_profiles", "_seen_seq", "now_ns")

    def __init__(
        self, ledger: Ledger, kept: Kept, profiles: Profiles, catalog: Catalog, now_ns: Callable[[], int]
    ) -> None:
        self._ledger: Final = ledger
        self._kept: Final = kept
        self._profiles: Final = profiles
        self._catalog: Final = catalog
        self.now_ns: Final = now_ns  # real time, for slices
        self._seen_seq = kept.seq

    def tick(self) -> None:
        """Go on for a moment, unless the mock is busy."""
        came = self._kept.seq - self._seen_seq
        self._seen_seq = self._kept.seq
        if self._kept.unseen and came <= _BUSY:
            self.catch_up(self.now_ns() + _SLICE_NS)

    def catch_up(self, until_ns: int | None = None) -> None:
        """Bring all that waits, or as much as fits until that instant."""
        unseen = self._kept.unseen
        while unseen:
            self._bring(unseen.popleft())
            if until_ns is not None and self.now_ns() >= until_ns:
                return

    def _bring(self, call: KeptCall) -> None:
        source = None
        if self._catalog.sources and call.key is not None:
            source = self._catalog.source_of_key(self._ledger.secret(call.key))
        masked = None if call.key is None else self._ledger.masked(call.key)
        source_id = source.id if source is not None else masked or ""
        space = source.space if source is not None else DEFAULT_SPACE
        for message in self._kept.messages_of(call):
            final = message.final()
            if final is not None:
                self._profiles.take(
                    final,
                    final["type"],
                    final["messageId"],
                    source_id,
                    call.received_ns,
                    message.timestamp_ns,
                    space,
                )

    def report(self) -> dict[str, Any]:
        """What the profiles hold, how many calls wait, and how many messages left before their turn."""
        return {**self._profiles.report(), "waiting": len(self._kept.unseen), "missed": self._kept.missed}
