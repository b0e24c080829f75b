"""`harness report`: draw a run's report again, from its folder alone, or list the runs of a directory."""

import json
from pathlib import Path

import click

from harness.cli.ci_options import ci_options, csv_option, tell
from harness.errors import UsageError


@click.command("report", epilog="Example: harness report reports/20260102-030405-abcde")
@click.argument("run", type=click.Path(path_type=Path), required=False)
@click.option(
    "--index",
    "directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="List the runs of a directory on a page, DIR/index.html, instead.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers, as run.json has them.")
@ci_options
@csv_option
def report_command(
    run: Path | None,
    directory: Path | None,
    *,
    as_json: bool,
    junit: Path | None,
    ci: str,
    csv_file: Path | None,
) -> None:
    """Draw report.html of the run folder RUN again and print its text; nothing is sent.

    A run that died is drawn from what it had written down until then. Of a search for capacity its page
    is drawn.
    """
    if (run is None) == (directory is None):
        raise UsageError("name a run folder, or a directory of them with --index; one of the two")
    if directory is not None:
        from harness.clock import SystemClock
        from harness.report.index import write_index

        click.echo(write_index(directory, SystemClock().wall_ns()))
    elif run is not None:
        _draw(run, as_json=as_json, junit=junit, ci=ci, csv_file=csv_file)


def _draw(run: Path, *, as_json: bool, junit: Path | None, ci: str, csv_file: Path | None) -> None:
    from harness.redraw import redraw, redraw_search
    from harness.report.build_server import check_junit_path, told_of_run
    from harness.report.text import text_report
    from harness.report.timeline_csv import check_csv_path, write_csv

    check_junit_path(junit)
    check_csv_path(csv_file)
    if (run / "capacity.json").is_file():
        document, text = redraw_search(run)
        click.echo(json.dumps(document, indent=2) if as_json else text)
        if not as_json:
            click.echo(run / "report.html")
        return
    document = redraw(run)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(text_report(document))
        click.echo(run / "report.html")
    if csv_file is not None:
        write_csv(csv_file, document)
    tell(told_of_run(document), junit=junit, ci=ci)
