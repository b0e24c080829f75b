"""`harness check limits`: does an API admit, refuse and announce what its documentation says."""

import json
import signal
import sys
from pathlib import Path
from typing import Any, Final

import click

from harness.cli.ci_options import ci_options, tell
from harness.errors import EXIT_INTERRUPTED, EXIT_OK, UsageError
from harness.units import parse_duration_ns

_APIS: Final = ("tracking", "profile", "config")


@click.command(
    "limits",
    epilog="Example: harness check limits --api tracking --target http://127.0.0.1:8765",
)
@click.option(
    "--api",
    type=click.Choice([*_APIS, "all"]),
    default="all",
    show_default=True,
    help="Whose limits; of one URL that is no mock, all is the Tracking API's.",
)
@click.option(
    "--target", metavar="URL | API=URL", help="The server; without it a mock is started.", multiple=True
)
@click.option(
    "--limit",
    "limit_texts",
    metavar="API=RATE",
    help="What is documented, like tracking=1000/s, tracking=1000messages/s or tracking@workspace=800/s.",
    multiple=True,
)
@click.option("--only", metavar="CHECK", help="One of --list. Many can be given.", multiple=True)
@click.option("--list", "as_list", is_flag=True, help="Show the checks, and ask nothing.")
@click.option(
    "--counting",
    type=click.Choice(["sliding", "fixed"]),
    default="sliding",
    show_default=True,
    help="sliding: no window may hold more than the limit. fixed: twice that across an edge is no failure.",
)
@click.option(
    "--clock",
    type=click.Choice(["auto", "real"]),
    default="auto",
    show_default=True,
    help="auto: freeze and advance the clock of a mock on this machine. real: wait.",
)
@click.option(
    "--confirm-host", metavar="HOST", help="The host of --target, if it is not this machine.", multiple=True
)
@click.option(
    "--confirm-source", metavar="key:LAST4", help="The end of the write key that is meant.", multiple=True
)
@click.option(
    "--confirm-workspace",
    metavar="NAME",
    help="Allow more than 80 % of the limit beyond this machine; SEGMENT_WORKSPACE must say the same.",
)
@click.option("--ca-file", metavar="FILE", help="Certificates of authorities to trust besides the system's.")
@click.option(
    "--max-requests", type=click.IntRange(1), default=50_000, show_default=True, metavar="N", help="In all."
)
@click.option("--max-time", default="15m", show_default=True, metavar="TIME", help="In all.")
@click.option(
    "--on-inconclusive",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="Whether a check that stays open ends with 4 or with 0.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@ci_options
def check_limits_command(junit: Path | None, ci: str, on_inconclusive: str, **options: Any) -> None:
    """Judge a server: ask it under, at and over its limit, then again when it should have recovered.

    Without --target a mock is started; the clock of a mock stands still and is moved, so that this takes
    seconds. Any other server is asked in real time, and one beyond this machine is confirmed as for a replay
    and asked for 80 % of the limit, unless its workspace is confirmed too. docs/check-limits.md tells more.
    """
    from harness.report.limits_check import listed_checks

    if options["as_list"]:
        click.echo(listed_checks())
        return
    from harness.check_limits import check_limits
    from harness.report.build_server import check_junit_path
    from harness.report.limits_check import limits_document, limits_text
    from harness.throttle.check import INCONCLUSIVE

    check_junit_path(junit)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a clock that was stopped goes on
    try:
        done = check_limits(_asked(options), lambda line: click.echo(line, err=True))
    except KeyboardInterrupt:
        click.echo("harness: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    forgiven = on_inconclusive == "warn" and done.verdict == INCONCLUSIVE
    exit_code = EXIT_OK if forgiven else done.exit_code
    figures = {"requests": done.requests, "duration_ns": done.duration_ns}
    if options["as_json"]:
        document = limits_document(
            done.target, done.limits, done.results, done.verdict, exit_code=exit_code, **figures
        )
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(limits_text(done.target, done.results, done.verdict, **figures))
    _tell(done, junit, ci, inconclusive_fails=on_inconclusive == "fail")
    sys.exit(exit_code)


def _asked(options: dict[str, Any]) -> Any:
    from harness.check_limits import AskedCheck, limits_asked
    from harness.limit_target import Confirmed

    try:
        time_most_ns = parse_duration_ns(options["max_time"])
    except ValueError as error:
        raise UsageError(f"--max-time {error}") from error
    return AskedCheck(
        apis=_APIS if options["api"] == "all" else (options["api"],),
        target=options["target"],
        only=options["only"],
        limits=limits_asked(options["limit_texts"]),
        counting=options["counting"],
        confirmed=Confirmed(
            hosts=options["confirm_host"],
            sources=options["confirm_source"],
            workspace=options["confirm_workspace"],
            ca_file=options["ca_file"],
        ),
        steer=options["clock"] == "auto",
        requests_most=options["max_requests"],
        time_most_ns=time_most_ns,
        # A mock of our own has the limits that are to be checked.
        mock_options=[word for text in options["limit_texts"] for word in ("--limit", text)],
    )


def _tell(done: Any, junit: Path | None, ci: str, *, inconclusive_fails: bool) -> None:
    from harness.report.build_server import Told
    from harness.report.limits_check import checks_of_limits
    from harness.report.step_summary import checks_summary
    from harness.units import NS_PER_S

    results = checks_of_limits(done.results)
    title = f"check limits: {done.target}"
    tell(
        Told(
            "check limits",
            results,
            lambda bytes_most: checks_summary(title, results, bytes_most),
            {"target": done.target, "verdict": done.verdict},
            done.duration_ns / NS_PER_S,
            None,
        ),
        junit=junit,
        ci=ci,
        inconclusive_fails=inconclusive_fails,
    )
