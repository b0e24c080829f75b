"""Settle where the items of each API go, under which limits, and with whose token calls may."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.asked_limits import APIS, EVERY_API, targets_by_api
from harness.errors import GuardError
from harness.model import Limit
from harness.plan import Plan
from harness.segment.access_token import AccessToken
from harness.segment.endpoints import CONFIG_HOSTS, PROFILE_HOSTS, TRACKING_HOSTS
from harness.segment.limits import BRIEF, CURRENT, LEGACY_CONFIG, PROFILE
from harness.segment.write_key import made_up_key
from harness.send.guard import Permit, permit
from harness.send.heads import Heads
from harness.send.proxy import ProxyChoice, is_number
from harness.send.route import resolve
from harness.send.target import Target, parse_target
from harness.transform.select import Selection

ACCESS_VARIABLE: Final = "SEGMENT_ACCESS_TOKEN"
PROFILE_VARIABLE: Final = "SEGMENT_PROFILE_TOKEN"
SPACE_VARIABLE: Final = "SEGMENT_SPACE_ID"
CALL_APIS: Final = ("profile", "config")
_VARIABLES: Final = {"profile": (PROFILE_VARIABLE, ACCESS_VARIABLE), "config": (ACCESS_VARIABLE,)}
# What Segment documents today; production lives on the same quota, so only a share of each is taken.
_BEYOND: Final = (*CURRENT, PROFILE, LEGACY_CONFIG)
_HOSTS: Final = {"tracking": TRACKING_HOSTS, "profile": PROFILE_HOSTS, "config": CONFIG_HOSTS}


@dataclass(frozen=True, slots=True)
class Way:
    """Where the items of one API go."""

    api: str
    target: Target
    permit: Permit
    credential: Callable[[str], str]  # a source's label to the Authorization header
    space: str | None = None  # takes the place of a recorded space id; None leaves it


def named_urls(plan: Plan, recorded: Sequence[str] = APIS) -> dict[str, str]:
    """The URL that is named for each API, the first one first; `EVERY_API` stands for a bare --target.

    `--region` names the hosts of those APIs that are `recorded`.
    """
    if plan.region is None:
        named = targets_by_api(plan.target)
        return {api: named[api] for api in (EVERY_API, *APIS) if api in named}
    return {api: _HOSTS[api][plan.region] for api in APIS if api in recorded}


def confirmed_host(plan: Plan, target: Target) -> str | None:
    """What --confirm-host says of this target: its host, else another that was said, else nothing."""
    if target.host in plan.confirm_host:
        return target.host
    return plan.confirm_host[0] if plan.confirm_host else None


def target_of(plan: Plan, url: str, environ: Mapping[str, str]) -> Target:
    """The target at this URL, with its proxy if the plan or the environment has one. Raises UsageError."""
    choice = ProxyChoice(plan.proxy, environ)
    return choice.on_the_way_to(parse_target(url, plan.ca_file), resolve)


def resolve_for(target: Target) -> Callable[[str, int], Sequence[str]]:
    """How the guard looks up this target: a name behind a proxy is beyond, whatever it is called here."""
    if target.proxy is None:
        return resolve
    return lambda host, _port: [host] if is_number(host) else []


def to_calls(
    plan: Plan,
    api: str,
    url: str,
    *,
    run_id: str,
    privacy: str,
    environ: Mapping[str, str],
    is_mock: Callable[[Target, Permit], bool],
    loopback: Callable[[str], bool],
) -> Way:
    """The way of the Profile or Config API to a target of its own. Raises GuardError, UsageError.

    Beyond this machine a target that is no mock needs a token, and the Profile API the id of the space.
    """
    target = target_of(plan, url, environ)
    allowed = permit(
        target,
        keys=(),
        privacy=privacy,
        resolve=resolve_for(target),
        is_mock=lambda provisional: is_mock(target, provisional),
        confirm_host=confirmed_host(plan, target),
        send_unredacted=plan.send_unredacted,
        loopback=loopback,
    )
    return beside(api, target, allowed, run_id=run_id, environ=environ)


def beside(api: str, target: Target, allowed: Permit, *, run_id: str, environ: Mapping[str, str]) -> Way:
    """The way of the Profile or Config API to a target that was allowed. Raises GuardError.

    A mock gets a made-up token: the one in the environment is for Segment.
    """
    token = next((environ[name].strip() for name in _VARIABLES[api] if environ.get(name, "").strip()), None)
    space = environ.get(SPACE_VARIABLE, "").strip() or None
    if allowed.beyond and not allowed.is_mock:
        refusals = []
        if token is None:
            refusals.append(
                f"{' and '.join(_VARIABLES[api])} hold no token, and {target.host} needs one; "
                "set one in the environment."
            )
        if api == "profile" and space is None:
            refusals.append(
                f"{SPACE_VARIABLE} holds no space id, and the recorded one is the space this recording came "
                "from; set it to the id of the space you mean to read."
            )
        if refusals:
            raise GuardError("\n".join(refusals))
    if token is None or allowed.is_mock:
        token = made_up_key(run_id, api).reveal()
    authorization = AccessToken(token).authorization(api)
    return Way(api, target, allowed, lambda _: authorization, space if api == "profile" else None)


def heads_of(way: Way) -> Heads:
    """The heads of requests that go this way; a proxy that is no tunnel is told the whole URL."""
    target = way.target
    if target.proxy is None or target.is_tls:
        return Heads(target.authority, way.credential)
    login = target.proxy.authorization
    more = () if login is None else (("Proxy-Authorization", login),)
    return Heads(target.authority, way.credential, before_path=target.url, more=more)


def needed(ways: Mapping[str, Way], recorded: Collection[str] | None) -> dict[str, Way]:
    """The first way, and those of the APIs that are `recorded`, where that is known.

    So a recording of messages alone has one way, and its users need not choose.
    """
    first = next(iter(ways))
    return {api: way for api, way in ways.items() if recorded is None or api in recorded or api == first}


def selection_of(plan: Plan, ways: Mapping[str, Way]) -> Selection:
    """What of a recording may go these ways."""
    beyond = frozenset(api for api, way in ways.items() if way.permit.beyond)
    return Selection(frozenset(ways), beyond - {"tracking"}, plan.allow_writes)


def limits_of(plan: Plan, ways: Mapping[str, Way]) -> tuple[Limit, ...]:
    """The limits a run is held to and compared with; beyond this machine Segment's current ones too.

    Without ways those of a run against the bundled mock.
    """
    limits = [limit for limit in BRIEF if not ways or limit.api in ways]
    for asked in plan.limit:
        made = Limit(
            asked.api,
            asked.name,
            asked.count,
            asked.window_ns,
            "requests",
            asked.scope,
            "--limit",
            asked.endpoint,
        )
        # One for the whole API takes the place of the documented one; others hold beside it.
        own = [limit for limit in BRIEF if limit.api == asked.api and limit.scope == asked.scope]
        limits = [limit for limit in limits if asked.endpoint or limit not in own] + [made]
    beyond = {api for api, way in ways.items() if way.permit.beyond}
    return (*limits, *(limit.scaled(plan.share) for limit in _BEYOND if limit.api in beyond))
