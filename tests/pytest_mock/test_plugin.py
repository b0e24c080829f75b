"""The plugin inside pytest: in projects of its users, each in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "pytest.md").read_text("utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
INI = re.findall(r"^```ini\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

# What the page's client does when it is in a hurry.
RUDE = """
from shop import Events

def test_rude(segment_mock):
    segment_mock.limit("2/s", retry_after=2)
    events = Events(segment_mock.url, segment_mock.write_key)
    for number in range(5):
        try:
            events.sleep = lambda seconds: 1 / 0
            events.track(f"m-{number}", "Viewed")
        except ZeroDivisionError:
            pass
    segment_mock.assert_retry_after_honoured()
"""


def run_pytest(folder: Path, *options: str, plugins=("harness.pytest_plugin",)) -> tuple[int, str]:
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    env.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "-W", "error"]
    for plugin in plugins:
        command += ["-p", plugin]
    done = subprocess.run(
        [*command, *options], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_examples_of_the_page_pass_and_the_failure_is_as_shown(tmp_path):
    shop, *examples = PYTHON
    (tmp_path / "shop.py").write_text(shop, "utf-8")
    (tmp_path / "pytest.ini").write_text(INI[0], "utf-8")
    for number, example in enumerate(examples):
        (tmp_path / f"test_{number}.py").write_text(example, "utf-8")
    (tmp_path / "test_rude.py").write_text(RUDE, "utf-8")
    code, said = run_pytest(tmp_path, "-q")
    assert f"1 failed, {len(examples)} passed" in said, said
    assert code == 1
    shown = [shape(line) for line in SHOWN[0].splitlines()]
    printed = [shape(line.removeprefix("E").strip()) for line in said.splitlines()]
    for line in shown:
        assert any(line in other for other in printed), f"{line!r} is not printed:\n{said}"


def shape(line: str) -> str:
    """A line without its figures of time and its widths."""
    return " ".join(re.sub(r"\d\.\d{3} s", "T", line).split())


PROJECT = """
import urllib.request
import pytest

def post(mock, body, path="/v1/track"):
    request = urllib.request.Request(mock.url + path, body.encode())
    urllib.request.urlopen(request).close()

def message(mock, id):
    return f'{{"writeKey": "{mock.write_key}", "messageId": "{id}", "userId": "u", "event": "E"}}'

def test_a_key_is_each_tests_own(segment_mock):
    post(segment_mock, message(segment_mock, "one"))
    assert segment_mock.counts()["stored"] == 1

def test_an_id_may_be_used_again_in_the_next_test(segment_mock):
    post(segment_mock, message(segment_mock, "one"))
    segment_mock.assert_delivered_once(["one"])

def test_thrown_away(segment_mock):
    post(segment_mock, f'{{"writeKey": "{segment_mock.write_key}", "event": "E"}}')

@pytest.mark.segment_mock(allow="discarded")
def test_thrown_away_on_purpose(segment_mock):
    post(segment_mock, f'{{"writeKey": "{segment_mock.write_key}", "event": "E"}}')

def test_that_fails_of_itself(segment_mock):
    post(segment_mock, message(segment_mock, "shown-in-report"))
    assert 1 == 2

@pytest.mark.segment_mock(fail=503, times=1, retry_after=9)
class TestMarked:
    def test_by_its_class(self, segment_mock):
        with pytest.raises(urllib.error.HTTPError) as error:
            post(segment_mock, message(segment_mock, "a"))
        assert error.value.headers["Retry-After"] == "9"
        error.value.close()

@pytest.mark.segment_mock(limit="5/s", frozen=True)
def test_marked_alone(segment_mock_server):
    assert segment_mock_server.admin.ask("GET", "/limits")["limits"][0]["count"] == 5
    assert segment_mock_server.admin.ask("GET", "/clock")["frozen"]

def test_marks_do_not_last(segment_mock_server, segment_mock):
    assert segment_mock_server.admin.ask("GET", "/limits")["limits"] == []
    assert not segment_mock_server.admin.ask("GET", "/clock")["frozen"]

@pytest.mark.segment_mock(limits="5/s")
def test_misspelt(): pass

@pytest.mark.segment_mock(retry_after=2)
def test_half_said(): pass
"""


def test_each_test_has_a_mock_of_its_own_and_is_told_of_mistakes(tmp_path):
    (tmp_path / "test_project.py").write_text(PROJECT, "utf-8")
    code, said = run_pytest(tmp_path, "-q", "-p", "no:randomly")
    assert code == 1
    assert "1 failed, 7 passed, 3 errors" in said, said
    assert "1 message answered 200 and thrown away: no_user_anon_id 1" in said
    assert "What the mock of Segment saw" in said
    assert said.count("shown-in-report") >= 1
    assert "does not know 'limits'; it takes limit, fail" in said
    assert "retry_after belongs to limit or fail, which it does not have" in said


WORKERS = """
import os
import pytest

@pytest.mark.parametrize("number", range(6))
def test_one(segment_mock, segment_mock_server, number):
    print("PID", segment_mock_server.pid)
    assert segment_mock.counts()["received"] == 0
"""


def test_each_worker_of_xdist_has_its_own_mock_and_leaves_none_behind(tmp_path):
    (tmp_path / "test_workers.py").write_text(WORKERS, "utf-8")
    code, said = run_pytest(tmp_path, "-n", "2", "-rP", plugins=("harness.pytest_plugin", "xdist"))
    assert code == 0, said
    pids = {int(pid) for pid in re.findall(r"^PID (\d+)$", said, re.MULTILINE)}
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_nothing_is_started_and_nothing_heavy_is_loaded_where_no_fixture_is_asked_for(tmp_path):
    (tmp_path / "test_plain.py").write_text(
        "import sys\n"
        "def test_plain():\n"
        "    loaded = {name.split('.')[0] for name in sys.modules}\n"
        "    assert not loaded & {'locust', 'gevent', 'httpx', 'msgspec', 'orjson'}\n"
        "    assert 'harness.mock.launch' not in sys.modules\n"
    )
    code, said = run_pytest(tmp_path, "-q")
    assert code == 0, said
    code, said = run_pytest(tmp_path, "--markers")
    assert "segment_mock(limit" in said


def test_with_the_fixtures_nothing_heavy_is_loaded_either(tmp_path):
    (tmp_path / "test_light.py").write_text(
        "import sys\n"
        "def test_light(segment_mock):\n"
        "    segment_mock.limit('5/s')\n"
        "    assert not {'locust', 'gevent', 'httpx'} & set(sys.modules)\n"
    )
    code, said = run_pytest(tmp_path, "-q")
    assert code == 0, said
