"""Claims about reading answers: the quick ways and llhttp agree, in whatever pieces the bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.send import answer_reader
from harness.send.answer_reader import AnswerReader, NotHttpError, Whole

_name = st.sampled_from(["Date", "Server", "X-A", "retry-after", "Connection", "Keep-Alive"])
_value = st.sampled_from(
    ["", "1", " 7", "keep-alive", "close", "nginx/1.27 (x)", "Fri, 06 Nov 2026 08:49:37 GMT"]
)


@st.composite
def answers(draw):
    status = draw(st.sampled_from([200, 201, 204, 304, 302, 400, 429, 500, 599]))
    body = draw(st.sampled_from([b"", b"{}", b'{"success":true}', b"x" * 3_000, b"HTTP/1.1 200 OK\r\n\r\n"]))
    headers = draw(st.lists(st.tuples(_name, _value), max_size=4))
    lines = [f"HTTP/1.1 {status} Any", *(f"{name}:{value}" for name, value in headers)]
    if status == 204:
        framed = b""
    elif draw(st.booleans()):
        lines.insert(draw(st.integers(1, len(lines))), f"Content-Length: {len(body)}")
        framed = b"" if status == 304 else body
    else:
        lines.append("Transfer-Encoding: chunked")
        framed = (
            b"" if status == 304 else (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        )
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\nRetry-After: 99\r\n\r\n"]))
    return interim + "\r\n".join([*lines, "", ""]).encode() + framed


def read(reader: AnswerReader, pieces: list[bytes]) -> Whole:
    """The answer; the last piece, and no earlier one, makes it whole."""
    assert [reader.feed(piece) for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
    whole = reader.feed(pieces[-1])
    assert whole is not None
    return whole


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({cut % len(data) for cut in cuts} - {0})
    return [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]


class Careful(AnswerReader):
    """The oracle: llhttp for everything, nothing remembered."""

    __slots__ = ()

    def feed(self, data: bytes) -> Whole | None:
        if self._llhttp is None:
            self._llhttp = answer_reader._Careful(data)
        return super().feed(data)


@given(answers(), st.lists(st.integers(0, 10_000), max_size=8), answers())
def test_every_way_reads_every_answer_alike_in_any_pieces(answer, cuts, following):
    expected = read(Careful(), [answer])
    reader = AnswerReader()
    for pieces in ([answer], cut(answer, cuts), [answer], [answer[at : at + 1] for at in range(len(answer))]):
        assert read(reader, pieces) == expected
    assert read(reader, [following]) == read(Careful(), [following])


@given(answers(), answers())
def test_what_follows_an_answer_makes_the_connection_unfit_and_changes_nothing_else(answer, junk):
    alone = read(AnswerReader(), [answer])
    reader = AnswerReader()
    for _ in range(2):  # the second time it is remembered, if it is
        assert read(reader, [answer + junk]) == alone._replace(reusable=False)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4), st.booleans())
def test_no_bytes_are_a_crash(data, cuts, plausible):
    data = (b"HTTP/1.1 200 OK\r\n" if plausible else b"") + data
    reader = AnswerReader()
    try:
        for piece in cut(data, cuts) if data else []:
            whole = reader.feed(piece)
            assert whole is None or 100 <= whole.status < 1_000
        reader.finish()
    except NotHttpError:
        pass


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nabc", True),
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabc", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 20", False),
    ],
)
def test_the_end_of_the_stream_ends_only_an_answer_without_a_length(data, ends):
    reader = AnswerReader()
    assert reader.feed(data) is None
    whole = reader.finish()
    assert (whole is not None) == ends
    if whole is not None:
        assert not whole.reusable


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(answer_reader, "_REMEMBERED", 8)
    reader = AnswerReader()
    for number in range(100):
        assert read(reader, [b"HTTP/1.1 200 OK\r\nX: %d\r\nContent-Length: 0\r\n\r\n" % number]).status == 200
    assert 0 < len(reader._known) <= 8


def test_a_large_answer_is_not_remembered():
    reader = AnswerReader()
    read(reader, [b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9_000])
    assert not reader._known


def test_half_an_answer_is_forgotten_on_reset():
    for half in (
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.0 200 OK\r\n\r\nab",
    ):
        reader = AnswerReader()
        assert reader.feed(half) is None
        reader.reset()
        assert read(reader, [b"HTTP/1.1 201 OK\r\nContent-Length: 1\r\n\r\n!"]) == Whole(
            201, None, b"!", reusable=True
        )
