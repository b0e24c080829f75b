"""What messages were about: counted by event and source, bounded, masked, in sizes and people."""

from harness.measure.contents import EVENTS_MOST, ContentCounter


def counted(*messages, complete=True):
    counter = ContentCounter()
    for kind, message, size_bytes, end in messages:
        counter.count(message, kind=kind, source="web", size_bytes=size_bytes, end=end)
    return counter.contents(complete=complete)


def test_events_are_told_apart_by_type_and_name_and_each_by_its_ends():
    found = counted(
        ("track", {"event": "A"}, 10, "accepted"),
        ("track", {"event": "A"}, 10, "rejected"),
        ("page", {"name": "A"}, 10, "accepted"),
        ("identify", {"event": "A"}, 10, "accepted"),
        ("track", {"event": {"a": 1}}, 10, "accepted"),
    )
    rows = {(row.type, row.event): (row.items, row.ends) for row in found.by_event}
    assert rows == {
        ("track", "A"): (2, {"accepted": 1, "rejected": 1}),
        ("page", "A"): (1, {"accepted": 1}),
        ("identify", None): (1, {"accepted": 1}),
        ("track", None): (1, {"accepted": 1}),
    }
    assert (found.looked_at, found.events, found.others) == (5, 4, 0)
    assert found.by_source == {"web": {"accepted": 4, "rejected": 1}}


def test_names_that_differ_far_behind_are_two_and_each_is_cut():
    long = "w" * 9_999
    found = counted(*(("track", {"event": long + end}, 10, "accepted") for end in "ab"))
    assert [(row.characters, len(row.event or "")) for row in found.by_event] == [(10_000, 120)] * 2


def test_more_events_than_rows_are_counted_together():
    found = counted(*(("track", {"event": f"E {n}"}, 10, "accepted") for n in range(EVENTS_MOST + 7)))
    assert (len(found.by_event), found.events, found.others) == (EVENTS_MOST, EVENTS_MOST + 7, 7)


def test_sizes_are_counted_up_to_and_beyond_what_a_message_may_have():
    sizes = (1, 256, 257, 32_768, 32_769)
    found = counted(*(("track", {}, size_bytes, "accepted") for size_bytes in sizes))
    assert {bound: number for bound, number in found.sizes if number} == {256: 2, 512: 1, 32_768: 1, None: 1}
    assert (found.biggest_bytes, found.mean_bytes) == (32_769, sum(sizes) / 5)


def met(*people, end="accepted"):
    return counted(*(("track", ids, 1, end) for ids in people))


def test_people_are_user_ids_and_anonymous_ids_that_never_stand_beside_one():
    found = met(
        {"anonymousId": "1"},
        {"userId": "ann", "anonymousId": "1"},
        {"userId": "ann"},
        {"anonymousId": "2"},
        {"userId": 7},
        {"userId": "null"},
        {},
    )
    assert (found.users, found.anonymous) == (2, 1)
    assert met({"userId": "bob"}, end="rejected").users == 0


def test_an_alias_makes_no_person_of_its_previous_id_and_joins_it():
    found = met({"anonymousId": "1"}, {"userId": "ann", "previousId": "1"}, {"userId": "ann"})
    assert (found.users, found.anonymous) == (1, 0)
    assert met({"userId": "old"}, {"userId": "ann", "previousId": "old"}).users == 2
