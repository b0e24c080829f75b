"""Count what is told apart by API: statuses, attempts and answers; a part of a second's counters.

While a run goes on messages are counted in the second itself and only calls in parts, so that a run of
messages alone pays nothing. Where a second has parts, `joined` makes it whole as it is written down: the
second then has all APIs together, and beside it a part for each.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from harness.asked_limits import APIS
from harness.measure.counters import Counters, Tallied
from harness.measure.histogram import Histogram

SUMS: Final = ("accepted", "throttled")
OWN_SUMS: Final = ("read", "not_found")  # reads answered 2xx, and those of profiles that are not there
TALLIES: Final = ("by_status", "first_by_status")
HISTOGRAMS: Final = ("service_2xx", "service_429", "service_other", "service_none", "response")
OWN_HISTOGRAMS: Final = ("readable", "still_missing")  # see `freshness`
_TRACKING: Final = "tracking"


class ApiPart:
    """The counts of one API; the names that `Counters` has too mean the same there."""

    __slots__ = (*SUMS, *OWN_SUMS, *TALLIES, *HISTOGRAMS, *OWN_HISTOGRAMS)

    accepted: int
    throttled: int
    read: int
    not_found: int
    by_status: Tallied
    first_by_status: Tallied
    service_2xx: Histogram
    service_429: Histogram
    service_other: Histogram
    service_none: Histogram
    response: Histogram
    readable: Histogram
    still_missing: Histogram

    def __init__(self) -> None:
        for name in SUMS + OWN_SUMS:
            setattr(self, name, 0)
        for name in TALLIES:
            setattr(self, name, defaultdict(int))
        for name in HISTOGRAMS + OWN_HISTOGRAMS:
            setattr(self, name, Histogram())

    def add(self, form: Mapping[str, Any]) -> None:
        """Add what a record has of this API, or what a record without parts has at all."""
        for name in SUMS + OWN_SUMS:
            setattr(self, name, getattr(self, name) + form.get(name, 0))
        for name in TALLIES:
            tallied = getattr(self, name)
            for key, count in form.get(name, {}).items():
                tallied[key] += count
        for name in HISTOGRAMS + OWN_HISTOGRAMS:
            if name in form:
                getattr(self, name).merge(Histogram.from_json(form[name]))


def joined(second: Counters, parts: Mapping[str, ApiPart]) -> dict[str, Any]:
    """The record of a second with all APIs in it, and with each apart under `apis`; `second` is used up."""
    if not parts:
        return second.to_json()
    apis = {_TRACKING: _form(second, ()), **{api: _form(part, OWN_HISTOGRAMS) for api, part in parts.items()}}
    for part in parts.values():
        for name in SUMS:
            setattr(second, name, getattr(second, name) + getattr(part, name))
        for name in TALLIES:
            for key, count in getattr(part, name).items():
                getattr(second, name)[key] += count
        for name in HISTOGRAMS:
            getattr(second, name).merge(getattr(part, name))
    return second.to_json() | {"apis": apis}


def parts_of(records: Iterable[Mapping[str, Any]]) -> dict[str, ApiPart]:
    """The counts of a run by API, from its records; a record without parts is the Tracking API's."""
    found: defaultdict[str, ApiPart] = defaultdict(ApiPart)
    for record in records:
        for api, form in record.get("apis", {_TRACKING: record}).items():
            found[api].add(form)
    return {api: found[api] for api in sorted(found, key=APIS.index) if found[api].by_status}


def _form(counted: Counters | ApiPart, more: tuple[str, ...]) -> dict[str, Any]:
    sums = SUMS if isinstance(counted, Counters) else SUMS + OWN_SUMS
    form = {name: value for name in sums if (value := getattr(counted, name))}
    # Copied: what is joined afterwards is not this API's.
    form |= {name: dict(value) for name in TALLIES if (value := getattr(counted, name))}
    histograms = ((name, getattr(counted, name)) for name in HISTOGRAMS + more)
    return form | {name: histogram.to_json() for name, histogram in histograms if histogram}
