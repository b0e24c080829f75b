"""`harness import`: make a recording of foreign traffic."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

_STREAM = "-"


@click.command("import", short_help="Make a recording of foreign traffic.")
@click.argument("format_name", metavar="FORMAT")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="OUT", required=True, help="The recording to write; .gz compresses.")
def import_command(format_name: str, inputs: tuple[str, ...], output: str) -> None:
    """Make a recording, sorted by time, of traffic in another FORMAT.

    FORMAT is otto: shop sessions as OTTO publishes them. INPUT and OUT may be `-`, a stream.

    \b
    Example:
      harness import otto sessions.jsonl -o recordings/shop.ndjson
    """  # noqa: D301 - click reads the backslash, which keeps the lines apart
    from harness.errors import UsageError
    from harness.importers.registry import IMPORTERS, Input, import_lines
    from harness.recording.writer import write_recording
    from harness.units import format_size

    importer = IMPORTERS.get(format_name)
    if importer is None:
        raise UsageError(
            f"{format_name!r} is no format that can be imported; choose one of {', '.join(IMPORTERS)}"
        )
    sources = (Input("stdin" if name == _STREAM else name, _lines(name)) for name in inputs)
    written = write_recording(output, importer.header, import_lines(importer, sources))
    place = "standard output" if output == _STREAM else output
    click.echo(f"wrote {written.lines:,} lines, {format_size(written.bytes)}, to {place}", err=True)


def _lines(name: str) -> Iterator[bytes]:
    from harness.errors import RecordingError

    if name == _STREAM:
        yield from sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield from file
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordingError(f"{name}: cannot be read: {reason}; name a file that is there") from error
