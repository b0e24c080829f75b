"""Claims about message ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.segment.message_ids import id_prefix, index_of, message_id
from harness.segment.messages import MESSAGE_ID_CHARACTERS

RUN_ID = "20260102-030405-k3x9"


@given(st.integers(0, 2**64 - 1))
def test_every_id_leads_back_to_its_index(index):
    told = message_id(id_prefix(RUN_ID), index)
    assert index_of(told, RUN_ID) == index
    assert len(told) <= MESSAGE_ID_CHARACTERS


@pytest.mark.parametrize(("index", "told"), [(0, "r.0"), (35, "r.z"), (36, "r.10"), (1_679_615, "r.zzzz")])
def test_the_index_is_written_in_base_36(index, told):
    assert message_id("r.", index) == told


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "r",
        "r.",
        "s.1",
        "r.01",
        "r.A",
        "r.+1",
        "r.1_0",
        "r. 1",
        "r.-1",
        "r.1.2",
        "r.١",
        "r." + "z" * 14,
        "R.1",
        "xr.1",
    ],
)
def test_what_this_run_did_not_write_is_none_of_its_ids(foreign):
    assert index_of(foreign, "r") is None


@given(st.text(max_size=20))
def test_an_id_is_read_only_if_it_would_be_written_so(text):
    index = index_of("r." + text, "r")
    assert index is None or message_id("r.", index) == "r." + text


def test_a_run_id_that_would_make_ids_too_long_is_refused():
    assert len(message_id(id_prefix("x" * 86), 36**13 - 1)) == MESSAGE_ID_CHARACTERS
    with pytest.raises(UsageError, match="87 characters"):
        id_prefix("x" * 87)
