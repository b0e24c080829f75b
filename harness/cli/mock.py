"""`harness mock`: run Segment in a box."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from harness.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from harness.mock.limits.rule import LimitRule
    from harness.mock.settings import MockSettings

_FILE: Final = click.Path(path_type=Path)
_OF_LISTEN: Final = ("host", "port", "tls", "ca_out", "ready_file", "names")
_GIVEN: Final = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@click.command("mock")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0 takes a free port."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen. Beyond loopback only when you name it here; who steers it then needs a token.",
)
@click.option("--tls", is_flag=True, help="Speak HTTPS, with an authority made for this run.")
@click.option("--ca-out", type=_FILE, metavar="FILE", help="With --tls: write the certificate to trust here.")
@click.option(
    "--ledger",
    "directory",
    type=_FILE,
    metavar="DIR",
    help="Keep the account of every message here, over restarts. Without it the account ends with the mock.",
)
@click.option("--config", type=_FILE, metavar="FILE.toml", help="Read settings; the command line wins.")
@click.option(
    "--limits",
    default="documented",
    show_default=True,
    metavar="PRESET",
    help="Limits by name: documented (500 tracking requests a second for each write key, and more), none, "
    "and others in docs/mock.md.",
)
@click.option(
    "--limit",
    "limit_texts",
    multiple=True,
    metavar="API=RATE",
    help="Another limit, like tracking=50/s, config=100/min or tracking=1000messages/s. Many can be given.",
)
@click.option(
    "--behaviour",
    type=click.Choice(["documented", "strict"]),
    default="documented",
    show_default=True,
    help="documented: lenient, as Segment is. strict: refuse what a stricter collector would.",
)
@click.option(
    "--fault",
    "fault_texts",
    multiple=True,
    metavar="FIELD=VALUE,…",
    help="Play a fault, like status=503,first=3 or outcome=hang,endpoint=/v1/batch. Many can be given.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    envvar="SEGMENT_MOCK_NAMES",
    metavar="NAME",
    help="Another name under which clients reach it, such as that of a service container. Many can be given.",
)
@click.option("--ready-file", type=_FILE, metavar="FILE", help="Have the ready line here while it answers.")
@click.option("--note-calls", is_flag=True, hidden=True, help="Note each call in the journal.")
@click.option("--value-path", hidden=True, help="Note the digest of this value of each message.")
@click.option("--parent-pipe", is_flag=True, hidden=True, help="End when standard input ends.")
@click.pass_context
def mock_command(context: click.Context, /, *, parent_pipe: bool, **options: Any) -> None:
    """Run a mock of Segment's Tracking, Profile and Config APIs, which accounts for every message it sees.

    One JSON line on standard output says where it listens; a browser shows there what comes in, and GET
    /__admin/ledger answers the counts. It ends on Ctrl-C or SIGTERM. The token for the admin calls is read
    from SEGMENT_MOCK_TOKEN; beyond loopback one is made, and is in the line, when there is none.

    \b
    Example:
      harness mock --port 8765 --ledger ledger/ --limit tracking=50/s
    """  # noqa: D301 - click wants a real backspace, and a raw string has none
    given = {name: value for name, value in options.items() if context.get_parameter_source(name) in _GIVEN}
    try:
        settings = _settings(given)
        if not parent_pipe:  # else a program has it for itself, and the shell's token is not meant for that
            settings = _with_token(settings)
        from harness.mock.serve import run

        run(settings, parent_pipe=parent_pipe)
    except HarnessError as error:
        click.echo(f"harness mock: {error}", err=True)
        context.exit(error.exit_code)


def _settings(given: dict[str, Any]) -> "MockSettings":
    """The settings of the file, where there is one, with what the command line changes."""
    from msgspec.structs import replace

    from harness.mock.settings import MockSettings, read_settings, with_limits

    settings = read_settings(given["config"]) if "config" in given else MockSettings()
    try:
        listen = replace(settings.listen, **{name: given[name] for name in _OF_LISTEN if name in given})
    except ValueError as error:
        raise UsageError(f"{error} (--tls, --ca-out)" if "ca_out" in given else str(error)) from error
    settings = replace(settings, listen=listen)
    if "directory" in given:
        settings = replace(settings, ledger=replace(settings.ledger, directory=given["directory"]))
    if "note_calls" in given:
        noted = replace(settings.ledger, calls=True, value_path=given.get("value_path") or "")
        settings = replace(settings, ledger=noted)
    if "behaviour" in given:
        settings = replace(settings, tracking=replace(settings.tracking, behaviour=given["behaviour"]))
    if "fault_texts" in given:
        from harness.mock.short_forms import fault_of

        settings = replace(settings, faults=(*settings.faults, *map(fault_of, given["fault_texts"])))
    rules: tuple[LimitRule, ...] = ()
    if "limit_texts" in given:
        from harness.mock.short_forms import limit_of

        rules = tuple(map(limit_of, given["limit_texts"]))
    try:
        return with_limits(settings, given.get("limits"), rules)
    except ValueError as error:
        raise UsageError(f"--limits {given.get('limits')}: {error}") from error


def _with_token(settings: "MockSettings") -> "MockSettings":
    """The settings with the token of the environment, where there is one."""
    from msgspec.structs import replace

    from harness.mock.listen import TOKEN_VARIABLE

    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        return settings
    try:
        return replace(settings, listen=replace(settings.listen, token=token))
    except ValueError as error:
        raise UsageError(f"{TOKEN_VARIABLE}: {error}") from error
