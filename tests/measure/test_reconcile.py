"""Reconciliation: one case a sentence of the contract, then an oracle with plain lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measure.reconcile import SAMPLES_MOST, reconcile
from harness.model import EARLIER_LEG, MAYBE_RECEIVED, State


class MapOf:
    """A delivery map made of plain bytes."""

    def __init__(self, *bytes_):
        self._bytes = bytes_

    def byte(self, index):
        return self._bytes[index]

    def __len__(self):
        return len(self._bytes)


def index_of(message_id):
    run, _, number = message_id.partition(".")
    return int(number) if run == "r" and number.isdigit() else None


STORED_UNDER_A_FAULT = "faulted, stored"
RECEIVED = ("stored", "duplicates", "discarded", STORED_UNDER_A_FAULT)


def arrived(*entries):
    for entry in entries:
        index, kind = entry if isinstance(entry, tuple) else (entry, "stored")
        name = index if isinstance(index, str) else f"r.{index}"
        yield {
            "id": name,
            "class": kind.partition(",")[0],
            "reason": "no_event" if kind == "discarded" else None,
            "timestamp": "2026-01-02T03:04:05.678Z" if kind in ("stored", STORED_UNDER_A_FAULT) else None,
        }


def judged(arrivals, states, ordered=None, *, complete=True):
    return reconcile(
        arrivals,
        MapOf(*states),
        index_of=index_of,
        ordered=ordered,
        complete=complete,
        message_id=lambda index: f"r.{index}",
    )


ACCEPTED = State.ACCEPTED
UNCLEAR = State.ACCEPTED | MAYBE_RECEIVED


def test_a_clean_run_has_nothing_to_say():
    account = judged(arrived(0, 1, 2), [ACCEPTED] * 3, [(n, ("u:1",)) for n in range(3)])
    assert (account.ledger_unique, account.missing, account.unexpected, account.duplicates) == (3, 0, 0, 0)
    assert (account.out_of_order, account.received_unconfirmed, account.samples) == (0, 0, {})


@pytest.mark.parametrize("kind", ["refused", "throttled", "faulted", None])
def test_accepted_here_and_never_received_is_missing(kind):
    arrivals = arrived(0) if kind is None else arrived(0, (1, kind))
    account = judged(arrivals, [ACCEPTED, ACCEPTED])
    assert account.missing == 1
    assert account.samples["missing"] == ("r.1",)


def test_a_discarded_message_was_received():
    account = judged(arrived((0, "discarded")), [ACCEPTED])
    assert (account.missing, account.ledger_unique, account.discarded) == (0, 0, {"no_event": 1})


@pytest.mark.parametrize(
    "state", [State.UNREAD, State.FILTERED, State.WAITING, State.DROPPED, State.CANCELLED]
)
def test_what_was_never_sent_is_unexpected_once(state):
    account = judged(arrived(0, 1, (1, "duplicates")), [ACCEPTED, state])
    assert account.unexpected == 1
    assert account.samples["unexpected"] == ("r.1",)


def test_what_an_earlier_leg_sent_is_not_unexpected():
    assert judged(arrived(0), [State.CANCELLED | EARLIER_LEG]).unexpected == 0


def test_an_index_that_does_not_exist_or_cannot_be_read_is_unexpected():
    account = judged(arrived("r.7", "r.zz"), [ACCEPTED])
    assert (account.unexpected, account.missing) == (2, 1)


@pytest.mark.parametrize(("state", "explained"), [(ACCEPTED, 0), (UNCLEAR, 1), (ACCEPTED | EARLIER_LEG, 1)])
@pytest.mark.parametrize("second", ["stored", "duplicates", "discarded"])
def test_a_second_arrival_is_a_duplicate_and_explained_by_an_unclear_end(state, explained, second):
    account = judged(arrived(0, (0, second)), [state])
    assert (account.duplicates, account.duplicates_explained) == (1, explained)


def test_a_refused_arrival_makes_no_duplicate():
    assert judged(arrived((0, "throttled"), 0), [ACCEPTED]).duplicates == 0


def test_a_duplicate_of_what_was_stored_under_a_fault_counts():
    account = judged(arrived((0, "faulted"), (0, "duplicates")), [UNCLEAR])
    assert (account.duplicates, account.duplicates_explained, account.missing) == (1, 1, 0)


def test_what_was_stored_under_a_fault_was_received_whatever_was_answered():
    arrivals = arrived((0, STORED_UNDER_A_FAULT), (1, STORED_UNDER_A_FAULT), (2, STORED_UNDER_A_FAULT))
    account = judged(arrivals, [ACCEPTED, State.ABANDONED | MAYBE_RECEIVED, State.REJECTED])
    assert (account.ledger_unique, account.missing, account.duplicates) == (3, 0, 0)
    assert (account.received_unconfirmed, account.received_though_refused) == (1, 1)


def test_the_first_arrival_counts_for_order_also_when_a_fault_was_played_on_it():
    people = [(0, ("u:1",)), (1, ("u:1",))]
    arrivals = list(arrived((0, STORED_UNDER_A_FAULT), 1, (0, "duplicates")))
    account = judged(arrivals, [UNCLEAR, ACCEPTED], people)
    assert (account.out_of_order, account.duplicates, account.duplicates_explained) == (0, 1, 1)


@pytest.mark.parametrize(
    ("state", "unconfirmed", "refused"),
    [
        (State.ABANDONED | MAYBE_RECEIVED, 1, 0),
        (State.IN_FLIGHT, 1, 0),
        (State.WAITING_AGAIN, 1, 0),
        (State.REJECTED, 0, 1),
        (State.ACCEPTED, 0, 0),
    ],
)
def test_received_without_our_accepting_it_is_honest_only_when_unclear(state, unconfirmed, refused):
    account = judged(arrived(0), [state])
    assert (account.received_unconfirmed, account.received_though_refused) == (unconfirmed, refused)
    assert (account.unexpected, account.missing) == (0, 0)


def test_an_item_that_overtook_an_earlier_one_of_its_person_is_out_of_order():
    ordered = [(0, ("u:1",)), (1, ("u:1",)), (2, ("u:2",))]
    account = judged(arrived(2, 1, 0), [ACCEPTED] * 3, ordered)
    assert (account.out_of_order, account.out_of_order_explained) == (1, 0)
    assert account.samples["out_of_order"] == ("r.1",)


def test_order_is_carried_over_every_key():
    ordered = [(0, ("a:x",)), (1, ("a:x", "u:1")), (2, ("u:1",))]
    assert judged(arrived(0, 2, 1), [ACCEPTED] * 3, ordered).out_of_order == 1
    assert judged(arrived(2, 0, 1), [ACCEPTED] * 3, ordered).out_of_order == 1


@pytest.mark.parametrize("states", [[UNCLEAR, ACCEPTED], [ACCEPTED, UNCLEAR]])
def test_an_inversion_is_explained_by_an_unclear_end_of_either(states):
    account = judged(arrived(1, 0), states, [(0, ("u:1",)), (1, ("u:1",))])
    assert (account.out_of_order, account.out_of_order_explained) == (1, 1)


def test_order_that_nobody_promised_is_not_judged():
    account = judged(arrived(1, 0), [ACCEPTED, ACCEPTED])
    assert (account.out_of_order, account.out_of_order_explained) == (None, None)


def test_samples_are_few_and_counts_are_whole():
    account = judged(arrived(), [ACCEPTED] * 50)
    assert (account.missing, len(account.samples["missing"])) == (50, SAMPLES_MOST)


def test_an_account_that_was_lost_says_so():
    assert not judged(arrived(), [], complete=False).complete


@given(
    st.lists(st.sampled_from([ACCEPTED, UNCLEAR, State.ABANDONED, State.REJECTED]), min_size=1, max_size=12),
    st.data(),
)
def test_counts_agree_with_plain_lists(states, data):
    indexes = st.integers(0, len(states) - 1)
    known = ["stored", "duplicates", "discarded", "refused", "throttled", "faulted", STORED_UNDER_A_FAULT]
    kinds = st.sampled_from(known)
    told = data.draw(st.lists(st.tuples(indexes, kinds), max_size=40))
    keys = [data.draw(st.sampled_from(["u:1", "u:2"])) for _ in states]
    account = judged(arrived(*told), states, [(n, (key,)) for n, key in enumerate(keys)])
    received = [index for index, kind in told if kind in RECEIVED]
    first = {index: rank for rank, index in reversed(list(enumerate(received)))}
    assert account.missing == sum(
        state & 15 == ACCEPTED and index not in first for index, state in enumerate(states)
    )
    assert account.duplicates == sum(
        kind == "duplicates" or (kind in RECEIVED and _earlier(told, place))
        for place, (_, kind) in enumerate(told)
    )
    assert account.out_of_order == sum(
        any(keys[other] == keys[index] and first.get(other, -1) > first[index] for other in range(index))
        for index in first
    )


def _earlier(told, place):
    return any(index == told[place][0] and kind in RECEIVED for index, kind in told[:place])
