"""The cases of group B: how long it waits when it is told to."""

from typing import Final

from harness.throttle.clients import advice, plays
from harness.throttle.clients import retrying as retry
from harness.throttle.clients import waiting as wait
from harness.throttle.clients.case import (
    ALWAYS_INFO,
    ALWAYS_MUST,
    INFO,
    MUST,
    NEW_MUST,
    NEW_SHOULD,
    SEGMENTS,
    SHOULD,
    Case,
)

WAITS: Final = (
    Case(
        "B1", "a wait in seconds is kept", plays.PAUSE, wait.waits_as_asked, (MUST, MUST, INFO), advice.WAIT
    ),
    *(
        Case(
            f"B2.{name}",
            f"a wait until a date is kept ({name})",
            plays.date(f"date-{name}", write),
            wait.waits_as_asked,
            levels,
            advice.DATES,
        )
        for name, write, levels in (
            ("imf", plays.imf, (SHOULD, MUST, INFO)),
            ("rfc850", plays.rfc850, (INFO, SHOULD, INFO)),
            ("asctime", plays.asctime, (INFO, SHOULD, INFO)),
        )
    ),
    Case(
        "B3",
        "a date of a clock that is behind makes no loop",
        plays.SKEWED,
        wait.does_not_loop,
        NEW_MUST,
        advice.LOOP,
        by_chance=True,
    ),
    Case(
        "B4.past",
        "a date that has passed makes no loop",
        plays.PAST,
        wait.does_not_loop,
        ALWAYS_MUST,
        advice.LOOP,
        by_chance=True,
    ),
    *(
        Case(
            f"B4.{name}",
            f"Retry-After: {text} makes no loop",
            plays.told(name, text, each=4, cost_s=8.0),
            wait.does_not_loop,
            ALWAYS_MUST,
            advice.LOOP,
            by_chance=True,
        )
        for name, text in (("zero", "0"), ("negative", "-5"))
    ),
    *(
        Case(
            f"B5.{name}",
            f"Retry-After: {text} is passed over",
            plays.told(name, text, each=each, cost_s=2.0 if each == 1 else 8.0),
            wait.does_not_loop,
            ALWAYS_MUST,
            advice.GARBAGE,
            by_chance=True,
        )
        for name, text, each in (
            ("word", "soon", 4),
            ("nan", "nan", 1),
            ("float", "1.5", 1),
            ("spaces", "2 s", 1),
        )
    ),
    *(
        Case(
            f"{name}",
            f"Retry-After: {text} ends after five minutes",
            plays.told(f"huge-{text}", text, cost_s=plays.LONG_S, is_full=True),
            wait.caps_waits,
            NEW_SHOULD,
            advice.CAP,
        )
        for name, text in (("B5.inf", "inf"), ("B5.epoch", "1790000000"), ("B6", "86400"))
    ),
    Case(
        "B7.longer",
        "of two waits the later holds (longer)",
        plays.LONGER,
        wait.waits_as_asked,
        NEW_MUST,
        advice.LATEST,
    ),
    Case(
        "B7.shorter",
        "of two waits the later holds (shorter)",
        plays.SHORTER,
        wait.takes_the_latest,
        NEW_SHOULD,
        advice.LATEST,
    ),
    *(
        Case(
            f"B8.{code}",
            f"a wait beside {code} is kept",
            plays.pause(f"{code}-pause", f"one answer {code} that asks for a pause", status=code),
            wait.waits_as_asked,
            levels,
            advice.ANY_STATUS,
        )
        for code, levels in ((503, NEW_SHOULD), (529, SEGMENTS), (408, SEGMENTS))
    ),
    Case(
        "B9",
        "Retry-After makes no 400 worth trying again",
        plays.always(400, "400-told", retry_after=1),
        retry.sends_once,
        ALWAYS_MUST,
        advice.NEVER,
    ),
    Case(
        "B10",
        "a pause holds for all of a write key",
        plays.PAUSE_OF_MANY,
        wait.pauses_all,
        NEW_SHOULD,
        advice.PAUSE_ALL,
    ),
    Case(
        "B11",
        "waits as told do not use up the tries",
        plays.WAITS,
        retry.sends_again,
        SEGMENTS,
        advice.UNCOUNTED,
    ),
    Case(
        "B12.reset",
        "X-RateLimit-Reset alone is a hint",
        plays.hinted("reset-alone", 2.0, {"X-RateLimit-Reset": "2"}),
        wait.takes_the_hint,
        ALWAYS_INFO,
        advice.HINT,
    ),
    Case(
        "B12.ratelimit",
        "RateLimit alone is a hint",
        plays.hinted("ratelimit-alone", 2.0, {"RateLimit": '"default";r=0;t=2'}),
        wait.takes_the_hint,
        ALWAYS_INFO,
        advice.HINT,
    ),
    Case(
        "B13",
        "Retry-After goes before other headers",
        plays.BESIDE,
        wait.waits_as_asked,
        (SHOULD, MUST, INFO),
        advice.BEFORE,
    ),
    Case(
        "B14",
        "refused again after each wait, it slows down",
        plays.LYING,
        wait.slows_down,
        ALWAYS_INFO,
        advice.SLOWER,
        by_chance=True,
    ),
    Case(
        "B15",
        "Retry-After beside a 200 repeats nothing",
        plays.always(200, "200-told", when="after", retry_after=1, body='{"success": true}'),
        retry.sends_once,
        NEW_SHOULD,
        advice.TAKEN,
    ),
)
