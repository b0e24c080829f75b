"""`harness check client`: does a program handle limits and failures as it should."""

import json
import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

import click

from harness.cli.ci_options import ci_options, tell
from harness.errors import UsageError

_PROFILES: Final = ("segment-2026", "rfc", "legacy")


@click.command(
    "client",
    context_settings={"ignore_unknown_options": True},
    epilog="Example: harness check client --only A --only B1 -- python my_sender.py",
)
@click.option(
    "--profile",
    type=click.Choice(_PROFILES),
    default=_PROFILES[0],
    show_default=True,
    help="What is a must: as Segment's libraries agreed in 2026, by the RFCs alone, or before 2026.",
)
@click.option("--only", multiple=True, metavar="CASE", help="A group (B), a case (B1) or a variant (A7.400).")
@click.option("--full", is_flag=True, help="Also caps, exhaustion, cycles of a herd, shutdown: many minutes.")
@click.option("--list", "as_list", is_flag=True, help="Show the cases with their costs, and play nothing.")
@click.option("--e2e-cli", metavar="CMD", help="A driver of Segment's own kind, which takes --input JSON.")
@click.option(
    "--produced", metavar="FILE", help="Where the program lists the ids it makes; {case} is the case."
)
@click.option(
    "--dropped", metavar="FILE", help="Where the program lists the ids it gives up; {case} is the case."
)
@click.option(
    "--pause",
    type=click.IntRange(1, 60),
    default=2,
    show_default=True,
    metavar="SECONDS",
    help="The Retry-After that most cases announce.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many programs run at once; 4 for each core, unless they all write one file.",
)
@click.option(
    "--on-inconclusive",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="Whether a case that stays open ends with 4 or with 0.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@ci_options
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def check_client_command(
    command: tuple[str, ...], junit: Path | None, ci: str, e2e_cli: str | None, **options: Any
) -> None:
    """Judge a client: run COMMAND against a mock that throttles and breaks it, case by case.

    COMMAND sends HARNESS_EVENTS messages to HARNESS_URL with the key HARNESS_WRITE_KEY, each with its
    number in properties.harness_seq, and ends when all are delivered or given up. {url}, {write_key} and
    {events} in its arguments say the same. docs/check-client.md is the contract, with drivers to copy.
    """
    from harness.check_client import AskedClient, check_client, choose
    from harness.client_runs.driver import Driver
    from harness.report.build_server import Told, check_junit_path
    from harness.report.client_check import checks_of_client, client_document, client_text, listed_cases
    from harness.report.step_summary import checks_summary

    only, full, profile = options["only"], options["full"], options["profile"]
    if options["as_list"]:
        click.echo(listed_cases(choose(only, full=full or not only), profile))
        return
    if bool(command) == bool(e2e_cli):
        raise UsageError("name one program: harness check client -- COMMAND, or --e2e-cli CMD")
    check_junit_path(junit)
    words = tuple(shlex.split(e2e_cli)) if e2e_cli else command
    asked = AskedClient(
        driver=Driver(words, bool(e2e_cli), options["produced"], options["dropped"]),
        profile=profile,
        only=only,
        full=full,
        at_once=options["at_once"] or 4 * (os.cpu_count() or 1),
        pause_s=options["pause"],
        on_inconclusive=options["on_inconclusive"],
    )
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # an exception could come between a start and its end
        signal.signal(number, lambda *_: stopping.set())
    done = check_client(asked, say=lambda line: click.echo(line, err=True), stopping=stopping)
    shown = shlex.join(words)
    if options["as_json"]:
        document = client_document(
            done.results,
            profile=profile,
            command=words,
            duration_s=done.duration_s,
            exit_code=done.exit_code,
        )
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(
            client_text(
                done.results,
                profile=profile,
                command=shown,
                duration_s=done.duration_s,
                why_not=done.why_not,
            )
        )
    results = checks_of_client(done.results, inconclusive_warns=asked.on_inconclusive == "warn")
    told = Told(
        "check client",
        results,
        lambda bytes_most: checks_summary(f"check client: {shown}", results, bytes_most),
        {"profile": profile},
        done.duration_s,
        None,
    )
    tell(told, junit=junit, ci=ci)
    sys.exit(done.exit_code)
