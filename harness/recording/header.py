"""The optional first line of a recording: its format version, its origin, and how private it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from harness.errors import RecordingError

MARK: Final = "harness"
FORMAT_NAME: Final = "recording"
VERSION: Final = 1
PRIVACIES: Final = ("raw", "redacted", "synthetic", "public")


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says of itself; one without a header is raw and names no origin."""

    privacy: str = "raw"  # one of PRIVACIES
    origin: Mapping[str, Any] = field(default_factory=dict)  # for people: where from, licence, how made
    key_salt: bytes = b""  # of `key_marks`
    key_marks: tuple[str, ...] = ()  # BLAKE2b-128 of each removed write key, in hex


def parse_header(fields: Mapping[str, Any], where: str) -> Header:
    """The header in a parsed first line that has the field `harness`.

    Raises:
        RecordingError: another version, or a field of the wrong form.
    """
    name, _, version = str(fields[MARK]).partition("/")
    if name != FORMAT_NAME or not (version.isascii() and version.isdigit()):
        raise RecordingError(
            f'{where}: the header is not {{"{MARK}": "{FORMAT_NAME}/{VERSION}", …}}; correct it or drop it'
        )
    if int(version) != VERSION:
        raise RecordingError(
            f"{where}: the recording has format version {version} and this harness reads version {VERSION}; "
            f"update the harness, or make the recording anew with this one"
        )
    privacy = fields.get("privacy", "raw")
    if privacy not in PRIVACIES:
        raise RecordingError(f'{where}: "privacy" must be one of {", ".join(PRIVACIES)}; correct the header')
    origin = fields.get("origin", {})
    if not isinstance(origin, dict):
        raise RecordingError(f'{where}: "origin" must be an object; correct the header')
    salt, marks = _parse_key_marks(fields.get("key_marks"), where)
    return Header(privacy, origin, salt, marks)


def _parse_key_marks(value: object, where: str) -> tuple[bytes, tuple[str, ...]]:
    if value is None:
        return b"", ()
    # Marks stop a key from being used: a header with unreadable ones must not pass for one without.
    problem = RecordingError(
        f'{where}: "key_marks" must be {{"salt": HEX, "marks": [HEX, …]}}; correct the header'
    )
    if not isinstance(value, dict):
        raise problem
    salt, marks = value.get("salt"), value.get("marks")
    if not (
        isinstance(salt, str) and isinstance(marks, list) and all(isinstance(mark, str) for mark in marks)
    ):
        raise problem
    try:
        return bytes.fromhex(salt), tuple(bytes.fromhex(mark).hex() for mark in marks)
    except ValueError:
        raise problem from None


def format_header(header: Header) -> bytes:
    """The header as a line, without its newline."""
    fields: dict[str, Any] = {MARK: f"{FORMAT_NAME}/{VERSION}", "privacy": header.privacy}
    if header.origin:
        fields["origin"] = dict(header.origin)
    if header.key_marks:
        fields["key_marks"] = {"salt": header.key_salt.hex(), "marks": list(header.key_marks)}
    return orjson.dumps(fields)
