"""Bodies that are gzip, nearly gzip, and bombs."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.mock.inflate import InflateError, TooLargeError, inflate


@given(st.lists(st.binary(max_size=2_000), min_size=1, max_size=4))
def test_what_was_compressed_comes_back_whole_member_by_member(members):
    assert inflate(b"".join(gzip.compress(member) for member in members), 8_000) == b"".join(members)


@given(st.binary(max_size=300))
def test_junk_is_said_to_be_junk(junk):
    try:
        inflated = inflate(junk, 1_000)
    except (InflateError, TooLargeError):
        return
    assert gzip.decompress(junk) == inflated


def test_a_bomb_is_refused_at_the_bound_not_after_it():
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(TooLargeError):
        inflate(bomb, 1_000)
    assert len(inflate(gzip.compress(bytes(1_000)), 1_000)) == 1_000


def test_a_cut_body_is_refused():
    whole = gzip.compress(b'{"event": "E"}')
    for end in range(len(whole)):
        with pytest.raises(InflateError):
            inflate(whole[:end], 1_000)


def test_a_hundred_thousand_empty_members_are_refused_at_once():
    with pytest.raises(InflateError, match="members"):
        inflate(gzip.compress(b"") * 100_000, 1_000)
