"""A Profile API without a process: profiles on a manual clock, asked by path."""

import base64
import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from harness.clock import ManualClock
from harness.mock.exchange import Call
from harness.mock.profile.profiles import Profiles
from harness.mock.profile.routes import ROUTES
from harness.mock.profile.settings import ProfileSettings
from harness.mock.route import Visit

NOW_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
TOKEN = "a-made-up-token"
BASIC = base64.b64encode(f"{TOKEN}:".encode()).decode()


class Entropy:
    """Bytes that never repeat and are the same in each test."""

    def __init__(self):
        self.number = 0

    def __call__(self, size):
        self.number += 1
        return self.number.to_bytes(size, "big")


@dataclass
class Answer:
    status: int
    headers: dict
    document: dict


@dataclass
class Asked:
    """What a handler needs of a mock's box, and how a test talks to it."""

    settings: ProfileSettings = field(default_factory=ProfileSettings)
    spaces: tuple = ()
    clock: ManualClock = field(default_factory=lambda: ManualClock(wall_ns=NOW_NS))
    entropy: Entropy = field(default_factory=Entropy)
    numbered: int = 0

    def __post_init__(self):
        self.profiles = Profiles(self.settings, self.entropy, self.spaces)

    def tell(self, kind, *, at_ns=None, source="web", space="", message_id=None, **message):
        """One stored message; a second passes with each."""
        self.numbered += 1
        self.clock.advance(SECOND_NS)
        received_ns = self.clock.wall_ns()
        self.profiles.take(
            message,
            kind,
            message_id or f"m{self.numbered}",
            source,
            received_ns,
            received_ns if at_ns is None else at_ns,
            space,
        )

    def ask(self, path, *, method="GET", body=b"", authorization=f"Basic {BASIC}"):
        """The answer to a path below `collections/users/profiles/`, or to a whole one."""
        if not path.startswith("/"):
            path = f"/v1/spaces/spa_1/collections/users/profiles/{path}"
        bare, _, query = path.partition("?")
        headers = {b"authorization": authorization.encode()} if authorization else {}
        call = Call(method, path, headers, body)
        for route in ROUTES:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.pattern)
            match = re.fullmatch(pattern, bare)
            if match and route.method == method:
                assert route.api == "profile"
                params = {name: unquote(value) for name, value in match.groupdict().items()}
                visit = Visit(call, bare, params, parse_qs(query, keep_blank_values=True))
                return _answer(route.handler(self, visit))
        raise AssertionError(f"no route for {method} {bare}")

    def get(self, path):
        """The document of a 200."""
        answer = self.ask(path)
        assert answer.status == 200, answer.document
        return answer.document

    def traits(self, identifier, collection="users"):
        path = f"/v1/spaces/spa_1/collections/{collection}/profiles/{identifier}/traits?limit=200"
        return self.get(path)["traits"]

    def ids(self, identifier, collection="users"):
        path = f"/v1/spaces/spa_1/collections/{collection}/profiles/{identifier}/external_ids?limit=100"
        return {(item["type"], item["id"]) for item in self.get(path)["data"]}

    def delete(self, user_id, *external_ids, collection="users", **ask):
        body = json.dumps(
            {"delete_external_ids": [{"id": id_, "type": type_} for type_, id_ in external_ids]}
        )
        path = f"/v1/spaces/spa_1/collections/{collection}/profiles/{user_id}/external_ids/delete"
        return self.ask(path, **({"method": "POST", "body": body.encode()} | ask))


def _answer(reply):
    lines = reply.head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    assert headers["Content-Type"] == "application/json"
    return Answer(int(lines[0].split()[1]), headers, json.loads(reply.body))
