"""Where the mock listens, and the token that lets somebody steer it from elsewhere."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

TOKEN_VARIABLE: Final = "SEGMENT_MOCK_TOKEN"  # noqa: S105 - the name of a variable, not what is in it

_TOKEN: Final = re.compile(r"[!-~]{8,256}")  # what an Authorization header can carry
_MADE_BYTES: Final = 16


class ListenSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[listen]`. Its repr hides the token."""

    host: str = "127.0.0.1"  # an address of this machine, or a name of one
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0  # 0: a free one
    names: tuple[str, ...] = ()  # other names under which clients reach it, for the certificate and for Host
    token: str = ""  # for the admin calls and the live page; "" on loopback: none is asked for
    tls: bool = False
    ca_out: Path | None = None  # gets the certificate to trust
    ready_file: Path | None = None  # gets the ready line

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("host is empty; write an address such as 127.0.0.1, or 0.0.0.0 for all")
        if self.token and not _TOKEN.fullmatch(self.token):
            raise ValueError("the token must be 8 to 256 visible ASCII characters, without a space")
        if self.ca_out is not None and not self.tls:
            raise ValueError(
                "there is no certificate to write without TLS; turn it on, or leave the file out"
            )

    def __repr__(self) -> str:
        return f"ListenSettings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "token"]
        return [*shown, ("token", "set" if self.token else "none")]


@dataclass(frozen=True, slots=True)
class AdminToken:
    """What the admin calls and the live page ask for."""

    text: str = field(repr=False)  # "": nothing
    made: bool  # here and now, so that it must be told


def is_loopback(address: str) -> bool:
    """True for an address that this machine alone can reach: 127.0.0.0/8 and ::1. A name is none."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def admin_token(listen: ListenSettings, address: str, entropy: Callable[[int], bytes]) -> AdminToken:
    """The token that was given; without one nothing on loopback, and beyond it one made of `entropy`.

    `address` is the one that is listened at, as the socket tells it.
    """
    if listen.token or is_loopback(address):
        return AdminToken(listen.token, made=False)
    return AdminToken(entropy(_MADE_BYTES).hex(), made=True)
