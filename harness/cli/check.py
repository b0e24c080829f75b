"""`harness check`: does a server, or a client, handle rate limits as it should."""

import click

from harness.cli.check_client import check_client_command
from harness.cli.check_limits import check_limits_command


@click.group("check")
def check_group() -> None:
    """Check how rate limits and failures are handled.

    Example: harness check client --only B -- python my_sender.py
    """


check_group.add_command(check_limits_command)
check_group.add_command(check_client_command)
