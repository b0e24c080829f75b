"""Read what a Profile API call asks for; every mistake in it is a FailedError."""

from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from harness.mock.profile.failures import FailedError, Failures
from harness.mock.profile.nouns import ACCOUNTS, SEGMENT_ID_PREFIXES, USERS
from harness.mock.profile.settings import PageSettings
from harness.mock.route import Visit
from harness.segment.identity import ExternalId
from harness.units import parse_instant_ns

SEGMENT_ID: Final = "segment_id"  # a type under which a profile's own id may be asked for, as may the bare id

_LIMIT_DIGITS: Final = 6
_BOOLEANS: Final = {"true": True, "false": False}


class Lookup(NamedTuple):
    """Which profile is asked for."""

    collection: str
    identifier: ExternalId | str  # a text is Segment's own id of a profile


def lookup_of(visit: Visit) -> Lookup:
    """The profile in the path."""
    collection, text = visit.params["collection"], visit.params["identifier"]
    if collection not in {USERS, ACCOUNTS}:
        raise FailedError(Failures.COLLECTION, collection)
    type_, colon, value = text.partition(":")
    if not colon and text.startswith(SEGMENT_ID_PREFIXES[collection]):
        return Lookup(collection, text)
    if not value or not type_ or type_ != type_.lower():
        raise FailedError(Failures.IDENTIFIER)
    return Lookup(collection, value if type_ == SEGMENT_ID else ExternalId(type_, value))


def limit_of(visit: Visit, page: PageSettings) -> int:
    """How many items the page may hold."""
    text = visit.one("limit")
    if text is None:
        return page.default
    if not (
        text.isascii() and text.isdigit() and len(text) <= _LIMIT_DIGITS and 1 <= int(text) <= page.largest
    ):
        raise FailedError(Failures.LIMIT, page.largest)
    return int(text)


def names_of(visit: Visit, parameter: str) -> frozenset[str] | None:
    """A comma-separated list; None when the parameter is absent or empty."""
    names = {name.strip() for value in visit.query.get(parameter, ()) for name in value.split(",")}
    return frozenset(names - {""}) or None


def is_verbose(visit: Visit) -> bool:
    """Whether `verbose` is true; false when it is not there."""
    known = _BOOLEANS.get(visit.one("verbose") or "false")
    if known is None:
        raise FailedError(Failures.VERBOSE)
    return known


def is_ascending(visit: Visit) -> bool:
    """Whether `sort` is asc; desc when it is not there."""
    order = visit.one("sort") or "desc"
    if order not in {"asc", "desc"}:
        raise FailedError(Failures.SORT)
    return order == "asc"


def instant_of(visit: Visit, parameter: str) -> int | None:
    """An ISO-8601 instant or day as ns since 1970; None when it is not there."""
    text = visit.one(parameter)
    if not text:
        return None
    try:
        # A plus sign in a query means a blank, where a client forgot to encode it.
        return parse_instant_ns(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise FailedError(Failures.INSTANT, parameter) from error


def address_of(visit: Visit, segment_id: str, what: str, following: str) -> str:
    """The path of this list, by the profile's own id; with the query of its next page when there is one."""
    space_id = quote(visit.params["space_id"], safe="", errors="replace")
    path = f"/v1/spaces/{space_id}/collections/{visit.params['collection']}/profiles/{segment_id}/{what}"
    if not following:
        return path
    kept = [(name, value) for name, values in visit.query.items() if name != "next" for value in values]
    return f"{path}?{urlencode([*kept, ('next', following)], errors='replace')}"
