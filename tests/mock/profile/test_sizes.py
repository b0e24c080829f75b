"""The estimate of memory is near what is really used."""

import gc
import tracemalloc

import orjson
import pytest

from harness.mock.profile.profiles import Profiles
from harness.mock.profile.settings import IdLimitSettings, ProfileSettings
from tests.mock.profile.asking import NOW_NS, Entropy

WIDE = ProfileSettings(other_id_limit=IdLimitSettings(count=10**6), most_ids=10**6, most_kept_bytes=1 << 40)


def fresh(number):
    return "page", {"userId": f"user-{number:020}", "anonymousId": f"anonymous-{number:020}"}


def customer(number):
    traits = {f"trait {index}": f"{number} {index}" for index in range(10)}
    return "identify", {"userId": f"user-{number:020}", "traits": traits}


def event(number):
    return "track", {
        "userId": f"user-{number % 50}",
        "event": "E",
        "properties": {"n": number, "t": "x" * 99},
    }


def device(number):
    return "page", {"userId": f"user-{number % 50}", "anonymousId": f"anonymous-{number:020}"}


def member(number):
    return "group", {"userId": f"user-{number:020}", "groupId": f"group-{number % 20}"}


@pytest.mark.parametrize("make", [fresh, customer, event, device, member])
def test_the_estimate_is_within_a_third_of_what_is_allocated(make):
    count = 400
    bodies = [(kind, orjson.dumps(message)) for kind, message in map(make, range(count))]
    gc.collect()
    tracemalloc.start()
    try:
        profiles = Profiles(WIDE, Entropy())
        for number, (kind, body) in enumerate(bodies):
            at_ns = NOW_NS + number
            profiles.take(orjson.loads(body), kind, f"message-{number:030}", "source", at_ns, at_ns)
        gc.collect()
        used_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.67 * used_bytes < profiles.kept_bytes < 1.34 * used_bytes
