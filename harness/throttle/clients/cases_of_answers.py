"""The cases of group A: which answers are tried again."""

from typing import Final

from harness.throttle.clients import advice, plays
from harness.throttle.clients import keeping as keep
from harness.throttle.clients import retrying as retry
from harness.throttle.clients.case import (
    ALWAYS_INFO,
    ALWAYS_MUST,
    INFO,
    MUST,
    NEW_SHOULD,
    SEGMENTS,
    SHOULD,
    Case,
)

ANSWERS: Final = (
    Case(
        "A1", "429 with Retry-After is tried again", plays.PAUSE, retry.sends_again, ALWAYS_MUST, advice.AGAIN
    ),
    Case(
        "A2",
        "429 without Retry-After is tried again",
        plays.once(429),
        retry.sends_again,
        ALWAYS_MUST,
        advice.AGAIN,
    ),
    *(
        Case(
            f"A3.{code}",
            f"{code} is tried again",
            plays.once(code),
            retry.sends_again,
            ALWAYS_MUST,
            advice.AGAIN,
        )
        for code in (500, 502, 503, 504)
    ),
    Case("A4", "408 is tried again", plays.once(408), retry.sends_again, (MUST, SHOULD, INFO), advice.AGAIN),
    Case("A5", "529 is tried again", plays.once(529), retry.sends_again, SEGMENTS, advice.AGAIN),
    *(
        Case(
            f"A6.{code}",
            f"{code} is tried again",
            plays.once(code),
            retry.sends_again,
            SEGMENTS,
            advice.AGAIN,
        )
        for code in (410, 460)
    ),
    *(
        Case(
            f"A7.{code}",
            f"{code} is not tried again",
            plays.always(code),
            retry.sends_once,
            ALWAYS_MUST if code == 400 else (MUST, MUST, SHOULD),
            advice.NEVER,
        )
        for code in (400, 401, 403, 404, 413, 422)
    ),
    *(
        Case(
            f"A8.{code}",
            f"{code} is not tried again",
            plays.always(code),
            retry.sends_once,
            SEGMENTS,
            advice.NEVER,
        )
        for code in (501, 505)
    ),
    Case(
        "A9",
        "511 is not tried again (without OAuth)",
        plays.always(511),
        retry.sends_once,
        SEGMENTS,
        advice.NEVER,
    ),
    Case(
        "A10",
        "a refused connection is tried again",
        plays.CLOSED,
        retry.outlasts_refusals,
        ALWAYS_MUST,
        advice.NETWORK,
    ),
    Case(
        "A11",
        "a reset before the answer is tried again",
        plays.broken("reset-before-head"),
        retry.sends_again,
        ALWAYS_MUST,
        advice.NETWORK,
    ),
    Case(
        "A12",
        "an answer that never comes is given up, and its request tried again",
        plays.broken("hang", cost_s=18.0),
        retry.sends_again,
        ALWAYS_MUST,
        advice.TIMEOUT,
    ),
    Case(
        "A13.empty",
        "an empty answer is tried again",
        plays.broken("empty"),
        retry.sends_again,
        ALWAYS_MUST,
        advice.NETWORK,
    ),
    Case(
        "A13.garbage",
        "an answer that is no HTTP is tried again",
        plays.broken("garbage"),
        retry.sends_again,
        ALWAYS_MUST,
        advice.NETWORK,
    ),
    Case(
        "A13.truncated",
        "an answer that ends in the middle loses nothing",
        plays.broken("truncated", when="after", events=60),
        keep.loses_nothing,
        ALWAYS_MUST,
        advice.NETWORK,
    ),
    Case(
        "A14.html",
        "a 200 whose body is no JSON is a delivery",
        plays.always(200, "200-html", when="after", body="<html>all is well</html>"),
        retry.sends_once,
        NEW_SHOULD,
        advice.TAKEN,
    ),
    Case(
        "A14.204",
        "a 204 is a delivery",
        plays.always(204, "204", when="after"),
        retry.sends_once,
        NEW_SHOULD,
        advice.TAKEN,
    ),
    Case(
        "A15", "a 302 is no delivery", plays.always(302), keep.tells_redirects, ALWAYS_INFO, advice.REDIRECT
    ),
)
