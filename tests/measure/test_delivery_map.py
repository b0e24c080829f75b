"""The delivery map: states, flags, growth, and what survives a kill."""

import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measure.delivery_map import HEADER_BYTES, STEP_BYTES, DeliveryMap, DeliveryMapError
from harness.model import EARLIER_LEG, MAYBE_RECEIVED, SENT_AGAIN, THROTTLED, State


@pytest.fixture
def fresh(tmp_path):
    made = DeliveryMap.create(tmp_path / "delivery.map", run_id="r1", fingerprint={"a.ndjson": [12, "ab"]})
    yield made
    made.close()


def test_a_new_map_is_its_owners_alone_and_a_whole_number_of_steps(fresh, tmp_path):
    status = (tmp_path / "delivery.map").stat()
    assert status.st_mode & 0o777 == 0o600
    assert status.st_size == HEADER_BYTES + STEP_BYTES


def test_a_state_keeps_the_flags_and_flags_keep_the_state(fresh):
    fresh.set_state(3, State.WAITING)
    fresh.add_flags(3, THROTTLED)
    fresh.set_state(3, State.IN_FLIGHT, SENT_AGAIN)
    fresh.add_flags(3, EARLIER_LEG)
    fresh.set_state(3, State.ACCEPTED)
    assert fresh.state(3) is State.ACCEPTED
    assert fresh.flags(3) == THROTTLED | SENT_AGAIN | EARLIER_LEG
    assert fresh.count == 4


def test_what_was_never_written_is_unread(fresh):
    fresh.set_state(5, State.WAITING)
    assert fresh.state(2) is State.UNREAD
    assert fresh.byte(6) == fresh.byte(-1) == fresh.byte(10**12) == 0


def test_it_grows_and_keeps_what_it_held(fresh, tmp_path):
    fresh.set_state(0, State.ACCEPTED)
    fresh.set_state(STEP_BYTES - 1, State.REJECTED)
    fresh.set_state(3 * STEP_BYTES, State.DROPPED, THROTTLED)
    assert (tmp_path / "delivery.map").stat().st_size == HEADER_BYTES + 4 * STEP_BYTES
    fresh.close()
    back = DeliveryMap.open(tmp_path / "delivery.map")
    assert back.run_id == "r1"
    assert back.fingerprint == {"a.ndjson": [12, "ab"]}
    assert back.count == len(back) == 3 * STEP_BYTES + 1
    assert back.state(STEP_BYTES - 1) is State.REJECTED
    assert back.states()[State.DROPPED] == 1
    assert back.states()[State.UNREAD] == 3 * STEP_BYTES - 2
    assert sum(1 for byte in back if byte) == 3
    back.close()


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from(list(State)), st.sampled_from([0, 0x20, 0x40])))
)
def test_counts_and_bytes_agree_with_a_plain_dictionary(tmp_path_factory, writes):
    path = tmp_path_factory.mktemp("map") / "delivery.map"
    tested = DeliveryMap.create(path, run_id="r", fingerprint={})
    plain = {}
    for index, state, flags in writes:
        tested.set_state(index, state, flags)
        plain[index] = plain.get(index, 0) & 0xF0 | flags | state
    assert list(tested) == [plain.get(index, 0) for index in range(max(plain, default=-1) + 1)]
    assert tested.states() == {state: sum(byte & 15 == state for byte in tested) for state in State}
    tested.close()


def test_after_the_end_in_flight_reads_as_pending_and_waiting_as_cancelled(fresh):
    for index, state in enumerate(State):
        fresh.set_state(index, state)
    once = dict.fromkeys(("unread", "filtered", "accepted", "rejected", "abandoned", "dropped"), 1)
    assert fresh.became() == once | {"cancelled": 2, "pending": 2}


def test_it_survives_its_process_being_killed(tmp_path):
    path = tmp_path / "delivery.map"
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from harness.measure.delivery_map import DeliveryMap; from harness.model import State\n"
        "m = DeliveryMap.create(Path(sys.argv[1]), run_id='r9', fingerprint={})\n"
        "m.set_state(1_200_000, State.WAITING); m.set_state(7, State.ACCEPTED)\n"
        "m.set_state(8, State.IN_FLIGHT)\n"
        "m.set_state(9, State.WAITING_AGAIN, 0x20); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    back = DeliveryMap.open(path)
    assert back.run_id == "r9"
    assert back.count == 1_200_001
    became = back.became()
    assert (became["accepted"], became["pending"], became["cancelled"]) == (1, 2, 1)
    assert back.flags(9) == MAYBE_RECEIVED
    back.close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(b"hello"), "is no delivery map"),
        (lambda path: path.write_bytes(b"x" * 9_000), "is no delivery map"),
        (lambda path: os.truncate(path, HEADER_BYTES + 2), "is cut off"),
        (lambda path: path.write_bytes(path.read_bytes()[:8] + b"\x02" + path.read_bytes()[9:]), "layout 2"),
        (lambda path: path.write_bytes(path.read_bytes()[:24] + b"{{" + path.read_bytes()[26:]), "damaged"),
        (lambda path: path.unlink(), "cannot read the delivery map"),
    ],
)
def test_a_damaged_map_is_refused_in_one_sentence(fresh, tmp_path, damage, said):
    fresh.set_state(9, State.ACCEPTED)
    fresh.close()
    damage(tmp_path / "delivery.map")
    with pytest.raises(DeliveryMapError, match=said) as raised:
        DeliveryMap.open(tmp_path / "delivery.map")
    assert str(tmp_path / "delivery.map") in str(raised.value)


def test_a_second_map_does_not_overwrite_the_first(fresh, tmp_path):
    with pytest.raises(DeliveryMapError, match="cannot make the delivery map"):
        DeliveryMap.create(tmp_path / "delivery.map", run_id="r2", fingerprint={})


def test_a_fingerprint_beyond_the_header_is_refused(tmp_path):
    with pytest.raises(DeliveryMapError, match="replay fewer files at once"):
        DeliveryMap.create(tmp_path / "m", run_id="r", fingerprint={str(n): n for n in range(1_000)})
