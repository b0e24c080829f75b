"""Ask a target who it is and what its ledger holds; the control path, apart from the load.

httpx is called with an address that the permit has seen, not with the name: a name could lead elsewhere
a moment later. Through a proxy it is the proxy's address, and the name is the proxy's to look up.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from harness.errors import TargetError
from harness.send.guard import Permit
from harness.send.route import Address, addresses, resolve
from harness.send.target import Target
from harness.send.tls import client_context, not_trusted
from harness.send.tunnel import refused_by_proxy

MOCK_NAME: Final = "segment-harness"
_HEALTH_PATH: Final = "/__admin/health"
_LEDGER_PATH: Final = "/__admin/ledger"
_IDS_PATH: Final = "/__admin/ledger/ids"

_PROXY_LOGIN: Final = 407
_PROBE_TIMEOUT_S: Final = 2.0
_LEDGER_TIMEOUT_S: Final = 30.0
_HEALTH_BYTES: Final = 64 << 10
_HEALTH_PIECES: Final = 16  # a stranger that drips its answer is no mock
_LEDGER_BYTES: Final = 16 << 20
_LINE_BYTES: Final = 64 << 10

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at the target found."""

    ready: bool  # something there accepts connections
    is_mock: bool
    instance: str | None  # of the mock's ledger
    reason: str  # why it is not ready; "" when it is


class _NobodyThereError(Exception):
    """No address of the target accepts a connection; each caller says it in its own way."""


def probe(
    target: Target, permit: Permit, *, resolve: Resolve = resolve, timeout_s: float = _PROBE_TIMEOUT_S
) -> Probe:
    """Ask for the health page: the harness's mock names itself there, anything else is ready and no mock.

    No credential is sent. Raises GuardError when the target's address is beyond the permit, TargetError when
    its certificate is not trusted.
    """
    try:
        with _get(target, permit, _HEALTH_PATH, {}, resolve=resolve, timeout_s=timeout_s) as response:
            health = _short_json(response) if response.status_code == 200 else None
    except _NobodyThereError as nobody:
        return Probe(ready=False, is_mock=False, instance=None, reason=str(nobody))
    except httpx.HTTPError:  # it took the connection and then spoke no HTTP, or nothing
        health = None
    if health is None or health.get("mock") != MOCK_NAME:
        return Probe(ready=True, is_mock=False, instance=None, reason="")
    instance = health.get("instance")
    return Probe(ready=True, is_mock=True, instance=str(instance) if instance else None, reason="")


def fetch_ledger(
    target: Target,
    permit: Permit,
    *,
    resolve: Resolve = resolve,
    timeout_s: float = _LEDGER_TIMEOUT_S,
) -> dict[str, Any]:
    """The counts of a mock's ledger, over all write keys.

    Raises TargetError when there is no ledger to be had, GuardError as `probe`.
    """
    with _ledger(target, permit, _LEDGER_PATH, {}, resolve=resolve, timeout_s=timeout_s) as response:
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _LEDGER_BYTES:
                break
        counts = _object(body)
    if counts is None:
        raise TargetError(f"{target.url}{_LEDGER_PATH} is no ledger; is this the harness's mock?")
    return counts


def stream_ids(
    target: Target,
    permit: Permit,
    prefix: str,
    *,
    resolve: Resolve = resolve,
    timeout_s: float = _LEDGER_TIMEOUT_S,
) -> Iterator[dict[str, Any]]:
    """Each arrival of a message whose id starts with `prefix`, in order of arrival, as the mock tells it.

    Reads as it goes: memory does not grow with the ledger. Raises TargetError when the ledger cannot be read
    to its end, so that half a ledger is never taken for a whole one; GuardError as `probe`.
    """
    with _ledger(
        target, permit, _IDS_PATH, {"prefix": prefix}, resolve=resolve, timeout_s=timeout_s
    ) as response:
        rest = b""
        for piece in response.iter_bytes():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield _line(target, line)
            if len(rest) > _LINE_BYTES:
                raise TargetError(
                    f"{target.url}{_IDS_PATH} sent a line over {_LINE_BYTES} bytes; this is no ledger."
                )
        if rest:
            raise TargetError(
                f"{target.url}{_IDS_PATH} ended in the middle of a line; read the ledger again."
            )


def _line(target: Target, line: bytes) -> dict[str, Any]:
    arrival = _object(line)
    if arrival is None:
        raise TargetError(f"{target.url}{_IDS_PATH} sent a line that is no JSON object; this is no ledger.")
    return arrival


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _short_json(response: httpx.Response) -> dict[str, Any] | None:
    body = b""
    for count, piece in enumerate(response.iter_bytes(), start=1):
        body += piece
        if len(body) > _HEALTH_BYTES or count > _HEALTH_PIECES:
            return None
    return _object(body)


@contextmanager
def _ledger(
    target: Target,
    permit: Permit,
    path: str,
    params: Mapping[str, str],
    *,
    resolve: Resolve,
    timeout_s: float,
) -> Iterator[httpx.Response]:
    try:
        with _get(target, permit, path, params, resolve=resolve, timeout_s=timeout_s) as response:
            if response.status_code != 200:
                raise TargetError(
                    f"{target.url}{path} answered {response.status_code}; is this the harness's mock?"
                )
            yield response
    except _NobodyThereError as nobody:
        raise TargetError(f"{nobody} The ledger could not be read.") from nobody
    except httpx.HTTPError as error:
        raise TargetError(
            f"The ledger at {target.url} could not be read to its end ({type(error).__name__}); "
            "is the mock still there?"
        ) from error


def _refuse_untrusted(target: Target, error: BaseException | None) -> None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            raise not_trusted(target.url, error) from None
        error = error.__cause__ or error.__context__


@contextmanager
def _get(
    target: Target,
    permit: Permit,
    path: str,
    params: Mapping[str, str],
    *,
    resolve: Resolve,
    timeout_s: float,
) -> Iterator[httpx.Response]:
    found = addresses(target, permit, resolve)
    if not found:
        raise _NobodyThereError(f"The name {(target.proxy or target).host} does not resolve.")
    verify = client_context(target.ca_file) if target.is_tls else True
    for address in found:
        host, port = (address.host, address.port) if target.proxy is None else (target.host, target.port)
        with httpx.Client(
            trust_env=False,
            timeout=timeout_s,
            follow_redirects=False,
            verify=verify,
            proxy=_proxy_at(address, target),
        ) as client:
            request = client.build_request(
                "GET",
                httpx.URL(scheme=target.scheme, host=host, port=port, path=path, params=params),
                headers={"Host": target.authority},
                extensions={"sni_hostname": target.host},  # and verified against that name, not the address
            )
            try:
                response = client.send(request, stream=True)
            except httpx.ProxyError as error:
                _refuse_proxy(target, int(str(error)[:3]) if str(error)[:3].isdigit() else 502)
                continue
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                _refuse_untrusted(target, error)
                continue
            try:
                if response.status_code == _PROXY_LOGIN:
                    _refuse_proxy(target, response.status_code)
                yield response
            finally:
                response.close()
            return
    through = "" if target.proxy is None else f" through the proxy {target.proxy.authority}"
    raise _NobodyThereError(f"Nothing answers at {target.url}{through}.")


def _proxy_at(address: Address, target: Target) -> httpx.Proxy | None:
    if target.proxy is None:
        return None
    login = target.proxy.authorization
    url = httpx.URL(scheme="http", host=address.host, port=address.port)
    return httpx.Proxy(url, headers={"Proxy-Authorization": login} if login else None)


def _refuse_proxy(target: Target, status: int) -> None:
    refusal = None if target.proxy is None else refused_by_proxy(target.proxy, target, status)
    if refusal is not None:
        raise refusal
