"""What the mock says when it is ready, and the file that says it."""

import json
import os
import stat
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.mock.ready import ready_file, ready_line


def test_the_line_always_has_its_four_fields():
    line = ready_line("127.0.0.1", 8_765, "i1")
    assert line == {"url": "http://127.0.0.1:8765", "port": 8_765, "pid": os.getpid(), "instance": "i1"}


@pytest.mark.parametrize(
    ("host", "tls", "url"),
    [
        ("::1", False, "http://[::1]:80"),
        ("0.0.0.0", True, "https://127.0.0.1:80"),
        ("::", False, "http://[::1]:80"),
        ("192.0.2.7", True, "https://192.0.2.7:80"),
    ],
)
def test_its_url_can_be_called(host, tls, url):
    assert ready_line(host, 80, "i1", tls=tls)["url"] == url


def test_it_names_the_certificate_to_trust_and_the_token_that_was_made():
    line = ready_line("::1", 1, "i1", ca=Path("ca.pem"), token="made")
    assert (line["ca"], line["token"]) == (str(Path("ca.pem").absolute()), "made")


def test_the_file_is_there_while_the_mock_answers_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "ready.json"
    with ready_file(path, {"url": "u"}):
        assert path.read_text() == '{"url":"u"}\n'
        assert json.loads(path.read_text()) == {"url": "u"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []


def test_it_goes_when_the_mock_fails_too(tmp_path):
    with pytest.raises(RuntimeError), ready_file(tmp_path / "ready.json", {}):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_another_mock_stays(tmp_path):
    path = tmp_path / "ready.json"
    with ready_file(path, {"pid": 1}):
        path.write_text("another")
    assert path.read_text() == "another"


def test_a_file_that_was_taken_away_is_no_trouble(tmp_path):
    path = tmp_path / "ready.json"
    with ready_file(path, {}):
        path.unlink()


def test_without_a_file_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ready_file(None, {}):
        assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"), ready_file(tmp_path / "no" / "file", {}):
        pass


def test_a_file_that_cannot_be_removed_is_one_sentence(tmp_path):
    path = tmp_path / "ready.json"
    held = ready_file(path, {})
    held.__enter__()
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="cannot be removed: is a directory"):
        held.__exit__(None, None, None)
