"""What a fault does to an answer: the names of the outcomes, and one of them made ready to be played."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

STATUS: Final = "status"
RESET_BEFORE_HEAD: Final = "reset-before-head"
RESET_BEFORE_BODY: Final = "reset-before-body"
RESET_AFTER_BODY: Final = "reset-after-body"
EMPTY: Final = "empty"
TRUNCATED: Final = "truncated"
GARBAGE: Final = "garbage"
MALFORMED_CHUNK: Final = "malformed-chunk"
DRIP: Final = "drip"
HANG: Final = "hang"

# What a rule may ask for by name; a status is asked for by its number.
OUTCOMES: Final = (
    RESET_BEFORE_HEAD,
    RESET_BEFORE_BODY,
    RESET_AFTER_BODY,
    EMPTY,
    TRUNCATED,
    GARBAGE,
    MALFORMED_CHUNK,
    DRIP,
    HANG,
)

# WireMock's names (wiremock http/Fault.java, read 2026-08), by what WireMock does under them.
ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "EMPTY_RESPONSE": EMPTY,
        "CONNECTION_RESET_BY_PEER": RESET_BEFORE_HEAD,
        "MALFORMED_RESPONSE_CHUNK": MALFORMED_CHUNK,
        "RANDOM_DATA_THEN_CLOSE": GARBAGE,
    }
)

# The whole answer of the mock leaves, so its status is seen.
WHOLE: Final = frozenset({RESET_AFTER_BODY, DRIP})

GARBAGE_BYTES: Final = 256
DRIP_BYTES_PER_S: Final = 10.0  # a short answer takes some 15 s: longer than most clients wait

NO_BODY: Final = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule's outcome, with every default filled in."""

    rule: str  # the name of the rule
    kind: str  # STATUS or one of OUTCOMES
    after: bool  # the ledger has the messages before the fault is played
    status: int = 0  # for STATUS
    body: bytes | None = None  # for STATUS; None: the error body of the API that was called
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    sent_bytes: int | None = (
        None  # of the body, for TRUNCATED (None: half) and HANG (None: not even the head)
    )
    garbage_bytes: int = GARBAGE_BYTES
    bytes_per_s: float = DRIP_BYTES_PER_S

    @property
    def effect(self) -> str:
        """What it is counted under: `status 503`, `truncated`."""
        return f"{STATUS} {self.status}" if self.kind == STATUS else self.kind
