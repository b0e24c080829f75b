"""Settle before the first send where a run goes, with whose keys, under which limits, into which folder."""

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from harness.clock import Clock
from harness.errors import TargetError, UsageError
from harness.foresee import foresee
from harness.mock.launch import RunningMock, launch
from harness.model import Limit
from harness.options import KEY_VARIABLE
from harness.plan import Plan
from harness.recording.reader import Recording, open_recording
from harness.recording.survey import Survey, survey
from harness.report.progress import View
from harness.segment.endpoints import TRACKING_HOSTS
from harness.segment.limits import BRIEF, CURRENT
from harness.segment.write_key import WriteKey, made_up_key
from harness.send.guard import Permit, SourceKey, is_loopback, permit
from harness.send.probe import Probe, probe
from harness.send.route import resolve
from harness.send.target import Target, parse_target
from harness.units import NS_PER_S

MERGED_SOURCE: Final = ""
_ID_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where a run goes and what it may do there."""

    target: Target
    permit: Permit
    instance: str | None  # of the mock's ledger; None when the target is no mock
    is_bundled: bool
    keys: Mapping[str, WriteKey]
    run_id: str
    folder: Path
    survey: Survey | None
    limits: tuple[Limit, ...]  # the documented ones, and the ones that hold beyond this machine

    def authorization(self, source: str) -> str:
        """The Authorization header of a source."""
        return (self.keys.get(source) or made_up_key(self.run_id, source)).basic_auth


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
    named = _named_target(plan)
    secrets = _secrets(plan, environ) if named else {}
    beyond = named is not None and not _on_this_machine(named)
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
    named = _named_target(plan)
    if named is None:
        _make(folder)
        with launch(ledger=folder / "mock", limits=plan.mock_limits) as mock:
            yield _bundled(plan, run_id, folder, found, mock)
        return
    target = parse_target(named)
    looks: list[Probe] = []

    def is_mock(provisional: Permit) -> bool:
        looks.append(probe(target, provisional))
        return looks[-1].is_mock

    allowed, keys = _pass_guard(
        plan, target, recording, found, environ=environ, is_mock=is_mock, loopback=loopback
    )
    limits = limits_of(plan, beyond=allowed.beyond)
    if allowed.beyond and found is not None:
        planned = foresee(plan, recording, found, target=target.url, beyond=True, limits=limits)
        if planned.too_slow is not None:
            raise UsageError(planned.too_slow)
        view.say(planned.as_text())
    look = looks[-1] if looks else probe(target, allowed)
    if not look.ready:
        raise TargetError(f"{target.url} does not answer ({look.reason}); nothing was sent")
    _make(folder)
    yield Aim(
        target=target,
        permit=allowed,
        instance=look.instance if look.is_mock else None,
        is_bundled=False,
        keys={} if allowed.is_mock else keys,
        run_id=run_id,
        folder=folder,
        survey=found,
        limits=limits,
    )


def limits_of(plan: Plan, *, beyond: bool) -> tuple[Limit, ...]:
    """The limits a run is held to and compared with; beyond this machine Segment's current ones too."""
    limits = [limit for limit in BRIEF if limit.api == "tracking"]
    for api, count, window_ns in plan.limit:
        window = "s" if window_ns == NS_PER_S else f"{window_ns // NS_PER_S} s"
        limits = [limit for limit in limits if limit.api != api]
        name = f"{api.capitalize()} {count:,} requests/{window} per source"
        limits.append(Limit(api, name, count, window_ns, "requests", "source", "--limit"))
    if beyond:
        limits += [limit.scaled(plan.share) for limit in CURRENT]
    return tuple(limits)


def would_pass(plan: Plan, recording: Recording, found: Survey, environ: Mapping[str, str]) -> Permit | None:
    """The guard's word on a dry run, without a look at the target; None for the bundled mock.

    Raises GuardError, UsageError.
    """
    named = _named_target(plan)
    if named is None:
        return None
    allowed, _ = _pass_guard(
        plan,
        parse_target(named),
        recording,
        found,
        environ=environ,
        is_mock=lambda _: False,
        loopback=is_loopback,
    )
    return allowed


def _pass_guard(
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
        resolve=resolve,
        is_mock=is_mock,
        confirm_host=plan.confirm_host,
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


def _make(folder: Path) -> None:
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
    return Aim(
        target=target,
        permit=allowed,
        instance=look.instance,
        is_bundled=True,
        keys={},
        run_id=run_id,
        folder=folder,
        survey=found,
        limits=limits_of(plan, beyond=False),
    )


def _named_target(plan: Plan) -> str | None:
    if plan.region is not None:
        return TRACKING_HOSTS[plan.region]
    return plan.target[0].removeprefix("tracking=") if plan.target else None


def _on_this_machine(named: str) -> bool:
    target = parse_target(named)
    addresses = resolve(target.host, target.port)
    return bool(addresses) and all(is_loopback(address) for address in addresses)


def _secrets(plan: Plan, environ: Mapping[str, str]) -> dict[str, str]:
    """The write keys that are set, by the name of their variable."""
    variables: Sequence[str] = list(dict.fromkeys([variable for _, variable in plan.source] + [KEY_VARIABLE]))
    return {
        variable: environ[variable].strip() for variable in variables if environ.get(variable, "").strip()
    }
