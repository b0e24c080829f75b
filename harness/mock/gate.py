"""Let a call of the Profile or Config API pass its faults and limits, and keep it for who looks."""

import hashlib
from typing import Final

from harness.mock.admin.requests import NO_API
from harness.mock.box import Box
from harness.mock.call_notes import note_call
from harness.mock.exchange import Call, Later, Reply, with_headers
from harness.mock.faults.effects import played_reply
from harness.mock.faults.occasion import Occasion
from harness.mock.intake import late, seen_retry_after
from harness.mock.limits.refusals import refusal_reply
from harness.mock.limits.throttle import Scopes
from harness.mock.profile.routes import request_id
from harness.mock.route import Route, Visit

_KEPT_PATH: Final = 300  # characters; a path may be as long as a head


def pass_gate(box: Box, route: Route, visit: Visit) -> Reply | Later:
    """What the route's handler answers, unless a fault or a limit comes before it."""
    call, now_ns = visit.call, box.clock.now_ns()
    played = None
    delay_ns = 0
    if box.faults.rules:
        occasion = Occasion(route.api, visit.path, call.method, "", ())
        played = box.faults.choose(occasion, now_ns)
    if played is not None:
        delay_ns = played.delay_ns
        if not played.after:
            keep_call(box, route.api, call, visit.path, played.status_seen(), retry_after=played.retry_after)
            return late(box, played_reply(played, None, box.entropy), delay_ns, now_ns)
    token = hashlib.blake2b(call.headers.get(b"authorization", b""), digest_size=8).digest()
    space = visit.params.get("space_id", "")
    admission = box.limits.admit(route.api, route.pattern, Scopes("", "", space, token), 1, now_ns)
    if admission is not None and admission.refused:
        reply: Reply | Later = refusal_reply(admission, route.api, visit.path)
        if route.api == "profile" and isinstance(reply, Reply):
            reply = with_headers(reply, request_id(box))
    else:
        if route.api == "profile":
            box.feeding.catch_up()
        reply = route.handler(box, visit)
        if call.method == "PATCH":
            box.callers.clear()  # a source was changed
        if admission is not None and isinstance(reply, Reply):
            reply = with_headers(reply, *admission.headers)
            delay_ns += admission.wait_ns
    if isinstance(reply, Later):
        return reply
    status = int(reply.head[9:12])
    if played is not None and played.outcome is not None:
        reply = played_reply(played, reply, box.entropy)
        told = seen_retry_after(played, admission)
        keep_call(box, route.api, call, visit.path, played.status_seen(status), retry_after=told)
    else:
        told = seen_retry_after(None, admission)
        keep_call(box, route.api, call, visit.path, status, retry_after=told)
    return late(box, reply, delay_ns, now_ns)


def keep_call(
    box: Box, api: str, call: Call, path: str, status: int | None, *, retry_after: str | None = None
) -> None:
    """Keep a call that carries no messages."""
    received_ns = box.clock.wall_ns()
    path = path[:_KEPT_PATH]
    box.kept.keep(received_ns, api, call.method, path, status, retry_after=retry_after)
    if box.notes_calls:
        # A page's settings and a library's metrics are at that address too, and not under its limits.
        noted = NO_API if api == "tracking" else api
        note_call(
            box,
            call,
            noted,
            path,
            received_ns=received_ns,
            status=status,
            retry_after=retry_after,
            body=call.body,
        )
    if api in box.rates_by_api:
        box.rates_by_api[api].note(received_ns, 0, int(status == 429))
    if box.waits:
        box.waits.look_again()
