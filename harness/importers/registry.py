"""The formats that can be imported: one table."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from harness.importers.order import TimedLine, sorted_by_time
from harness.importers.otto import HEADER as OTTO_HEADER
from harness.importers.otto import import_otto
from harness.recording.header import Header


class ReadLines(Protocol):
    """Lines of a foreign file, named `name` in errors, to lines of a recording, in any order."""

    def __call__(self, lines: Iterable[bytes], *, name: str) -> Iterator[TimedLine]: ...


class Importer(NamedTuple):
    """One foreign format."""

    about: str  # for help
    header: Header  # of the recordings made from it
    read: ReadLines


IMPORTERS: Final[Mapping[str, Importer]] = MappingProxyType(
    {
        "otto": Importer(
            "shop sessions as OTTO publishes them (recsys-dataset, JSONL)", OTTO_HEADER, import_otto
        ),
    }
)


class Input(NamedTuple):
    """A foreign file."""

    name: str
    lines: Iterable[bytes]


def import_lines(importer: Importer, inputs: Iterable[Input]) -> Iterator[bytes]:
    """The lines of one recording made of all inputs, sorted by time.

    Raises:
        RecordingError: a line of an input is not of this format.
    """
    return sorted_by_time(chain.from_iterable(importer.read(each.lines, name=each.name) for each in inputs))
