"""Keep the state of each scope in bounded memory, without ever forgetting what still counts."""

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

State = TypeVar("State")

SCOPES_MOST: Final = 50_000
_FLOOR: Final = 1_024  # fewer scopes than this are not worth looking through


class Shelf(Generic[State]):
    """A state for each scope that has used something lately.

    Idle scopes, which count for nothing any more, go when there are twice as many as at the last look. Where
    more than `most` are in use, newcomers share one state until that is idle: that can refuse early, but
    never grants early, and `crowded` counts it.
    """

    __slots__ = ("_crowd", "_is_idle", "_look_at", "_make", "_most", "crowded", "states")

    def __init__(self, make: Callable[[], State], is_idle: Callable[[State, int], bool], most: int) -> None:
        self._make: Final = make
        self._is_idle: Final = is_idle
        self._most: Final = most
        self._look_at = min(most, _FLOOR)
        self._crowd: State | None = None
        self.states: Final[dict[Hashable, State]] = {}
        self.crowded = 0

    def find(self, scope: Hashable) -> State | None:
        """The state that counts for this scope; None when it has used nothing."""
        state = self.states.get(scope)
        return self._crowd if state is None else state

    def claim(self, scope: Hashable, now_ns: int) -> State:
        """The state that counts for this scope, made where there is none."""
        state = self.states.get(scope)
        if state is not None:
            return state
        if self._crowd is not None and self._is_idle(self._crowd, now_ns):
            self._crowd = None
        if self._crowd is None and self._is_full(now_ns):
            self._crowd = self._make()
        if self._crowd is not None:
            self.crowded += 1
            return self._crowd
        state = self.states[scope] = self._make()
        return state

    def live(self, now_ns: int) -> list[State]:
        """Every state that still counts; the idle ones are let go."""
        idle = [scope for scope, state in self.states.items() if self._is_idle(state, now_ns)]
        for scope in idle:
            del self.states[scope]
        return [*self.states.values()] if self._crowd is None else [*self.states.values(), self._crowd]

    def forget(self, scope: Hashable) -> None:
        """This scope has no state of its own."""
        self.states.pop(scope, None)

    def _is_full(self, now_ns: int) -> bool:
        if len(self.states) < self._look_at:
            return False
        self.live(now_ns)
        kept = len(self.states)
        self._look_at = min(self._most, max(_FLOOR, 2 * kept))
        # A quarter must be free again, or every newcomer would have all of them looked through.
        return kept * 4 > self._most * 3
