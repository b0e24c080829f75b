"""The id a replayed message carries: `<run id>.<index in base 36>`, and the way back."""

from typing import Final

from harness.errors import UsageError
from harness.segment.messages import MESSAGE_ID_CHARACTERS

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_DIGITS)
_PAIRS: Final = tuple(high + low for high in _DIGITS for low in _DIGITS)
_TWO: Final = len(_PAIRS)
_LONGEST_INDEX: Final = 13  # digits of 2^64 in base 36; no run has more items


def id_prefix(run_id: str) -> str:
    """What every message id of this run starts with. Raises UsageError when an id would grow too long."""
    if len(run_id) + 1 + _LONGEST_INDEX > MESSAGE_ID_CHARACTERS:
        raise UsageError(
            f"The run id has {len(run_id)} characters, and a messageId may have {MESSAGE_ID_CHARACTERS}; "
            f"use a run id of at most {MESSAGE_ID_CHARACTERS - 1 - _LONGEST_INDEX}."
        )
    return run_id + "."


def message_id(prefix: str, index: int) -> str:
    """The id of item `index` (0 or more); `prefix` is from `id_prefix`."""
    digits = ""
    while index >= _BASE:  # two digits at a time: this runs for every message
        index, pair = divmod(index, _TWO)
        digits = _PAIRS[pair] + digits
    if index or not digits:
        digits = _DIGITS[index] + digits
    return prefix + digits


def index_of(message_id_: str, run_id: str) -> int | None:
    """The index of the item that carries this id; None when it is no id of this run."""
    prefix = id_prefix(run_id)
    digits = message_id_[len(prefix) :]
    if not message_id_.startswith(prefix) or not 0 < len(digits) <= _LONGEST_INDEX:
        return None
    # int() is more lenient than the writer: signs, spaces, underscores, capitals, leading zeros.
    if digits.strip(_DIGITS) or (digits[0] == "0" and digits != "0"):
        return None
    return int(digits, _BASE)
