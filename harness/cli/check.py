"""`harness check`: does a server, or a client, handle rate limits as it should."""

import click

from harness.cli.check_limits import check_limits_command


@click.group("check")
def check_group() -> None:
    """Check how rate limits are handled.

    Example: harness check limits
    """


check_group.add_command(check_limits_command)
