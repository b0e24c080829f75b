"""The story of a replay under Locust's own command line and web UI: each start of a test is a run.

A locustfile calls `replay_under_locust()` and defines a `ReplayUser`. The options of `harness replay` are
then options of `locust`; its own `--host`, `--users`, `--run-time` and `--stop-timeout` mean `--target`,
`--users`, `--duration` and `--stop-timeout`. Locust's exit code is the run's.
"""

import logging
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import click

from harness.bundled import demo_recording, demo_speed
from harness.conclude import INTERRUPTED
from harness.errors import HarnessError
from harness.how_far import status_of
from harness.options import OPTIONS, Option
from harness.plan import Plan, make_plan
from harness.replay import replaying
from harness.report.progress import Progress, Status
from harness.standing import ENDED, REFUSED, RUNNING, STARTING, STOPPING, Told, standing_of
from harness.throttle.check import FAIL
from harness.throttle.expected import Outcome
from harness.units import NS_PER_S
from harness.web_page import LOCAL_HOST, add_web_page
from harness.wiring import Run

_log: Final = logging.getLogger("harness")
_LOCUSTS_OWN: Final = frozenset({"target", "users", "duration", "stop_timeout", "dry_run", "otel"})
# What the guard rests on, and where we write: said on the command line alone. Locust's UI lets whoever
# reaches it set any option.
_SAID_AT_THE_START: Final = frozenset(
    {
        "allow_writes",
        "ca_file",
        "confirm_host",
        "confirm_source",
        "exceed_limits",
        "integrations",
        "max_messages",
        "max_people",
        "proxy",
        "run_dir",
        "send_unredacted",
        "share",
        "source",
    }
)
_BY_LOCUST: Final = "Locust"
_BY_DURATION: Final = "duration"  # as the run's own clock says
_HEAD_START_NS: Final = 2 * NS_PER_S  # of Locust's clock, which runs before users are connected
_OFFERED: Final = tuple(option for option in OPTIONS if option.field not in _LOCUSTS_OWN)


def replay_under_locust() -> None:
    """Make the locustfile that calls this a replay."""
    from locust import events

    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every look at the ledger
    session = _Session()
    hooks: tuple[tuple[Any, Callable[..., None]], ...] = (
        (events.init_command_line_parser, _add_options),
        (events.init, session.settle_users),
        (events.init, _hear_ctrl_c),
        (events.test_start, session.start),
        (events.test_stopping, session.stopping),
        (events.test_stop, session.conclude),
        (events.reset_stats, session.before_reset),
        (events.quitting, session.quitting),
    )
    for hook, listener in hooks:
        hook.add_listener(listener)


class _Session:
    """What one Locust process knows between the events of Locust."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._run: Run | None = None
        self._runs = 0
        self._auto_users = False
        self._stopping = False
        self._concluded: Any = None
        self._told = Told()
        self._last: Status | None = None  # of the run that ended
        self._report_path: Path | None = None
        self._environment: Any = None
        self._counted = 0  # requests in Locust's statistics before somebody reset them
        self._at_the_start: dict[str, Any] = {}

    def settle_users(self, environment: Any, **_: Any) -> None:
        from harness.engine.run import USERS_AT_FIRST

        environment.replay, self._environment = None, environment
        options = environment.parsed_options
        self._at_the_start = {field: getattr(options, field, None) for field in _SAID_AT_THE_START}
        if environment.web_ui is not None:
            address = add_web_page(environment.web_ui, self, options.web_base_path if options else "")
            click.echo(f"harness: a page of the replay is at {address}", err=True)
        if options is not None and options.num_users is None:
            self._auto_users = True
            options.num_users = USERS_AT_FIRST
            options.spawn_rate = options.spawn_rate or USERS_AT_FIRST

    def start(self, environment: Any, **_: Any) -> None:
        import gevent
        from gevent.event import Event

        environment.replay = None
        self._told, self._last, self._report_path, self._counted = Told(state=STARTING), None, None, 0
        for field, value in self._at_the_start.items():
            setattr(environment.parsed_options, field, value)
        run_dir = environment.parsed_options.run_dir
        if run_dir and self._runs:
            environment.parsed_options.run_dir = f"{run_dir}-{self._runs + 1}"  # each start is a run
        try:
            plan = _plan(environment, auto_users=self._auto_users)
            run = self._stack.enter_context(replaying(plan, Progress(is_terminal=False)))
        except HarnessError as error:
            self._told = Told(state=REFUSED, said=_why(error))
            _refuse(environment, error)
            return
        self._run, self._stopping, self._concluded = run, False, Event()
        self._runs += 1
        environment.replay = run.replay
        run.replay.begin(environment)
        gevent.spawn(self._end_with_the_run, environment, run)

    def stopping(self, **_: Any) -> None:
        """Locust is about to take the users away: let what is in flight be answered first."""
        run, self._stopping = self._run, True
        if run is not None:
            run.replay.stop(_who_stops(run))
            run.replay.over.wait()

    def conclude(self, environment: Any, **_: Any) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.replay.end()
        run.other_requests = self._all_requests() - run.account.tally.snapshot().sent
        ended_ns = run.clock.now_ns()
        try:
            self._stack.close()
            self._last = status_of(run, ended_ns)  # with its last second, which is written by now
            environment.process_exit_code = run.result.exit_code
            document, self._report_path = run.result.document, run.result.report_path
            self._told = Told(
                state=ENDED,
                said=document["sentence"],
                verdict=document["verdict"],
                report=str(self._report_path),
                expect=run.plan.expect,
                outcomes=[Outcome(**outcome) for outcome in document["expectations"]],
            )
            if run.result.error is not None:
                click.echo(f"harness: {run.result.error}", err=True)
            click.echo(run.result.text)
            click.echo(run.result.report_path)
        except HarnessError as error:
            self._told = Told(state=ENDED, said=str(error), verdict=FAIL)
            _refuse(environment, error)
        finally:
            self._concluded.set()

    def quitting(self, environment: Any, **_: Any) -> None:
        """Locust settles its exit code after this: the run must be over and judged by then."""
        if self._run is not None:
            self._run.replay.stop(INTERRUPTED)
        environment.runner.stop()
        if self._concluded is not None:
            self._concluded.wait()

    def before_reset(self, **_: Any) -> None:
        """Somebody sets Locust's statistics back; the run's own count is none of them."""
        if self._run is not None:
            self._counted = self._all_requests()

    def standing(self) -> dict[str, Any]:
        """What our page shows."""
        run = self._run
        if run is None:
            return standing_of(self._last, self._told)
        state = RUNNING if run.replay.stopped_by is None else STOPPING
        outcomes = () if run.account.live is None else run.account.live.outcomes
        told = Told(state=state, expect=run.plan.expect, outcomes=outcomes)
        return standing_of(status_of(run, run.clock.now_ns()), told)

    def report(self) -> Path | None:
        """Where the report of the last run is."""
        return self._report_path

    def _all_requests(self) -> int:
        return self._counted + int(self._environment.stats.total.num_requests)

    def _end_with_the_run(self, environment: Any, run: Run) -> None:
        run.replay.over.wait()
        if self._stopping:
            return
        if environment.web_ui is None:
            environment.runner.quit()
        else:
            environment.runner.stop()


def _hear_ctrl_c(**_: Any) -> None:
    """End Locust's main greenlet by Ctrl-C, as it expects, and nothing else.

    Python raises KeyboardInterrupt wherever it happens to be: in the middle of a send, or while a socket is
    finalized, which swallows it, so that nothing ends at all.
    """
    import gevent

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        gevent.signal_handler(signal.SIGINT, gevent.get_hub().parent.throw, KeyboardInterrupt)


def _add_options(parser: Any) -> None:
    parser.set_defaults(web_host=LOCAL_HOST)  # Locust's own default is every address
    group = parser.add_argument_group("Replay", "The options of `harness replay`.")
    group.add_argument("--recording", help="The recording to replay; without it the bundled one.")
    for option in _OFFERED:
        _add_option(group, option)


def _add_option(group: Any, option: Option) -> None:
    text = option.help.replace("%", "%%")
    if option.is_flag:
        group.add_argument(f"--{option.name}", action="store_true", help=text)
    elif option.many:
        group.add_argument(f"--{option.name}", action="append", metavar=option.metavar, help=text)
    else:
        group.add_argument(f"--{option.name}", metavar=option.metavar, help=text)


def _plan(environment: Any, *, auto_users: bool) -> Plan:
    options = environment.parsed_options
    given: dict[str, Any] = {
        option.field: value for option in _OFFERED if (value := getattr(options, option.field))
    }
    if environment.host:
        given["target"] = [environment.host]
    if not auto_users:
        given["users"] = str(environment.runner.target_user_count)
    if options.run_time:
        given["duration"] = f"{options.run_time}s"
    if options.stop_timeout:
        given["stop_timeout"] = f"{options.stop_timeout:g}s"
    recording = options.recording
    if not recording:
        recording = str(demo_recording())
        if "speed" not in given and "rate" not in given:
            given["speed"] = f"{demo_speed():g}"
    return make_plan(recording, given)


def _who_stops(run: Run) -> str:
    """Somebody, or Locust's clock for the run time: that rings a little before the run's own."""
    duration_ns, started_ns = run.plan.duration, run.replay.started_ns
    if duration_ns is None or started_ns is None:
        return _BY_LOCUST
    is_over = run.clock.now_ns() - started_ns >= duration_ns - _HEAD_START_NS
    return _BY_DURATION if is_over else _BY_LOCUST


def _why(error: HarnessError) -> str:
    """The error as somebody reads it in a browser, who has no command line there."""
    where = "Options are said where Locust was started, not in its form." if "--" in str(error) else ""
    return f"{error} {where}".strip()


def _refuse(environment: Any, error: HarnessError) -> None:
    import gevent

    if environment.web_ui is None:
        click.echo(f"harness: {error}", err=True)
    else:
        _log.error(_why(error))  # Locust's UI shows it among its logs, and prints it
    environment.process_exit_code = error.exit_code
    gevent.spawn(environment.runner.quit if environment.web_ui is None else environment.runner.stop)
    sys.stderr.flush()
