"""Count each scope of each limit in a window of its own, as the sender sees it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.measure.window import SlidingCount
from harness.model import Limit, Request
from harness.segment.limit_scope import hangs_on_path, label_under

_ELSEWHERE = "-"  # the label of what a limit does not speak of


class LimitWindow(NamedTuple):
    """One scope of one limit."""

    place: int  # of the limit among those the windows were made of
    label: str
    by_messages: bool
    sliding: SlidingCount


class LimitWindows:
    """The windows of a run; made as requests of their scopes come."""

    __slots__ = ("_by_path", "_limits", "_made", "_of")

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = tuple(limits)
        self._by_path = {limit.api for limit in self._limits if hangs_on_path(limit)}
        self._made: dict[tuple[int, str], LimitWindow] = {}
        self._of: dict[tuple[str, ...], tuple[LimitWindow, ...]] = {}

    def scope_of(self, request: Request) -> tuple[str, ...]:
        """What every limit counts together with this request, so what a 429 pauses at the least."""
        api, source = request.api, request.source
        if api not in self._by_path:
            return api, source
        labels = (label_under(limit, "", request.path) for limit in self._limits if limit.api == api)
        return api, source, *(_ELSEWHERE if label is None else label for label in labels)

    def of(self, request: Request) -> tuple[LimitWindow, ...]:
        """The windows that this request counts in."""
        scope = self.scope_of(request)
        windows = self._of.get(scope)
        if windows is None:
            windows = self._of[scope] = tuple(self._find(request))
        return windows

    def __iter__(self) -> Iterator[LimitWindow]:
        """All there are."""
        return iter(self._made.values())

    def _find(self, request: Request) -> Iterator[LimitWindow]:
        for place, limit in enumerate(self._limits):
            label = None if limit.api != request.api else label_under(limit, request.source, request.path)
            if label is None:
                continue
            window = self._made.get((place, label))
            if window is None:
                sliding = SlidingCount(limit.window_ns, limit.count)
                window = LimitWindow(place, label, limit.unit == "messages", sliding)
                self._made[place, label] = window
            yield window
