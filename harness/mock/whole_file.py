"""Write a small file whole or not at all."""

import os
import tempfile
from pathlib import Path

from harness.errors import UsageError


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` at `path`; who reads it meanwhile sees all of it, or what was there before.

    Raises UsageError when it cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)
                file.write(content)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"{path}: cannot be written: {reason}; name a file in a folder that is there"
        ) from error
