"""What all tests of this room may ask for."""

from collections.abc import Iterator

import pytest

from harness.send.connection import Connection


@pytest.fixture
def connected() -> Iterator[list[Connection]]:
    """Connections put here are closed when the test ends."""
    opened: list[Connection] = []
    yield opened
    for connection in opened:
        connection.close()
