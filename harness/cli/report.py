"""`harness report`: draw a run's report again, from its folder alone."""

import json
from pathlib import Path

import click


@click.command("report", epilog="Example: harness report reports/20260102-030405-abcde")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the numbers, as run.json has them.")
def report_command(run: Path, as_json: bool) -> None:  # noqa: FBT001 - click's signature
    """Draw report.html of the run folder RUN again and print its text; nothing is sent.

    A run that died is drawn from what it had written down until then.
    """
    from harness.redraw import redraw
    from harness.report.text import text_report

    document = redraw(run)
    if as_json:
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(text_report(document))
    click.echo(run / "report.html")
