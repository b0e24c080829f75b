"""`harness observe`: a report on traffic that somebody else sends."""

from pathlib import Path
from typing import Any, Final

import click

from harness.cli.ci_options import ci_options, tell
from harness.errors import UsageError

_FILE: Final = click.Path(path_type=Path)


@click.command(
    "observe", epilog="Example: harness observe --expect 'reconciliation.missing == 0' -- npm test"
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--run-dir", type=_FILE, metavar="DIR", help="The run folder; a new one in reports/ without it."
)
@click.option("--duration", metavar="TIME", help="End after so long, the command too.")
@click.option(
    "--expect",
    "expect",
    multiple=True,
    metavar="EXPR",
    help="Fail unless this holds, as for `harness replay`.",
)
@click.option(
    "--expected", type=_FILE, metavar="FILE", help="The values that should come: one a line, or a recording."
)
@click.option("--key", metavar="PATH", help="Where a message has its value, like properties.order_id.")
@click.option("--allow", metavar="STATE=N,…", help="Pass in spite of so many, as in rejected=10,abandoned=2.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0 takes a free port."
)
@click.option("--limits", metavar="PRESET", help="The mock's limits by name, as for `harness mock`.")
@click.option("--limit", multiple=True, metavar="API=RATE", help="Another limit, as for `harness mock`.")
@click.option("--fault", multiple=True, metavar="FIELD=VALUE,…", help="Play a fault, as for `harness mock`.")
@click.option("--config", type=_FILE, metavar="FILE.toml", help="The mock's settings; these options win.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json on standard output.")
@ci_options
def observe_command(
    command: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click's signature
    junit: Path | None,
    ci: str,
    **options: Any,
) -> None:
    """Run a mock of Segment and report on what others send to it, as its receiver saw it.

    With COMMAND it runs that, tells it the address as $SEGMENT_MOCK and {url} and a write key as
    $SEGMENT_WRITE_KEY and {write_key}, and ends with it; without, it ends on Ctrl-C. What only a sender knows
    is null in run.json and not measured.
    """
    import sys

    from harness.observe import observe_traffic
    from harness.report.build_server import check_junit_path, told_of_run
    from harness.report.progress import Progress

    check_junit_path(junit)
    progress = Progress()
    try:
        result = observe_traffic(_plan(command, options), progress)
    finally:
        progress.close()
    if result.error is not None:
        click.echo(f"harness: {result.error}", err=True)
    click.echo(result.as_json if as_json else result.text)
    if not as_json:
        click.echo(result.report_path)
    tell(told_of_run(result.document), junit=junit, ci=ci)
    sys.exit(result.exit_code)


def _plan(command: tuple[str, ...], options: dict[str, Any]) -> Any:
    from harness.expectations import parse_expectation
    from harness.observe_plan import ObservePlan
    from harness.options import BY_FIELD
    from harness.units import parse_duration_ns

    if (options["expected"] is None) != (options["key"] is None):
        raise UsageError(
            "--expected and --key go together: a list of values, and where a message has its own, "
            "like --key properties.order_id"
        )
    expect = options.pop("expect")
    duration, allow = options.pop("duration"), options.pop("allow")
    try:
        return ObservePlan(
            command=command,
            key=options.pop("key") or "",
            expect=tuple(_read("--expect", text, parse_expectation) for text in expect),
            duration_ns=None if duration is None else _read("--duration", duration, parse_duration_ns),
            allow={} if allow is None else dict(_read("--allow", allow, BY_FIELD["allow"].parse)),
            **options,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def _read(option: str, text: str, parse: Any) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error
