"""The options `--junit`, `--csv` and `--ci`, the same for each command that has a run to tell of."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.report.build_server import Told


def ci_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the two to a command, as `junit` and `ci`."""
    command = click.option(
        "--ci",
        type=click.Choice(["auto", "github", "none"]),
        default="auto",
        show_default=True,
        help="Tell GitHub in a job's summary and in annotations; auto: where it runs us.",
    )(command)
    return click.option(
        "--junit",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the checks for a build server, one test case each.",
    )(command)


csv_option = click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the timeline, one row a second; docs/pipelines.md has the columns.",
)


def tell(told: "Told", *, junit: Path | None, ci: str, inconclusive_fails: bool = True) -> None:
    """As `tell_build_server`, in this process's environment; lines for GitHub go to standard error."""
    from harness.report.build_server import tell_build_server

    tell_build_server(
        told,
        junit=junit,
        ci=ci,
        environment=os.environ,
        say=lambda line: click.echo(line, err=True),
        inconclusive_fails=inconclusive_fails,
    )
