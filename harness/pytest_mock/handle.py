"""What a test holds of the mock: its own write key, the means to break things, and the proofs."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from harness.errors import HarnessError, UsageError
from harness.pytest_mock.judging import others, over, pause_ns, too_early, undelivered
from harness.pytest_mock.server import SegmentMockServer
from harness.pytest_mock.sightings import (
    STORED,
    SeenRequest,
    arrivals_of,
    check_kept,
    messages_of,
    never_stored,
    requests_of,
)
from harness.pytest_mock.steering import MockClock
from harness.pytest_mock.telling import account, listed, printable, said, table
from harness.segment.write_key import WriteKey
from harness.units import NS_PER_S, parse_limit

_KEY_BYTES: Final = 16  # 32 characters, as Segment's keys have
_NOTES_MOST: Final = 5
MISTAKES: Final = ("discarded", "refused", "unreadable", "unmatched")


class LedgerAssertionError(AssertionError):
    """What the ledger saw is not what was claimed; the message shows it."""


class SegmentMock:
    """One test's part of the mock, under a write key of its own; `url` and `write_key` are for the client."""

    def __init__(self, server: SegmentMockServer, write_key: str | None = None) -> None:
        self._server: Final = server
        self._admin: Final = server.admin
        self._key: Final = WriteKey(write_key or secrets.token_hex(_KEY_BYTES))
        self._limits: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._allowed: set[str] = set()
        self.clock: Final = MockClock(server.admin)
        before = self._admin.ask("GET", "/requests", query={"limit": "1"})
        self._seq_before: Final = before["requests"][0]["seq"] if before["requests"] else 0
        self._evicted_before: Final[int] = before["evicted_calls"]
        self._others_before: Final[int] = self._admin.ask("GET", "/ledger")["received"]

    def __repr__(self) -> str:
        return f"SegmentMock({self.url}, write key {self._key.masked})"

    @property
    def url(self) -> str:
        """Where the client sends to, like `http://127.0.0.1:40123`; Segment's libraries call it host."""
        return self._server.url

    @property
    def write_key(self) -> str:
        """This test's own, made up, 32 characters."""
        return self._key.reveal()

    def limit(
        self,
        rate: str | None,
        *,
        retry_after: float | None = None,
        api: str = "tracking",
        endpoint: str | None = None,
        unit: str = "requests",
        **rule: Any,
    ) -> None:
        """Let so much through and answer the rest 429, from now on: `"5/s"`, `"100/min"`; None lifts it.

        With `retry_after` a refusal keeps the key shut for so many seconds, and says so in `Retry-After`;
        without, until the next one fits. `unit` is `requests` or `messages`; `rule` are further settings of
        `[[limits.rules]]`, docs/mock.md. What was used before is forgotten. Raises UsageError.
        """
        __tracebackhide__ = True
        place = (api, endpoint or "", unit)
        if rate is None:
            self._limits.pop(place, None)
        else:
            try:
                count, window_ns = parse_limit(rate)
            except ValueError as error:
                raise UsageError(f"segment_mock.limit: {error}") from error
            asked = {"api": api, "endpoint": endpoint, "unit": unit, "retry_after_s": retry_after}
            given = {name: value for name, value in asked.items() if value is not None}
            self._limits[place] = {"count": count, "window_s": window_ns / NS_PER_S, **given, **rule}
        own = [
            row for row in self._server.own_limits if _place(row) not in self._limits and _place(row) != place
        ]
        self._admin.ask("PUT", "/limits", {"preset": "none", "rules": [*self._limits.values(), *own]})

    def fail(
        self,
        status: int | None = None,
        *,
        times: int | None = None,
        retry_after: float | str | None = None,
        after: bool = False,
        outcome: str | None = None,
        latency_ms: float | None = None,
        api: str = "tracking",
        **rule: Any,
    ) -> None:
        """Break the next `times` calls, or all of them until `recover`.

        With a `status`, an `outcome` (docs/mock.md: `hang`, `truncated`, `reset-before-head`, …), or late by
        `latency_ms`. `after`: the messages are stored, and the client is told otherwise. `rule` are further
        settings of `[[faults]]`. Of the tracking API this test's key alone meets it. Raises UsageError.
        """
        __tracebackhide__ = True
        asked = {
            "status": status,
            "uses": times,
            "retry_after": retry_after,
            "when": "after" if after else None,
            "outcome": outcome,
            "latency": None if latency_ms is None else {"ms": latency_ms},
            "write_key": self.write_key if api == "tracking" else None,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        self._admin.ask("POST", "/faults", {"api": api, **given, **rule})

    def recover(self) -> None:
        """Take away all that `fail` put in place."""
        self._admin.ask("DELETE", "/faults")

    def allow(self, *mistakes: str) -> None:
        """Let the test pass in spite of these: `discarded`, `refused`, `unreadable`, `unmatched`."""
        unknown = set(mistakes) - set(MISTAKES)
        if unknown:
            raise UsageError(f"segment_mock.allow: {min(unknown)!r} is none of {', '.join(MISTAKES)}")
        self._allowed.update(mistakes)

    def wait_for(
        self,
        n: int = 1,
        timeout: float = 10.0,
        *,
        type: str | None = None,  # noqa: A002 - it is what Segment calls it
        event: str | None = None,
    ) -> list[dict[str, Any]]:
        """Wait until n messages are stored, and answer those there are, as `messages` does.

        `timeout` is in real seconds, whatever the mock's clock does. Raises LedgerAssertionError after it.
        """
        __tracebackhide__ = True
        where = _where(type, event)
        awaited: dict[str, Any] = {"write_key": self.write_key, "timeout_s": timeout}
        if where:
            awaited |= {"where": {**where, "class": STORED}, "matching": n}
        else:
            awaited["at_least"] = {"unique": n}
        found = self._admin.ask("POST", "/ledger/wait", awaited, wait_s=timeout)
        if not found["met"]:
            have = found["matching"] if where else found["counts"]["unique"]
            what = "".join(f" with {name} {printable(value)!r}" for name, value in where.items())
            self._fail(
                f"waited {timeout:g} s for {said(n, 'stored message')}{what}, and there "
                f"{'is' if have == 1 else 'are'} {have:,}"
            )
        return self.messages(type=type, event=event)

    def messages(self, *, type: str | None = None, event: str | None = None) -> list[dict[str, Any]]:  # noqa: A002 - as above
        """The stored messages as Segment hands them on, in order of arrival.

        Raises HarnessError when some are not kept any more.
        """
        check_kept(self._admin, self._evicted_before)
        where = _where(type, event).items()
        found = messages_of(self._admin, self.write_key)
        return [message for message in found if all(message.get(name) == value for name, value in where)]

    def requests(self) -> list[SeenRequest]:
        """The requests in order of arrival, each with its answer. Raises HarnessError as `messages` does."""
        return requests_of(self._admin, self.write_key, self._evicted_before)

    def counts(self) -> dict[str, Any]:
        """The ledger's counts for this write key, by name: received, stored, throttled and so on."""
        found: dict[str, Any] = self._admin.ask("GET", "/ledger", query={"write_key": self.write_key})
        return found

    def assert_delivered_once(self, ids: Iterable[str], *, exactly: bool = False) -> None:
        """Each of these message ids was stored, and none was sent again after the client knew that.

        A message may come again after anything but a 2xx. `exactly`: and nothing else was stored.
        """
        __tracebackhide__ = True
        asked = list(ids)
        if not asked:
            self._fail("no ids were given, so nothing is proved")
        arrivals = arrivals_of(self._admin, self.write_key)
        bad = undelivered(asked, arrivals, never_stored(self._admin, list(dict.fromkeys(asked))))
        if bad:
            told = [f"  {printable(one.id)}: {one.why}" for one in bad[:_NOTES_MOST]]
            if len(bad) > _NOTES_MOST:
                told.append(f"  and {len(bad) - _NOTES_MOST:,} more")
            self._fail(
                "\n".join([f"{len(bad):,} of {said(len(asked), 'message')} not delivered once:", *told])
            )
        more = others(asked, arrivals) if exactly else []
        if more:
            self._fail(f"{said(len(more), 'other message')} stored: {listed(more)}")

    def assert_retry_after_honoured(self, *, in_flight: int = 0, slack_s: float = 0.0) -> None:
        """After each `Retry-After` nothing came under this key until it was over, to the microsecond.

        A client that has several requests under way at once cannot call those back: `in_flight` says how
        many with other messages may come in each pause. `slack_s` forgives timers that fire early. It fails
        when no answer had a `Retry-After`, as then nothing is proved.
        """
        __tracebackhide__ = True
        requests = self.requests()
        if not any(map(pause_ns, requests)):
            self._fail("no answer asked for a pause with Retry-After, so nothing is proved", requests)
        early = too_early(requests, in_flight, round(slack_s * NS_PER_S))
        if not early:
            return
        notes = {
            one.place: f"{one.early_ns / NS_PER_S:.3f} s before the pause of #{one.asked_by + 1} was over"
            + (", with the same message" if one.repeats else "")
            for one in early
        }
        sentence = f"{said(len(early), 'request')} came before a Retry-After was over"
        if not any(one.repeats for one in early):
            sentence += (
                f" (had the client sent them before it knew? then say in_flight={in_flight + len(early)})"
            )
        self._fail(sentence, requests, notes)

    def assert_never_over(self, rate: str, *, unit: str = "requests", slack_s: float = 0.0) -> None:
        """In no window of that length did more arrive: `"5/s"` is at most 5 in any second, refused ones too.

        `unit` is `requests` or `messages`; `slack_s` shortens the windows. It fails when nothing arrived.
        """
        __tracebackhide__ = True
        try:
            count, window_ns = parse_limit(rate)
        except ValueError as error:
            raise UsageError(f"segment_mock.assert_never_over: {error}") from error
        if unit not in {"requests", "messages"}:
            raise UsageError(f"segment_mock.assert_never_over: unit is {unit!r}; write requests or messages")
        requests = self.requests()
        if not requests:
            self._fail("nothing arrived, so nothing is proved", requests)
        worst = over(
            requests, count, window_ns, messages=unit == "messages", slack_ns=round(slack_s * NS_PER_S)
        )
        if worst is None:
            return
        span_s = (requests[worst.last].at_ns - requests[worst.first].at_ns) / NS_PER_S
        notes = {worst.first: "the window begins", worst.last: f"{worst.held:,} {unit} in {span_s:.3f} s"}
        self._fail(
            f"{worst.held:,} {unit} within {span_s:.3f} s, where {rate} allows {count:,}", requests, notes
        )

    def told(self) -> str:
        """What the mock saw of this test, for people."""
        try:
            text = account(self.counts(), self.requests(), self._key.masked)
        except HarnessError as error:
            return str(error)
        return text + self._elsewhere()

    def mistakes(self) -> list[str]:
        """What went wrong at the mock and was not allowed, one sentence each; answers none when all is well.

        Raises MockGoneError when the mock is not there any more.
        """
        self._server.check()
        counts = self.counts()
        found = {
            "discarded": f"{said(counts['discarded'], 'message')} answered 200 and thrown away: "
            f"{_reasons(counts['discarded_by_reason'])}",
            "refused": f"{said(counts['refused'], 'message')} refused for good: "
            f"{_reasons(counts['refused_by_reason'])}",
            "unreadable": f"{said(counts['unreadable_requests'], 'request')} that cannot be read: "
            f"{_reasons(counts['unreadable_by_reason'])}",
        }
        names = {"unreadable": "unreadable_requests"}
        told = [
            text
            for name, text in found.items()
            if counts[names.get(name, name)] and name not in self._allowed
        ]
        if "unmatched" not in self._allowed:
            told += self._unmatched()
        return told

    def end(self) -> None:
        """Wipe what this test sent, and put back limits, faults and clock."""
        self._server.begin_anew()
        self._admin.ask("POST", "/reset", query={"write_key": self.write_key})

    def _unmatched(self) -> list[str]:
        rows = self._admin.ask("GET", "/requests/unmatched", query={"limit": "1000"})["requests"]
        paths = [f"{row['method']} {printable(row['path'])}" for row in rows if row["seq"] > self._seq_before]
        if not paths:
            return []
        return [
            f"{said(len(paths), 'request')} to where nobody answers: {listed(list(dict.fromkeys(paths)))}"
        ]

    def _elsewhere(self) -> str:
        """A hint where messages came under a write key that is not this test's."""
        ours = self.counts()["received"]
        elsewhere = self._admin.ask("GET", "/ledger")["received"] - self._others_before - ours
        if elsewhere <= 0:
            return ""
        came = f"{said(elsewhere, 'message')} came under other write keys"
        return f"\n{came}: does the client use segment_mock.write_key?"

    def _fail(
        self, sentence: str, requests: list[SeenRequest] | None = None, notes: Mapping[int, str] | None = None
    ) -> NoReturn:
        __tracebackhide__ = True
        if requests is None or not requests:
            seen = self.told()
        else:
            seen = "\n".join(table(requests, notes, tuple(notes or ())))
        raise LedgerAssertionError(f"{sentence}\n\n{seen}")


def _where(type_: str | None, event: str | None) -> dict[str, str]:
    return {name: value for name, value in (("type", type_), ("event", event)) if value is not None}


def _reasons(by_reason: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in by_reason.items())


def _place(rule: Mapping[str, Any]) -> tuple[str, str, str]:
    return rule["api"], rule.get("endpoint") or "", rule["unit"]
