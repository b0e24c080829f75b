"""`harness report`: draw a run's report again, from its folder alone."""

import json
from pathlib import Path

import click

from harness.cli.ci_options import ci_options, csv_option, tell


@click.command("report", epilog="Example: harness report reports/20260102-030405-abcde")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the numbers, as run.json has them.")
@ci_options
@csv_option
def report_command(
    run: Path,
    as_json: bool,  # noqa: FBT001 - click's signature
    junit: Path | None,
    ci: str,
    csv_file: Path | None,
) -> None:
    """Draw report.html of the run folder RUN again and print its text; nothing is sent.

    A run that died is drawn from what it had written down until then.
    """
    from harness.redraw import redraw
    from harness.report.build_server import check_junit_path, told_of_run
    from harness.report.text import text_report
    from harness.report.timeline_csv import check_csv_path, write_csv

    check_junit_path(junit)
    check_csv_path(csv_file)
    document = redraw(run)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(text_report(document))
        click.echo(run / "report.html")
    if csv_file is not None:
        write_csv(csv_file, document)
    tell(told_of_run(document), junit=junit, ci=ci)
