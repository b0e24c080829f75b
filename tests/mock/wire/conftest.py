"""Two mocks for all tests of this folder; each test begins with nothing in them."""

import pytest

from harness.mock.launch import launch
from tests.mock.wire.wired import SOURCES, Wired


@pytest.fixture(scope="session")
def one_mock():
    with launch(limits="none") as running:
        wired = Wired(running)
        yield wired
        wired.close()


@pytest.fixture
def mock(one_mock):
    """A mock without limits and without sources: every write key is taken."""
    one_mock.begin()
    return one_mock


@pytest.fixture(scope="session")
def one_sourced(tmp_path_factory):
    file = tmp_path_factory.mktemp("settings") / "mock.toml"
    file.write_text(SOURCES, "utf-8")
    with launch(limits="none", extra=["--config", str(file)]) as running:
        wired = Wired(running)
        yield wired
        wired.close()


@pytest.fixture
def sourced(one_sourced):
    """A mock with the sources above."""
    one_sourced.begin()
    return one_sourced
