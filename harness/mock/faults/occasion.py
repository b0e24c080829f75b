"""One call as the faults see it, and whether it is one that a rule speaks of."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from harness.mock.faults.rule import FaultRule


class Occasion(NamedTuple):
    """One call. Its repr shows a write key: never log it."""

    api: str  # tracking, profile, config
    endpoint: str  # the path as it came, without the query
    method: str
    write_key: str  # "" when there is none
    kinds: Collection[Any]  # the message types in the call, as they came; only asked for a message_type


def matcher(rule: FaultRule) -> Callable[[Occasion], bool]:
    """A function that says whether a call is one that this rule speaks of.

    Paths are equal with or without a slash at the end; `{name}` stands for one segment that is not empty.
    A batch is of a message type when one of its messages is.
    """
    api, key, kind = rule.api, rule.write_key, rule.message_type
    method = rule.method.upper()
    endpoint = rule.endpoint.rstrip("/")
    anywhere = not rule.endpoint
    segments = [None if part.startswith("{") else part for part in endpoint.split("/")]
    has_names = None in segments

    def same_path(path: str) -> bool:
        path = path.rstrip("/")
        if not has_names:
            return path == endpoint
        parts = path.split("/")
        return len(parts) == len(segments) and all(
            part != "" if wanted is None else part == wanted
            for wanted, part in zip(segments, parts, strict=True)
        )

    def matches(occasion: Occasion) -> bool:
        return (
            (not api or occasion.api == api)
            and (not key or occasion.write_key == key)
            and (not method or occasion.method == method)
            and (anywhere or same_path(occasion.endpoint))
            and (not kind or kind in occasion.kinds)
        )

    return matches
