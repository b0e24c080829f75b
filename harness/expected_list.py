"""Read a list of values that are expected to arrive: one a line, or in the lines of a recording."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from harness.errors import UsageError
from harness.seen import value_at


def expected_values(file: Path, key: str) -> Iterator[tuple[int, str]]:
    """Each value with its line, counted from 1.

    A line that is a JSON object holds its value at `key`, as a message does, or under `body`; one without it
    is passed over. Any other line is a value itself, as text. Raises UsageError.
    """
    path = tuple(key.split("."))
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                value = _value(line.strip(), path, f"{file}:{number}")
                if value is not None:
                    yield number, value
    except OSError as error:
        raise UsageError(
            f"--expected {file}: cannot be read: {error.strerror}; name a file that is there"
        ) from error


def _value(line: bytes, path: tuple[str, ...], where: str) -> str | None:
    if not line:
        return None
    if not line.startswith(b"{"):
        try:
            return line.decode("utf-8").strip('"')
        except UnicodeDecodeError as error:
            raise UsageError(f"{where}: is no UTF-8 text; write one value a line") from error
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where}: begins like JSON and is none: {error}; correct the line") from error
    found = value_at(document, path)
    return value_at(document.get("body"), path) if found is None else found
