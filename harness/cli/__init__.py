"""The command line: one file a command, loaded when it is called, so that `--help` is quick."""

import importlib
import sys
from typing import Final, NamedTuple

import click

from harness.errors import EXIT_INTERRUPTED, HarnessError


class Entry(NamedTuple):
    """Where a command lives, and its line in the list."""

    module: str
    attribute: str
    short_help: str


COMMANDS: Final = {
    "demo": Entry("demo", "demo_command", "The main job on the bundled recording, against the bundled mock."),
    "replay": Entry(
        "replay", "replay_command", "Replay a recording with its own timing; account for every item."
    ),
    "capacity": Entry(
        "capacity", "capacity_command", "The highest rate that holds, and what stops the next."
    ),
    "check": Entry("check", "check_group", "Does a server, or a client, handle limits as it should?"),
    "observe": Entry("observe", "observe_command", "A report on traffic that somebody else sends."),
    "report": Entry("report", "report_command", "Draw the report of a run again, from its folder."),
    "compare": Entry("compare", "compare_command", "What changed between runs, beyond chance or not."),
    "import": Entry("import_", "import_command", "Make a recording from foreign traffic."),
    "generate": Entry("generate", "generate_command", "Make a recording that nobody recorded."),
    "mock": Entry("mock", "mock_command", "Run Segment in a box."),
}


class LazyGroup(click.Group):
    """Lists the commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(f"harness.cli.{entry.module}"), entry.attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - our own table
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.short_help) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="segment-harness", prog_name="harness")
def group() -> None:
    """Replay recorded Segment traffic with its own timing, and prove what became of every item.

    \b
    Start here:
      harness demo
      harness replay recordings/otto-shop.ndjson --speed 100000
    """  # noqa: D301 - click reads the backslash, which keeps the lines apart


def main() -> None:
    """Run a command; an error that is the user's to mend is one sentence and its exit code."""
    try:
        group(prog_name="harness")
    except HarnessError as error:
        click.echo(f"harness: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("harness: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
