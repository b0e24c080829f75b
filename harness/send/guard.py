"""Decide whether anything may be sent to a target, and to which addresses.

Enters: the target, the run's keys, what the recording says of itself, and what the user confirmed.
Leaves: a `Permit`, which every connection asks again with the address it is about to call; or one
GuardError with every reason against it, the worst first.
Pure: name resolution, the meaning of loopback and the look at the target are handed in.
"""

import ipaddress
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from harness.errors import GuardError
from harness.segment.write_key import WriteKey
from harness.send.target import Target

# Privacies of a recording that may leave this machine; any other counts as raw.
FIT_TO_LEAVE: Final = frozenset({"redacted", "synthetic", "public"})
_KEY_FORM: Final = "key:"


def is_loopback(address: str) -> bool:
    """True for all of 127.0.0.0/8 and ::1, also written as IPv4 in IPv6; False for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


@dataclass(frozen=True, slots=True)
class SourceKey:
    """The write key the user gave for a source, and the environment variable it came from."""

    source: str  # the label in the recording; "" when it names none
    variable: str
    key: WriteKey | None  # None when the variable is not set

    @property
    def is_set(self) -> bool:
        return self.key is not None and bool(self.key.reveal().strip())


@dataclass(frozen=True, slots=True)
class Permit:
    """What the guard allowed: calls to one target, on this machine only or beyond it as well."""

    target: Target
    beyond: bool  # the user confirmed a target that is not this machine
    is_mock: bool  # the target is this harness's own mock: it is given made-up keys
    loopback: Callable[[str], bool]

    def check(self, address: str) -> None:
        """Ask before each connection. Raises GuardError for an address the permit does not cover.

        A name that pointed at this machine when the permit was given may point elsewhere later.
        """
        if not self.beyond and not self.loopback(address):
            raise GuardError(
                f"{self.target.host} was on this machine when the run began and is now {address}, beyond it; "
                f"nothing more is sent. If that is meant, say --confirm-host {self.target.host}."
            )


def permit(
    target: Target,
    *,
    keys: Sequence[SourceKey],
    privacy: str,
    resolve: Callable[[str, int], Sequence[str]],
    is_mock: Callable[[Permit], bool],
    confirm_host: str | None = None,
    confirm_source: Sequence[str] = (),
    send_unredacted: bool = False,
    marks: Collection[str] = (),
    salt: bytes = b"",
    foreign_keys: Collection[WriteKey] = (),
    loopback: Callable[[str], bool] = is_loopback,
) -> Permit:
    """Allow the run, or raise GuardError with one sentence for each reason not to.

    `resolve` answers a host's addresses, none for a name that does not resolve: such a host counts as beyond.
    `is_mock` looks at the target; it is asked only once the host is this machine or was confirmed, so that
    nothing at all is sent to a host that was not.
    `keys` are the user's own; `marks` and `salt` come from the recording's header; `foreign_keys` are those
    of `keys` that stand in a line of it.
    """
    addresses = resolve(target.host, target.port)
    beyond = not addresses or not all(loopback(address) for address in addresses)
    host_refusal = [_host_sentence(target, confirm_host)] if beyond and confirm_host != target.host else []
    mock = not host_refusal and is_mock(Permit(target, beyond, is_mock=False, loopback=loopback))

    refusals: list[str] = []
    if not mock:
        refusals += _origin_refusals(keys, marks, salt, foreign_keys)
    if beyond and privacy not in FIT_TO_LEAVE and not send_unredacted:
        refusals.append(
            "The recording is raw and may name real people, so it goes to this machine only; "
            "redact it first, or say --send-unredacted."
        )
    if beyond and not mock:
        refusals += _missing_keys(keys)
    refusals += host_refusal
    if beyond and not mock:
        refusals += _source_refusals(keys, confirm_source)
    if refusals:
        raise GuardError("\n".join(refusals))
    return Permit(target, beyond, mock, loopback)


def _origin_refusals(
    keys: Sequence[SourceKey], marks: Collection[str], salt: bytes, foreign_keys: Collection[WriteKey]
) -> list[str]:
    # A recording goes back into the source it came from only by mistake; on loopback too, where the
    # same command with another --target would be that mistake.
    return [
        f"The write key in {given.variable} ({given.key.masked}) belongs to a source this recording "
        "came from; set it to the key of the source you replay into."
        for given in _by_variable(keys)
        if given.key is not None
        and given.is_set
        and (given.key in foreign_keys or (marks and given.key.mark(salt) in marks))
    ]


def _missing_keys(keys: Sequence[SourceKey]) -> list[str]:
    return [
        f"{given.variable} holds no write key, and beyond this machine one is needed; "
        "set it in the environment."
        for given in _by_variable(keys)
        if not given.is_set
    ]


def _host_sentence(target: Target, confirm_host: str | None) -> str:
    if confirm_host is None:
        return f"{target.host} is not this machine; if that is meant, say --confirm-host {target.host}."
    return (
        f"--confirm-host says {confirm_host} and --target says {target.host}; both must name the same host."
    )


def _source_refusals(keys: Sequence[SourceKey], confirm_source: Sequence[str]) -> list[str]:
    last4s = {given.key.last4 for given in keys if given.key is not None and given.is_set}
    refusals = [
        f"--confirm-source {said} cannot be looked up yet; write key:LAST4, "
        "the last four characters of the write key you mean."
        for said in confirm_source
        if not said.startswith(_KEY_FORM)
    ]
    confirmed = {said.removeprefix(_KEY_FORM) for said in confirm_source if said.startswith(_KEY_FORM)}
    refusals += [
        f"--confirm-source {_KEY_FORM}{said} names no write key of this run."
        for said in sorted(confirmed - last4s)
    ]
    refusals += [
        f"The source behind {given.variable} is not confirmed; say --confirm-source key:LAST4 "
        "with the last four characters of its write key."
        for given in _by_variable(keys)
        if given.key is not None and given.is_set and given.key.last4 not in confirmed
    ]
    return refusals


def _by_variable(keys: Sequence[SourceKey]) -> Sequence[SourceKey]:
    # Many sources may share one variable: one sentence for each variable is enough.
    return list({given.variable: given for given in keys}.values())
