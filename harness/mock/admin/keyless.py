"""Show a message as it came, but for the write key that a client may have put into it."""

import re
from typing import Any, Final

import orjson

from harness.segment.write_key import WriteKey

_NAME: Final = "writeKey"
# With the quote before it only a name can end like this: within a text a quote stands behind a backslash.
_WRITTEN: Final = re.compile(rb'"writeKey"\s*:\s*("(?:[^"\\]|\\.)*")')


def keyless(message: Any) -> Any:
    """The message; of a write key at its top only the last characters."""
    if isinstance(message, dict) and isinstance(message.get(_NAME), str):
        return {**message, _NAME: _masked(message[_NAME])}
    return message


def keyless_text(text: bytes, message: Any) -> bytes:
    """The message's own text, so that what a parser loses can be seen, with all write keys masked.

    `message` is the same, parsed. One whose name for the key is spelt with escapes is written anew.
    """
    told = _WRITTEN.sub(_replaced, text)
    if not isinstance(message, dict) or not isinstance(message.get(_NAME), str) or told != text:
        return told
    try:
        return orjson.dumps(keyless(message))
    except orjson.JSONEncodeError:  # JSON is read deeper than it is written
        return b'"nested too deeply to be shown"'


def _replaced(found: re.Match[bytes]) -> bytes:
    start = found.start(1) - found.start()
    return found[0][:start] + orjson.dumps(_masked(orjson.loads(found[1])))


def _masked(secret: str) -> str:
    return WriteKey(secret).masked if secret else ""
