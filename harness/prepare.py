"""Settle before the first send where a run goes, with whose keys, under which limits, into which folder."""

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from harness.asked_limits import EVERY_API
from harness.clock import Clock
from harness.errors import GuardError, TargetError, UsageError
from harness.foresee import foresee
from harness.mock.launch import RunningMock, launch
from harness.model import Limit
from harness.options import KEY_VARIABLE
from harness.plan import Plan
from harness.recording.reader import Recording, open_recording
from harness.recording.survey import Survey, survey
from harness.report.progress import View
from harness.segment.write_key import WriteKey, made_up_key
from harness.send.guard import Permit, SourceKey, is_loopback, permit
from harness.send.probe import Probe, probe
from harness.send.target import Target, parse_target
from harness.units import NS_PER_S
from harness.ways import (
    CALL_APIS,
    Way,
    beside,
    confirmed_host,
    limits_of,
    named_urls,
    needed,
    resolve_for,
    target_of,
    to_calls,
)

MERGED_SOURCE: Final = ""
_ID_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where a run goes and what it may do there."""

    ways: Mapping[str, Way]  # by API, for those that have a target
    target: Target  # of the first of them: the Tracking API's where it has one
    permit: Permit
    instance: str | None  # of the mock's ledger; None when the target is no mock
    is_bundled: bool
    run_id: str
    folder: Path
    survey: Survey | None
    limits: tuple[Limit, ...]  # the documented ones, and the ones that hold beyond this machine

    @property
    def urls(self) -> dict[str, str]:
        """Where the items of each API go, for reports."""
        return {api: way.target.url for api, way in self.ways.items()}

    @property
    def proxies(self) -> dict[str, str]:
        """The proxy on the way there, for those APIs that have one."""
        proxies = {api: way.target.proxy for api, way in self.ways.items()}
        return {api: proxy.authority for api, proxy in proxies.items() if proxy is not None}


def new_run_id(wall_ns: int, chance: random.Random) -> str:
    """`20261123-191759-k3f9`: sorts by time, reads aloud, and two runs of one second differ."""
    moment = datetime.fromtimestamp(wall_ns // NS_PER_S, UTC).strftime("%Y%m%d-%H%M%S")
    return f"{moment}-{''.join(chance.choices(_ID_LETTERS, k=5))}"


def opened(plan: Plan) -> Recording:
    """The plan's recording. Raises RecordingError."""
    return open_recording(plan.recording, needs_times=plan.needs_times, read_chunk=read_patiently)


def read_patiently(descriptor: int, size_bytes: int) -> bytes:
    """Read from what may keep us waiting, and let the event loop run meanwhile, once there is one."""
    gevent = sys.modules.get("gevent")
    if gevent is None:
        return os.read(descriptor, size_bytes)
    read: bytes = gevent.get_hub().threadpool.apply(os.read, (descriptor, size_bytes))
    return read


def look_over(plan: Plan, recording: Recording, environ: Mapping[str, str]) -> Survey | None:
    """The plan's pass over the whole recording, where something hangs on it; else None.

    Raises UsageError for a stream, which cannot be read twice, and for more messages or people than allowed.
    """
    named = named_urls(plan).values()
    secrets = _secrets(plan, environ) if named else {}
    beyond = not all(_on_this_machine(target_of(plan, url, environ)) for url in named)
    asked = plan.dry_run or plan.max_messages is not None or plan.max_people is not None
    if not recording.rereadable:
        for reason, hangs_on_it in (
            ("--max-messages and --max-people need", asked),
            ("a target beyond this machine needs", beyond),
            (f"a write key in {KEY_VARIABLE} needs", bool(secrets)),
        ):
            if hangs_on_it:
                raise UsageError(
                    f"{reason} a look at the whole recording first; save standard input as a file"
                )
        return None
    if not (asked or beyond or secrets or plan.closed_loop):
        return None
    found = survey(
        recording,
        secrets=[secret.encode() for secret in secrets.values()],
        window_ns=round(NS_PER_S * plan.speed),
    )
    messages = found.by_api.get("tracking", 0)
    copies = f" in {plan.multiply:,} copies" if plan.multiply > 1 else ""
    for most, count, option in (
        (plan.max_messages, messages * plan.multiply, "--max-messages"),
        (plan.max_people, found.people * plan.multiply, "--max-people"),
    ):
        if most is not None and count > most:
            raise UsageError(f"{option} {most}: the recording has {count:,}{copies}; nothing was sent")
    return found


@contextmanager
def aimed(
    plan: Plan,
    recording: Recording,
    environ: Mapping[str, str],
    *,
    clock: Clock,
    view: View,
    loopback: Callable[[str], bool] = is_loopback,
) -> Iterator[Aim]:
    """Pass the guard and stand before a target that answers; a bundled mock lives as long as the context.

    Raises GuardError, UsageError, TargetError.
    """
    found = look_over(plan, recording, environ)
    # The id is by chance even under --seed: Segment drops a messageId that it saw today.
    run_id = new_run_id(clock.wall_ns(), random.SystemRandom())
    folder = Path(plan.run_dir) if plan.run_dir else Path("reports") / run_id
    named = named_urls(plan, list(found.by_api) if found is not None else ["tracking"])
    if not named:
        make_folder(folder)
        with launch(ledger=folder / "mock", limits=plan.mock_limits) as mock:
            yield _bundled(plan, run_id, folder, found, mock)
        return
    looks: dict[Target, Probe] = {}

    def is_mock(target: Target, provisional: Permit) -> bool:
        looks[target] = probe(target, provisional)
        return looks[target].is_mock

    ways = _pass_guard(
        plan, named, recording, found, run_id=run_id, environ=environ, is_mock=is_mock, loopback=loopback
    )
    ways = needed(ways, None if found is None else found.by_api)
    limits = limits_of(plan, ways)
    first = next(iter(ways.values()))
    if found is not None and any(way.permit.beyond for way in ways.values()):
        planned = foresee(plan, recording, found, ways=ways, limits=limits)
        if planned.too_slow is not None:
            raise UsageError(planned.too_slow)
        view.say(planned.as_text())
    for way in ways.values():
        look = looks.get(way.target) or probe(way.target, way.permit)
        looks[way.target] = look
        if not look.ready:
            raise TargetError(f"{way.target.url} does not answer ({look.reason}); nothing was sent")
    make_folder(folder)
    yield Aim(
        ways=ways,
        target=first.target,
        permit=first.permit,
        instance=looks[first.target].instance if looks[first.target].is_mock else None,
        is_bundled=False,
        run_id=run_id,
        folder=folder,
        survey=found,
        limits=limits,
    )


def would_pass(
    plan: Plan, recording: Recording, found: Survey, environ: Mapping[str, str]
) -> Mapping[str, Way]:
    """The guard's word on a dry run, without a look at the targets; no way for the bundled mock.

    Raises GuardError, UsageError.
    """
    named = named_urls(plan, list(found.by_api))
    if not named:
        return {}
    return _pass_guard(
        plan,
        named,
        recording,
        found,
        run_id="dry-run",
        environ=environ,
        is_mock=lambda _target, _permit: False,
        loopback=is_loopback,
    )


def _pass_guard(
    plan: Plan,
    named: Mapping[str, str],
    recording: Recording,
    found: Survey | None,
    *,
    run_id: str,
    environ: Mapping[str, str],
    is_mock: Callable[[Target, Permit], bool],
    loopback: Callable[[str], bool],
) -> dict[str, Way]:
    """The ways to all targets that are named, the first one first.

    Raises GuardError with every reason against any of them, UsageError.
    """
    ways: dict[str, Way] = {}
    refusals: list[str] = []
    for api, url in named.items():
        try:
            if api in CALL_APIS:
                ways[api] = to_calls(
                    plan,
                    api,
                    url,
                    run_id=run_id,
                    privacy=recording.header.privacy,
                    environ=environ,
                    is_mock=is_mock,
                    loopback=loopback,
                )
                continue
            target = target_of(plan, url, environ)
            allowed, keys = _pass_tracking(
                plan,
                target,
                recording,
                found,
                environ=environ,
                is_mock=partial(is_mock, target),
                loopback=loopback,
            )
        except GuardError as refusal:
            refusals.append(str(refusal))
            continue
        ways["tracking"] = _tracking(target, allowed, {} if allowed.is_mock else keys, run_id)
        if api == EVERY_API and allowed.is_mock:
            for other in CALL_APIS:
                ways[other] = beside(other, target, allowed, run_id=run_id, environ=environ)
    if refusals:
        raise GuardError("\n".join(refusals))
    return ways


def _tracking(target: Target, allowed: Permit, keys: Mapping[str, WriteKey], run_id: str) -> Way:
    def credential(source: str) -> str:
        return (keys.get(source) or made_up_key(run_id, source)).basic_auth

    return Way("tracking", target, allowed, credential)


def _pass_tracking(
    plan: Plan,
    target: Target,
    recording: Recording,
    found: Survey | None,
    *,
    environ: Mapping[str, str],
    is_mock: Callable[[Permit], bool],
    loopback: Callable[[str], bool],
) -> tuple[Permit, dict[str, WriteKey]]:
    secrets = _secrets(plan, environ)
    labels = sorted(found.by_source) if found is not None and not plan.merge_sources else [MERGED_SOURCE]
    variables = dict(plan.source)
    keys = [
        SourceKey(label, variable, WriteKey(secrets[variable]) if variable in secrets else None)
        for label in labels
        for variable in [variables.get(label, KEY_VARIABLE)]
    ]
    positions = found.secrets_found if found is not None else frozenset()
    foreign = {WriteKey(secret) for place, secret in enumerate(secrets.values()) if place in positions}
    allowed = permit(
        target,
        keys=keys,
        privacy=recording.header.privacy,
        resolve=resolve_for(target),
        is_mock=is_mock,
        confirm_host=confirmed_host(plan, target),
        confirm_source=plan.confirm_source,
        send_unredacted=plan.send_unredacted,
        marks=recording.header.key_marks,
        salt=recording.header.key_salt,
        foreign_keys=foreign,
        loopback=loopback,
    )
    by_label = {given.source: given.key for given in keys if given.key is not None}
    if not allowed.is_mock:
        _refuse_shared_key(by_label)
    return allowed, by_label


def _refuse_shared_key(keys: Mapping[str, WriteKey]) -> None:
    if len(set(keys.values())) < len(keys):
        labels = ", ".join(repr(label) for label in keys)
        raise UsageError(
            f"the recording has {len(keys)} sources ({labels}) and one write key; give each its own with "
            "--source LABEL=VARIABLE, or let them share it with --merge-sources"
        )


def make_folder(folder: Path) -> None:
    """An empty folder, readable by its owner only. Raises UsageError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"--run-dir {folder}: is not empty; name a new folder, no run mixes with another"
            )
        folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"--run-dir {folder}: cannot be made: {error.strerror}") from None


def _bundled(plan: Plan, run_id: str, folder: Path, found: Survey | None, mock: RunningMock) -> Aim:
    target = parse_target(mock.url)
    allowed = Permit(target, beyond=False, is_mock=True, loopback=is_loopback)
    look = probe(target, allowed)
    if not look.is_mock:
        raise TargetError(
            "the bundled mock was started and does not answer; see its folder beside the report"
        )
    ways = {"tracking": _tracking(target, allowed, {}, run_id)}
    for api in CALL_APIS:
        ways[api] = beside(api, target, allowed, run_id=run_id, environ={})
    ways = needed(ways, None if found is None else found.by_api)
    return Aim(
        ways=ways,
        target=target,
        permit=allowed,
        instance=look.instance,
        is_bundled=True,
        run_id=run_id,
        folder=folder,
        survey=found,
        limits=limits_of(plan, ways),
    )


def _on_this_machine(target: Target) -> bool:
    addresses = resolve_for(target)(target.host, target.port)
    return bool(addresses) and all(is_loopback(address) for address in addresses)


def _secrets(plan: Plan, environ: Mapping[str, str]) -> dict[str, str]:
    """The write keys that are set, by the name of their variable."""
    variables: Sequence[str] = list(dict.fromkeys([variable for _, variable in plan.source] + [KEY_VARIABLE]))
    return {
        variable: environ[variable].strip() for variable in variables if environ.get(variable, "").strip()
    }
