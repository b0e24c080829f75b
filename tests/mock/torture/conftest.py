"""One mock for a file of tests, which must be unharmed after each of them."""

import pytest

from harness.mock.launch import launch
from tests.mock.torture.raw import asked, peak_bytes

MEMORY_CAP_BYTES = 160 << 20
CLASSES = ("stored", "duplicates", "discarded", "refused", "throttled", "faulted")


@pytest.fixture(scope="module")
def mock():
    with launch(limits="none") as running:
        yield running


@pytest.fixture(scope="module")
def port(mock):
    return mock.port


@pytest.fixture(autouse=True)
def unharmed(mock):
    """After each test: the same process answers, its sums hold, its memory is bounded."""
    yield
    assert asked(mock.port, "/__admin/health").json()["instance"] == mock.instance
    counts = asked(mock.port, "/__admin/ledger").json()
    assert counts["received"] == sum(counts[name] for name in CLASSES)
    assert counts["unique"] == counts["stored"]
    assert peak_bytes(mock.pid) < MEMORY_CAP_BYTES
