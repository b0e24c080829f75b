"""The pytest plugin: the fixtures `segment_mock_server` and `segment_mock`, and the marker `segment_mock`.

It is loaded by every pytest in whose environment the harness is installed, so it imports nothing before a
fixture is asked for.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.pytest_mock.handle import SegmentMock
    from harness.pytest_mock.server import SegmentMockServer

_NAME: Final = "segment_mock"
_HANDLE: Final = pytest.StashKey["SegmentMock"]()
_FAILED: Final = pytest.StashKey[bool]()
_MARKER: Final = (
    "segment_mock(limit, retry_after, unit, fail, times, outcome, scale, frozen, allow): set up the mock of "
    'Segment for this test, as in segment_mock(limit="5/s", retry_after=2)'
)
_BELONGS: Final = {
    "retry_after": ("limit", "fail"),
    "unit": ("limit",),
    "times": ("fail", "outcome"),
}
_KNOWN: Final = ("limit", "fail", "outcome", "scale", "frozen", "allow", *_BELONGS)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two settings of the ini file."""
    parser.addini(
        "segment_mock_limits",
        "The limits that the mock begins with, a preset of harness mock.",
        default="none",
    )
    parser.addini("segment_mock_options", "Further options of harness mock.", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to --strict-markers."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test that has the marker have the mock, though it may not ask for the fixture."""
    for item in items:
        if (
            isinstance(item, pytest.Function)
            and item.get_closest_marker(_NAME) is not None
            and _NAME not in item.fixturenames
        ):
            item.fixturenames.insert(0, _NAME)


@pytest.fixture(scope="session")
def segment_mock_server(request: pytest.FixtureRequest) -> "Generator[SegmentMockServer]":
    """A mock of Segment in a process of its own, at a free port; one for each pytest process."""
    from harness.pytest_mock.server import start

    server = start(
        limits=str(request.config.getini("segment_mock_limits")),
        options=list(request.config.getini("segment_mock_options")),
    )
    yield server
    server.stop()


@pytest.fixture
def segment_mock(
    request: pytest.FixtureRequest, segment_mock_server: "SegmentMockServer"
) -> "Generator[SegmentMock]":
    """This test's part of the mock: a fresh write key, wiped at the end, and checked for mistakes."""
    from harness.pytest_mock.handle import SegmentMock

    segment_mock_server.check()
    mock = SegmentMock(segment_mock_server)
    item: pytest.Item = request.node
    item.stash[_HANDLE] = mock
    try:
        _set_up(mock, _marked(item))
    except BaseException:
        mock.end()
        raise
    yield mock
    del item.stash[_HANDLE]
    try:
        mistakes = mock.mistakes()
        told = mock.told()
        mock.end()
    except HarnessError as error:
        pytest.fail(str(error), pytrace=False)
    if mistakes and not item.stash.get(_FAILED, False):
        sentences = "\n".join(f"  {sentence}" for sentence in mistakes)
        meant = "Where a test means them it says so: segment_mock.allow(...)."
        pytest.fail(f"the mock of Segment saw mistakes:\n{sentences}\n{meant}\n\n{told}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the mock saw to the report of a failed test, unless the failure itself shows it."""
    report = yield
    mock = item.stash.get(_HANDLE, None)
    if mock is not None and call.when == "call" and report.failed:
        from harness.pytest_mock.handle import LedgerAssertionError

        item.stash[_FAILED] = True
        if call.excinfo is not None and not call.excinfo.errisinstance(LedgerAssertionError):
            report.sections.append(("What the mock of Segment saw", mock.told()))
    return report


def _marked(item: pytest.Item) -> dict[str, Any]:
    """What the markers say, the nearest winning. Fails the test on a word that means nothing."""
    asked: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(_NAME))):
        unknown = [*marker.args, *(set(marker.kwargs) - set(_KNOWN))]
        if unknown:
            pytest.fail(
                f"@pytest.mark.segment_mock does not know {unknown[0]!r}; it takes {', '.join(_KNOWN)}",
                pytrace=False,
            )
        asked |= marker.kwargs
    for word, owners in _BELONGS.items():
        if word in asked and not any(owner in asked for owner in owners):
            pytest.fail(
                f"@pytest.mark.segment_mock: {word} belongs to {' or '.join(owners)}, which it does not have",
                pytrace=False,
            )
    return asked


def _set_up(mock: "SegmentMock", asked: dict[str, Any]) -> None:
    if asked.get("frozen"):
        mock.clock.freeze()
    if "scale" in asked:
        mock.clock.scale(asked["scale"])
    wait = {name: asked[name] for name in ("retry_after",) if name in asked}
    if "limit" in asked:
        mock.limit(asked["limit"], **wait, **{name: asked[name] for name in ("unit",) if name in asked})
    if "fail" in asked or "outcome" in asked:
        # Beside a limit the seconds are the limit's.
        of_fault = {name: asked[name] for name in ("outcome", "times") if name in asked}
        mock.fail(asked.get("fail"), **({} if "limit" in asked else wait), **of_fault)
    allowed = asked.get("allow", ())
    mock.allow(*([allowed] if isinstance(allowed, str) else allowed))
