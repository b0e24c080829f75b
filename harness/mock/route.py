"""What a row of the mock's route table is, and what its handler is told of a call."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.mock.exchange import Call, Later, Reply

if TYPE_CHECKING:
    from harness.mock.box import Box


class Visit(NamedTuple):
    """A call that a route matched. Its repr shows a credential: never log it."""

    call: Call
    path: str  # without the query, as it came
    params: Mapping[str, str]  # what stood for `{name}` in the pattern, percent-decoded
    query: Mapping[str, Sequence[str]]  # decoded; a name may come several times, a value may be empty

    def one(self, name: str) -> str | None:
        """The last value of a query parameter; None when it is not there."""
        values = self.query.get(name)
        return values[-1] if values else None

    def header(self, name: bytes) -> str:
        """A header's value by its lower-case name; "" when it is not there."""
        return self.call.headers.get(name, b"").decode("latin-1").strip()


class Route(NamedTuple):
    """One method and path, and who answers.

    A pattern is a path in which `{name}` stands for one segment, as in `/sources/{source_id}`. HEAD is
    answered by the route for GET. `api` is `profile` or `config` where that API's limits and faults apply,
    `tracking` for the edges of the Tracking API that carry no messages, and `admin` for our own.
    """

    method: str
    pattern: str
    api: str
    handler: "Callable[[Box, Visit], Reply | Later]"
