"""`harness generate`: make recordings that nobody recorded."""

import click


@click.group("generate", epilog="Example: harness generate profile-reads --from shop.ndjson -o mixed.ndjson")
def generate_command() -> None:
    """Make recordings that nobody recorded; each kind has its own command."""


@generate_command.command(
    "profile-reads",
    epilog=(
        "Example: harness generate profile-reads --from shop.ndjson --ratio 0.2 --after 200ms -o mixed.ndjson"
    ),
)
@click.option("--from", "recording", metavar="RECORDING", required=True, help="Whose people; - is a stream.")
@click.option(
    "--ratio", metavar="SHARE", default="0.2", show_default=True, help="Reads for each message, 0 to 1."
)
@click.option(
    "--after",
    metavar="TIME",
    default="200ms",
    show_default=True,
    help="How long after its message a read comes.",
)
@click.option(
    "--space",
    metavar="ID",
    default="space",
    show_default=True,
    help="The space id in the paths of the reads.",
)
@click.option("--reads-only", is_flag=True, help="Leave the recording's own lines out.")
@click.option(
    "--seed", type=int, metavar="N", default=0, show_default=True, help="The same seed, the same reads."
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    default="-",
    show_default=True,
    help="The recording to write; .gz compresses.",
)
def profile_reads_command(  # noqa: PLR0917 - click's signature
    recording: str,
    ratio: str,
    after: str,
    space: str,
    reads_only: bool,  # noqa: FBT001 - as above
    seed: int,
    output: str,
) -> None:
    """Add to a recording reads of the traits of people who were just tracked.

    A replay of what is written tells how many reads found a profile and, at the mock, how soon. The space id
    in the paths gives way to SEGMENT_SPACE_ID when it is replayed.
    """
    from harness.errors import UsageError
    from harness.generate.profile_reads import Asked, add_profile_reads
    from harness.units import format_size, parse_duration_ns

    try:
        share = float(ratio)
        after_ns = parse_duration_ns(after)
    except ValueError as error:
        raise UsageError(f"--ratio is a number and --after a time: {error}") from None
    if not 0 <= share <= 1:
        raise UsageError(f"--ratio {ratio} is not from 0 to 1; 0.2 is one read for five messages")
    if not space.strip():
        raise UsageError("--space is empty; leave it out, or name a space")
    added = add_profile_reads(recording, output, Asked(share, after_ns, space, seed, reads_only))
    place = "standard output" if output == "-" else output
    left_out = [
        f"; {count:,} {what}"
        for count, what in (
            (added.nobody, "would have read a message without an id"),
            (added.cut_off, "cut-off last line left out"),
        )
        if count
    ]
    size = format_size(added.written.bytes)
    click.echo(
        f"wrote {added.written.lines:,} lines, {added.reads:,} of them reads, {size}, to {place}"
        + "".join(left_out),
        err=True,
    )
