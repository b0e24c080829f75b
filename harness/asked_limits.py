"""Read what a user asks of an API: its limit, its target, and what may be written to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.errors import UsageError
from harness.units import NS_PER_S, parse_limit

APIS: Final = ("tracking", "profile", "config")
EVERY_API: Final = ""  # a target without an API: all of them where it is the harness's mock, else tracking
# Whose limit it is when nobody says; only the Tracking API has two to choose from.
_OWN_SCOPE: Final = {"tracking": "source", "profile": "space", "config": "token"}
_LIMIT: Final = re.compile(r"(?P<api>[a-z]+)(?:@(?P<scope>[a-z]+))?(?::(?P<path>/[^=\s]*))?=(?P<rate>[^=]+)")
_PLACEHOLDER: Final = re.compile(r"\{[^/{}]+\}")
_WRITES: Final = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class AskedLimit:
    """A limit as a user asks for it."""

    api: str
    count: int
    window_ns: int
    scope: str  # source, workspace, space, token
    endpoint: str = ""  # a path, `*` for any one segment; "" for the whole API

    @property
    def is_of_another_scope(self) -> bool:
        """Whether it is not per what this API's limits usually are."""
        return self.scope != _OWN_SCOPE[self.api]

    @property
    def name(self) -> str:
        window = "s" if self.window_ns == NS_PER_S else f"{self.window_ns // NS_PER_S} s"
        on = f" on {self.endpoint}" if self.endpoint else ""
        return f"{self.api.capitalize()} {self.count:,} requests/{window} per {self.scope}{on}"


def parse_asked_limit(text: str) -> AskedLimit:
    """`tracking=200/s`, `tracking@workspace=800/s`, `profile:/v1/spaces/*/collections/…=50/s`.

    A segment in braces, as documentation writes it, is any one segment. Raises ValueError.
    """
    match = _LIMIT.fullmatch(text.strip())
    api = match["api"] if match else ""
    scope = (match["scope"] if match else None) or _OWN_SCOPE.get(api, "")
    if match is None or api not in APIS or scope not in {_OWN_SCOPE[api], *_also(api)}:
        raise ValueError(
            f"{text!r} is not API=RATE, as in tracking=200/s, profile=50/s, config=60/min, "
            "tracking@workspace=800/s or config:/sources=10/min"
        )
    count, window_ns = parse_limit(match["rate"])
    return AskedLimit(api, count, window_ns, scope, _PLACEHOLDER.sub("*", match["path"] or ""))


def _also(api: str) -> tuple[str, ...]:
    return ("workspace",) if api == "tracking" else ()


def parse_write(text: str) -> str:
    """`PATCH /sources/*`: a method that changes something, and a path. Raises ValueError."""
    method, _, path = text.strip().partition(" ")
    if method not in _WRITES or not path.strip().startswith("/"):
        raise ValueError(f"{text!r} is not METHOD /path, as in 'PATCH /sources/*'; {', '.join(_WRITES)}")
    return f"{method} {_PLACEHOLDER.sub('*', path.strip())}"


def targets_by_api(given: Sequence[str]) -> dict[str, str]:
    """`URL` and `API=URL` to URLs by API; one without an API stands under `EVERY_API`. Raises UsageError."""
    targets: dict[str, str] = {}
    for text in given:
        api, equals, url = text.partition("=")
        if not equals or api not in APIS:
            api, url = EVERY_API, text
        if api in targets:
            named = f"--target {api}=" if api else "--target URL"
            raise UsageError(f"{named} stands twice; give one target for each API")
        targets[api] = url
    if EVERY_API in targets and "tracking" in targets:
        raise UsageError(
            "--target URL and --target tracking=URL both name the Tracking API's target; give one"
        )
    return targets
