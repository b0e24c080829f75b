"""A mock of our own: started, stopped, and never left behind."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest

from harness.clock import ManualClock
from harness.mock.launch import MockStartError, launch

ENDS = """
    import os, sys
    from harness.mock.launch import launch
    mock = launch(limits="none")
    print(mock.pid, flush=True)
    {end}
"""


def is_gone(pid: int, within_s: float = 10) -> bool:
    """Waits for a process that is not our child."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("needs pidfd_open")
    import select

    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], within_s)[0])
    finally:
        os.close(fd)


def test_it_answers_until_it_is_stopped_and_stopping_twice_is_fine():
    with launch(limits="none") as mock:
        health = httpx.get(mock.url + "/__admin/health", trust_env=False).json()
        assert health["instance"] == mock.instance
        assert str(mock.port) in mock.url
    assert is_gone(mock.pid)
    mock.stop()
    assert mock._process.returncode == 0


def test_its_ledger_outlives_it(tmp_path):
    with launch(ledger=tmp_path / "a" / "b") as first:
        pass
    with launch(ledger=tmp_path / "a" / "b") as second:
        assert second.instance == first.instance


def test_why_it_did_not_start_is_its_own_sentence_with_its_exit_code(tmp_path):
    with launch(ledger=tmp_path):
        with pytest.raises(MockStartError, match=r"exit 2.*another mock keeps its ledger here") as error:
            launch(ledger=tmp_path)
        assert error.value.exit_code == 2
    with pytest.raises(MockStartError, match="cannot listen") as error:
        launch(extra=["--host", "192.0.2.1"])
    assert error.value.exit_code == 1


def test_one_that_is_never_ready_is_ended():
    before = children()
    with pytest.raises(MockStartError, match="not ready within 0 s"):
        launch(ready_within_s=0, clock=ManualClock())
    assert children() == before


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_no_file_is_left_open():
    before = open_files()
    with launch():
        pass
    with pytest.raises(MockStartError):
        launch(extra=["--host", "192.0.2.1"])
    assert open_files() == before


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)", "raise SystemExit(3)", "pass"])
def test_it_ends_with_its_parent_however_that_ends(end):
    program = textwrap.dedent(ENDS).format(end=end)
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert is_gone(int(run.stdout))


def test_it_works_where_gevent_has_patched_everything():
    program = """
        from gevent import monkey; monkey.patch_all()
        import gevent, socket
        from harness.mock.launch import launch, MockStartError
        ticks = []
        ticker = gevent.spawn(lambda: [(ticks.append(1), gevent.sleep(0.005)) for _ in range(10_000)])
        with launch(limits="none") as mock:
            assert ticks, "other greenlets run while the mock starts"
            with socket.create_connection(("127.0.0.1", mock.port)) as connection:
                connection.sendall(b"GET /__admin/health HTTP/1.0\\r\\n\\r\\n")
                assert b"segment-harness" in connection.makefile("rb").read()
        try:
            launch(extra=["--host", "192.0.2.1"])
        except MockStartError as error:
            assert "cannot listen" in str(error)
        else:
            raise AssertionError
        ticker.kill()
        print(mock.pid, mock._process.returncode)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    pid, code = run.stdout.split()
    assert code == "0"
    assert is_gone(int(pid))


def test_importing_it_brings_no_other_part_of_the_mock():
    program = (
        "import sys, harness.mock.launch; print([m for m in sys.modules if m.startswith('harness.mock')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert run.stdout.strip() == "['harness.mock', 'harness.mock.launch']"
