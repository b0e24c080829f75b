"""`harness capacity`: the highest rate that holds."""

import sys
from typing import Any

import click

from harness.asked_capacity import CAPACITY_OPTIONS
from harness.cli.replay import GroupedCommand, given_options, options_of


class CapacityCommand(GroupedCommand):
    """Shows its own options first, then those it shares with a replay."""

    table = CAPACITY_OPTIONS


@click.command(
    "capacity",
    cls=CapacityCommand,
    epilog="Example: harness capacity week.ndjson.gz --target http://127.0.0.1:8080 --expect 'p99 of "
    "response_time_ms < 200ms' --expect 'throttle.throttled == 0' --exceed-limits",
)
@click.argument("recording")
@click.option("--json", "as_json", is_flag=True, help="Print capacity.json on standard output.")
@options_of(CAPACITY_OPTIONS)
def capacity_command(recording: str, as_json: bool, **options: Any) -> None:  # noqa: FBT001 - click's signature
    """Find the highest rate of RECORDING's items at which everything expected still holds.

    Each step holds one rate, open-loop and without retries, until all is answered. The rate doubles until a
    step fails; then what lies between is halved until it is known to --precision. The highest rate that
    passed is held once more before it is reported, with what stopped the next one: the target, the
    generator (then the answer is "at least"), a limit that was set, or --max-rate. The recording is
    repeated as often as it takes, each time with people of its own.
    """
    from harness.asked_capacity import ask
    from harness.capacity import find_capacity
    from harness.report.progress import Progress

    plan, asked = ask(recording, given_options(options))
    progress = Progress()
    try:
        result = find_capacity(plan, asked, progress)
    finally:
        progress.close()
    click.echo(result.as_json if as_json else result.text)
    if not as_json:
        click.echo(result.path)
    sys.exit(result.exit_code)
