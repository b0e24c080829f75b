"""`harness compare`: what changed between runs."""

import sys
from pathlib import Path

import click

from harness.errors import UsageError


@click.command(
    "compare", epilog="Example: harness compare reports/20260102-030405-abcde reports/20260103-030405-fghij"
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN RUN…")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Compare each RUN with this one, rather than with the first.",
)
@click.option(
    "--max-regression",
    metavar="SHARE%",
    help="Exit 3 when a figure is worse by more than this, beyond chance, as in 10%.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON on standard output.")
@click.option(
    "--html", "page", type=click.Path(path_type=Path), metavar="FILE", help="Write it as a page as well."
)
def compare_command(
    runs: tuple[Path, ...],
    baseline: Path | None,
    max_regression: str | None,
    as_json: bool,  # noqa: FBT001 - click's signature
    page: Path | None,
) -> None:
    """Say what changed between runs, by how much, and whether beyond what chance does.

    Each RUN is a run folder or a run.json; all others are compared with the first. Runs of another recording,
    plan or machine, or of less than a minute, are not comparable: that ends with exit 4, and the figures are
    shown all the same.
    """
    from harness.asked_pipeline import parse_regression
    from harness.compare import compare_runs
    from harness.report.comparison_html import write_comparison

    paths = [*([] if baseline is None else [baseline]), *runs]
    if len(paths) < 2:
        raise UsageError("one run has nothing to be compared with; name two, or give --baseline")
    try:
        allowed = None if max_regression is None else parse_regression(max_regression)
    except ValueError as error:
        raise UsageError(f"--max-regression: {error}") from None
    compared = compare_runs(paths, allowed)
    if page is not None:
        write_comparison(page, compared.document, compared.runs)
    click.echo(compared.as_json if as_json else compared.text, nl=as_json)
    sys.exit(compared.exit_code)
