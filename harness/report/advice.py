"""Say of each group of errors what it means and what to do about it."""

from collections.abc import Mapping
from typing import Any, Final

from harness.model import Failure

_BY_STATUS: Final = {
    "400": "The body was not understood. Look at the messages of these requests; --batch none finds the one "
    "of a batch.",
    "401": "The key or token was not accepted. Check the variable that holds it, and the region.",
    "403": "The key or token may not do this. Check its rights, and that the source is enabled.",
    "404": "There is no such path. Check --target and, for calls, the space or id in their path.",
    "408": "The target waited too long for the request; it was tried again. Look for a slow way there.",
    "410": "The target says that it is gone for now; it was tried again.",
    "413": "The body is too large. Keep messages under 32 KB and batches under 500 KB.",
    "429": "Over the target's limit. Ask for less (--speed, --rate, --batch), or lower --share if others "
    "send there too.",
    "460": "The client went away, says a load balancer; it was tried again.",
    "500": "The target failed; it was tried again. See its own log at this time.",
    "502": "What stands before the target got no answer from it; it was tried again.",
    "503": "The target was overloaded or down; it was tried again, after the pause it asked for if it did.",
    "504": "What stands before the target waited too long for it; it was tried again.",
}
_BY_CLASS: Final = {
    "1": "No final answer. Look at what stands between here and the target.",
    "3": "A redirect, which is never followed: name the address behind it as --target.",
    "4": "Refused for good: the same request will be refused again. Correct it at its origin.",
    "5": "The target failed. See its own log at this time.",
}
_BY_FAILURE: Final = {
    Failure.CONNECT: "Nobody listens there, or a firewall is between. Check --target.",
    Failure.TIMEOUT: "Raise --answer-timeout if answers may take that long; else see why the target is slow.",
    Failure.CLOSED: "The target or something between closes connections. Look at its keep-alive time-out.",
    Failure.NOT_HTTP: "Something else than an HTTP server answered. Check the port and https against http.",
    Failure.STOPPED: "The run ended first. Give the last answers more time with --stop-timeout.",
}


def advice_for(status: str, kinds: Mapping[str, Any]) -> str:
    """What to do about this status; for `none`, about the commonest of the kinds of failure."""
    if status != "none":
        return _BY_STATUS.get(status) or _BY_CLASS.get(status[:1], "This is no status of HTTP's.")
    known = [failure for failure in Failure if kinds.get(failure.value)]
    if not known:
        return "See whether the target is up, and what stands between."
    return _BY_FAILURE[max(known, key=lambda failure: kinds[failure.value])]
