"""What the end-to-end tests share: a mock that ends with its test."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.bench import Mock


@pytest.fixture
def start_mock(tmp_path) -> Iterator[Callable[..., Mock]]:
    mocks: list[Mock] = []

    def start(*args: str) -> Mock:
        mocks.append(Mock(tmp_path / f"ledger-{len(mocks)}", *args))
        return mocks[-1]

    yield start
    for mock in mocks:
        mock.stop()
