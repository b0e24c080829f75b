from hypothesis import given
from hypothesis import strategies as st

from harness.engine.jobs import Job
from harness.engine.lanes import Lanes
from tests.engine.fakes import arrival


def job(index: int, *keys: str) -> Job:
    return Job(arrival(index, 0, keys=keys), 0)


def test_an_item_without_ids_waits_for_nobody():
    lanes = Lanes()
    lanes.enter(job(0))
    alone = job(1)
    lanes.enter(alone)
    assert alone.blockers == ()


def test_an_item_waits_for_the_last_unfinished_one_of_each_of_its_ids_once():
    lanes = Lanes()
    first, second = job(0, "u:1", "a:1"), job(1, "u:1", "a:1")
    lanes.enter(first)
    lanes.enter(second)
    assert second.blockers == (first,)


def test_what_is_finished_is_forgotten():
    lanes = Lanes()
    jobs = [job(i, f"u:{i}") for i in range(1_000)]
    for each in jobs:
        lanes.enter(each)
    for each in jobs:
        assert lanes.leave(each) == ()
    assert repr(lanes) == "<Lanes 0 ids unfinished>"


@given(
    ids=st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), max_size=30),
    chance=st.randoms(use_true_random=False),
)
def test_items_finish_in_their_persons_order_and_all_of_them_do(ids, chance):
    lanes = Lanes()
    jobs = [job(i, *keys) for i, keys in enumerate(ids)]
    for each in jobs:
        lanes.enter(each)
    ready = [each for each in jobs if not each.blockers]
    finished: list[Job] = []
    while ready:
        each = ready.pop(chance.randrange(len(ready)))
        finished.append(each)
        ready.extend(waiter for waiter in lanes.leave(each) if not waiter.blockers)
    assert len(finished) == len(jobs)
    place = {each.arrival.item.index: at for at, each in enumerate(finished)}
    for later, keys in enumerate(ids):
        for earlier in range(later):
            if set(keys) & set(ids[earlier]):
                assert place[earlier] < place[later]
