"""`harness mock`: run Segment in a box."""

from pathlib import Path
from typing import Final

import click

from harness.errors import HarnessError, UsageError
from harness.model import Limit
from harness.segment.limits import BRIEF
from harness.units import parse_limit

_API: Final = "tracking"


@click.command("mock")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0 takes a free port."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen. Beyond loopback only when you name it here: it asks nobody who they are.",
)
@click.option(
    "--ledger",
    "directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the account of every message here, over restarts. Without it the account ends with the mock.",
)
@click.option(
    "--limits",
    type=click.Choice(["documented", "none"]),
    default="documented",
    show_default=True,
    help="documented: 500 tracking requests a second for each write key.",
)
@click.option("--limit", "limit_text", metavar="tracking=RATE", help="Another limit, like tracking=50/s.")
@click.option("--parent-pipe", is_flag=True, hidden=True, help="End when standard input ends.")
@click.pass_context
def mock_command(
    context: click.Context,
    *,
    port: int,
    host: str,
    directory: Path | None,
    limits: str,
    limit_text: str | None,
    parent_pipe: bool,
) -> None:
    """Run a mock of Segment's Tracking API, which accounts for every message it sees.

    One JSON line on standard output says where it listens; GET /__admin/ledger answers the counts.
    It ends on Ctrl-C or SIGTERM.

    \b
    Example:
      harness mock --port 8765 --ledger ledger/ --limit tracking=50/s
    """  # noqa: D301 - click wants a real backspace, and a raw string has none
    try:
        limit = _limit(limits, limit_text)
        from harness.mock.serve import run

        run(host=host, port=port, directory=directory, limit=limit, parent_pipe=parent_pipe)
    except HarnessError as error:
        click.echo(f"harness mock: {error}", err=True)
        context.exit(error.exit_code)


def _limit(preset: str, text: str | None) -> Limit | None:
    documented = next(limit for limit in BRIEF if limit.api == _API)
    if text is None:
        return documented if preset == "documented" else None
    api, _, rate = text.partition("=")
    if api.strip() != _API:
        raise UsageError(f"--limit {text}: this mock limits tracking alone; write --limit tracking=50/s")
    try:
        count, window_ns = parse_limit(rate)
    except ValueError as error:
        raise UsageError(f"--limit {text}: {error}") from error
    return Limit(
        _API, f"Tracking {rate.strip()} per source", count, window_ns, "requests", "source", "--limit"
    )
