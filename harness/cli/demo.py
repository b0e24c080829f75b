"""`harness demo`: the main job on the bundled recording, against the bundled mock."""

import os

import click


@click.command("demo", epilog="Example: harness demo")
@click.option("--run-dir", metavar="DIR", help="The folder of this run; by default reports/RUN-ID.")
def demo_command(run_dir: str | None) -> None:
    """Replay four weeks of a real shop in about 20 seconds and account for every item.

    The recording ships with the harness; the bundled mock of Segment is started for the run and ended with
    it, so nothing leaves this machine. The report's path is printed last.
    """
    from harness.bundled import demo_recording, demo_speed
    from harness.cli.replay import run_plan
    from harness.plan import make_plan

    speed = demo_speed()
    click.echo(
        f"Replaying four weeks of a real shop (OTTO, CC BY 4.0) at {speed:,.0f} times its pace, "
        "about 20 seconds, against the bundled mock of Segment.",
        err=True,
    )
    given = {"speed": f"{speed:g}"}
    if run_dir:
        given["run_dir"] = run_dir
    recording = demo_recording()
    run_plan(make_plan(os.path.relpath(recording), given), as_json=False)
