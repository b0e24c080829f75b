"""`harness report`: draw a run's report again, from its folder alone."""

from pathlib import Path

import click


@click.command("report", epilog="Example: harness report reports/20260102-030405-abcde")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print run.json on standard output.")
def report_command(run: Path, as_json: bool) -> None:  # noqa: FBT001 - click's signature
    """Draw report.html of the run folder RUN again and print its text; nothing is sent."""
    from harness.report.document import read_json
    from harness.report.html import write_html
    from harness.report.text import text_report

    document = read_json(run / "run.json")
    write_html(run / "report.html", document)
    if as_json:
        click.echo((run / "run.json").read_text("utf-8"), nl=False)
        return
    click.echo(text_report(document))
    click.echo(run / "report.html")
