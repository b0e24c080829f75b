"""Settle which server a check of limits asks, with whose keys, and how far it may go there."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.asked_limits import EVERY_API, targets_by_api
from harness.errors import GuardError, TargetError
from harness.options import KEY_VARIABLE
from harness.segment.write_key import WriteKey, made_up_key
from harness.send.guard import Permit, SourceKey, is_loopback, permit
from harness.send.probe import probe
from harness.send.route import resolve
from harness.send.target import Target, parse_target
from harness.throttle.servers.asks import Caller
from harness.throttle.servers.exchange import OTHER, OWN
from harness.ways import CALL_APIS, beside

OTHER_KEY_VARIABLE: Final = "SEGMENT_OTHER_WRITE_KEY"
WORKSPACE_VARIABLE: Final = "SEGMENT_WORKSPACE"
_SYNTHETIC: Final = "synthetic"  # what is sent is made up here


@dataclass(frozen=True, slots=True)
class LimitWay:
    """One API of a server, and what may be asked of it."""

    api: str
    target: Target
    permit: Permit
    may_go_over: bool
    callers: dict[str, Caller] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What the user said of a server that is not this machine."""

    hosts: Sequence[str] = ()
    sources: Sequence[str] = ()
    workspace: str | None = None
    ca_file: str | None = None


def bundled_ways(url: str, apis: Sequence[str], run_id: str) -> list[LimitWay]:
    """All of these APIs of a mock that was just started."""
    target = parse_target(url)
    allowed = Permit(target, beyond=False, is_mock=True, loopback=is_loopback)
    return [LimitWay(api, target, allowed, True, _made_up(api, run_id)) for api in apis]


def named_ways(
    given: Sequence[str],
    apis: Sequence[str],
    confirmed: Confirmed,
    *,
    run_id: str,
    environ: Mapping[str, str] = os.environ,
    loopback: Callable[[str], bool] = is_loopback,
) -> list[LimitWay]:
    """The APIs that are asked, of the servers that are named; of one URL for all that is no mock the first.

    Raises GuardError with every reason against any of them, TargetError, UsageError.
    """
    named = targets_by_api(given)
    is_confirmed = _is_confirmed(confirmed, environ)
    ways: list[LimitWay] = []
    refusals: list[str] = []
    for api in apis:
        url = named.get(api, named.get(EVERY_API))
        if url is None or (api not in named and ways and api != apis[0] and not ways[0].permit.is_mock):
            continue
        try:
            ways.append(
                _way(
                    api,
                    url,
                    confirmed,
                    is_confirmed=is_confirmed,
                    run_id=run_id,
                    environ=environ,
                    loopback=loopback,
                )
            )
        except GuardError as refusal:
            refusals += [line for line in str(refusal).splitlines() if line not in refusals]
    if refusals:
        raise GuardError("\n".join(refusals))
    if not ways:
        raise GuardError(f"--target names none of {', '.join(apis)}; nothing was asked.")
    return ways


def _way(
    api: str,
    url: str,
    confirmed: Confirmed,
    *,
    is_confirmed: bool,
    run_id: str,
    environ: Mapping[str, str],
    loopback: Callable[[str], bool],
) -> LimitWay:
    target = parse_target(url, confirmed.ca_file)
    keys = _keys(environ) if api not in CALL_APIS else []
    hosts = confirmed.hosts
    allowed = permit(
        target,
        keys=keys,
        privacy=_SYNTHETIC,
        resolve=resolve,
        is_mock=lambda provisional: probe(target, provisional).is_mock,
        confirm_host=target.host if target.host in hosts else next(iter(hosts), None),
        confirm_source=confirmed.sources,
        loopback=loopback,
    )
    look = probe(target, allowed)
    if not look.ready:
        raise TargetError(f"{target.url} does not answer ({look.reason}); nothing was asked")
    is_foreign = allowed.beyond and not allowed.is_mock
    callers = _made_up(api, run_id)
    if api in CALL_APIS:
        way = beside(api, target, allowed, run_id=run_id, environ=environ)
        if not allowed.is_mock:
            space = way.space or callers[OWN].space
            # Of a token that is real there is one, and of a space as well; a made-up one is refused.
            callers = {OWN: Caller(way.credential(""), space)} if is_foreign else callers
            if not is_foreign:
                callers[OWN] = Caller(way.credential(""), space)
    elif not allowed.is_mock:
        own, other = (given.key if given.is_set else None for given in _both(environ))
        if own is not None:
            callers = {OWN: Caller(own.basic_auth)} | ({OTHER: callers[OTHER]} if not is_foreign else {})
        if other is not None:
            callers[OTHER] = Caller(other.basic_auth)
    return LimitWay(api, target, allowed, not is_foreign or is_confirmed, callers)


def _is_confirmed(confirmed: Confirmed, environ: Mapping[str, str]) -> bool:
    """Whether the workspace is named, twice. Raises GuardError when the two differ."""
    if confirmed.workspace is None:
        return False
    said = environ.get(WORKSPACE_VARIABLE, "").strip()
    if said != confirmed.workspace:
        meant = f"says {said}" if said else "is not set"
        raise GuardError(
            f"--confirm-workspace says {confirmed.workspace} and {WORKSPACE_VARIABLE} {meant}; both must "
            "name the workspace whose limits may be used up."
        )
    return True


def _both(environ: Mapping[str, str]) -> list[SourceKey]:
    found = []
    for label, variable in (("", KEY_VARIABLE), ("other", OTHER_KEY_VARIABLE)):
        text = environ.get(variable, "").strip()
        found.append(SourceKey(label, variable, WriteKey(text) if text else None))
    return found


def _keys(environ: Mapping[str, str]) -> list[SourceKey]:
    """The key that is needed, and the other one where it is there."""
    own, other = _both(environ)
    return [own, other] if other.is_set else [own]


def _made_up(api: str, run_id: str) -> dict[str, Caller]:
    made = {who: made_up_key(run_id, f"{api} {who}") for who in (OWN, OTHER)}
    if api == "config":
        return {who: Caller(f"Bearer {key.reveal()}") for who, key in made.items()}
    return {who: Caller(key.basic_auth, f"spa_{key.last4}{who}") for who, key in made.items()}
