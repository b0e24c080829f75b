"""Answers leave after what they answer for is written, or not at all."""

from collections.abc import Callable

from harness.errors import HarnessError
from harness.mock.journal import JournalError
from harness.mock.outbox import Outbox
from tests.mock.boxed import Client, Wire, box_of, request, track


class Telling(Wire):
    """A transport that tells of each write."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        super().__init__()
        self.tell = tell

    def write(self, data) -> None:
        self.tell(bytes(data))


class Scene:
    """An outbox, and what happened around it in order."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.soon: list[Callable[[], None]] = []
        self.said: list[str] = []
        self.outbox = Outbox(self.commit, self.failed, self.soon.append)

    def commit(self) -> None:
        if self.fails:
            raise JournalError("full")
        self.said.append("written")

    def failed(self, error: HarnessError) -> None:
        self.said.append(str(error))

    def wire(self, name: str) -> Wire:
        return Telling(lambda data: self.said.append(f"{name} {data.decode()}"))


def test_all_of_a_round_leave_in_order_after_one_writing():
    scene = Scene()
    one, two = scene.wire("one"), scene.wire("two")
    for wire, data in ((one, b"a"), (two, b"b"), (one, b"c")):
        scene.outbox.put(wire, data)
    assert scene.said == []
    assert len(scene.soon) == 1, "asked for its turn once"
    scene.soon.pop()()
    assert scene.said == ["written", "one a", "two b", "one c"]
    scene.outbox.put(two, b"d")
    assert len(scene.soon) == 1


def test_what_left_at_once_does_not_leave_again_in_its_turn():
    scene = Scene()
    scene.outbox.put(scene.wire("one"), b"a")
    scene.outbox.send()
    scene.soon.pop()()
    assert scene.said == ["written", "one a"]


def test_nothing_leaves_when_it_cannot_be_written_and_the_mock_hears_why():
    scene = Scene(fails=True)
    scene.outbox.put(scene.wire("one"), b"a")
    scene.soon.pop()()
    assert scene.said == ["full"]


def test_an_answer_leaves_after_its_line_is_in_the_file(tmp_path):
    client = Client(box_of(directory=tmp_path))
    lines: list[bool] = []
    client.wire.write = lambda _data: lines.append(b'"m1"' in (tmp_path / "journal.ndjson").read_bytes())
    client.send(request("POST", "/v1/track", track("m1")))
    assert lines == [True]
    client.box.ledger.close()
