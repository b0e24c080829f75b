"""`harness replay`: the main job."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import click

from harness.cli.ci_options import ci_options, csv_option, tell
from harness.cli.web import WEB_ADDRESS, hand_over, locust_arguments
from harness.errors import UsageError
from harness.options import GROUPS, OPTIONS, Option


class GroupedCommand(click.Command):
    """A command whose help shows the options used most first, the others in named groups."""

    table: ClassVar[Sequence[Option]] = OPTIONS

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records: dict[str, list[tuple[str, str]]] = {group: [] for group in (*GROUPS, "Also")}
        group_of = {option.field: option.group for option in self.table}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                records[group_of.get(parameter.name or "", "Also")].append(record)
        for group, lines in records.items():
            if lines:
                with formatter.section(group):
                    formatter.write_dl(lines)


def options_of(table: Sequence[Option]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """All options of a table, as click sees them: texts, read by the table itself."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(table):
            command = _click_option(option)(command)
        return command

    return decorated


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Those that were given, by field; click tells the others as None, False or empty."""
    return {field: value for field, value in options.items() if value not in (None, False, ())}


def _click_option(option: Option) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    name = f"--{option.name}"
    if option.is_flag:
        return click.option(name, option.field, is_flag=True, default=False, help=option.help)
    return click.option(
        name, option.field, multiple=option.many, default=None, metavar=option.metavar, help=option.help
    )


@click.command(
    "replay",
    cls=GroupedCommand,
    epilog="Example: harness replay week.ndjson.gz --speed 60 --target http://127.0.0.1:8080",
)
@click.argument("recording", required=False)
@click.option("--scenario", metavar="FILE.toml", help="Take options from a file; the command line wins.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json on standard output.")
@click.option("--web", is_flag=True, help="Show it in Locust's web UI, with a page of ours at /replay.")
@click.option(
    "--web-address", default=WEB_ADDRESS, show_default=True, metavar="HOST:PORT", help="Where, with --web."
)
@ci_options
@csv_option
@options_of(OPTIONS)
def replay_command(
    recording: str | None,
    *,
    scenario: str | None,
    as_json: bool,
    web: bool,
    web_address: str,
    junit: Path | None,
    ci: str,
    **options: Any,
) -> None:
    """Replay RECORDING with its recorded timing and prove what became of every item.

    RECORDING is NDJSON (.ndjson, .jsonl, also .gz), or - for standard input. Without --target the bundled
    mock is started for the run. The report's path is printed last.
    """
    from harness.plan import make_plan, read_scenario

    csv_file = options.pop("csv_file")
    given = given_options(options)
    plan = make_plan(recording, given, read_scenario(scenario) if scenario else None)
    if web:
        if scenario or as_json or junit is not None or csv_file is not None:
            raise UsageError("--web stands beside no --scenario, --json, --junit or --csv; leave it out")
        hand_over(locust_arguments(plan.recording, given, web_address))
    run_plan(plan, as_json=as_json, junit=junit, ci=ci, csv_file=csv_file)


def run_plan(
    plan: Any,
    *,
    as_json: bool,
    junit: Path | None = None,
    ci: str = "auto",
    csv_file: Path | None = None,
) -> None:
    """Run a plan with a progress display, print its report, tell a build server, and exit with its code."""
    import sys

    from harness.replay import replay_recording
    from harness.report.build_server import check_junit_path, told_of_run
    from harness.report.progress import Progress
    from harness.report.timeline_csv import check_csv_path, write_csv

    check_junit_path(junit)
    check_csv_path(csv_file)
    if plan.dry_run:
        from harness.dry_run import dry_run

        click.echo(dry_run(plan, as_json=as_json))
        return
    progress = Progress()
    try:
        result = replay_recording(plan, progress)
    finally:
        progress.close()
    if result.error is not None:
        click.echo(f"harness: {result.error}", err=True)
    click.echo(result.as_json if as_json else result.text)
    if not as_json:
        click.echo(result.report_path)
    if csv_file is not None:
        write_csv(csv_file, result.document)
    tell(told_of_run(result.document), junit=junit, ci=ci)
    sys.exit(result.exit_code)
