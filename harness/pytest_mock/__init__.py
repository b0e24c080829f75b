"""A mock of Segment for tests that are run by pytest: steer it, wait for it, and prove what reached it."""

from harness.pytest_mock.handle import LedgerAssertionError, SegmentMock
from harness.pytest_mock.server import SegmentMockServer

__all__ = ["LedgerAssertionError", "SegmentMock", "SegmentMockServer"]
