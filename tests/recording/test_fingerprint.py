"""A fingerprint tells a changed recording from the same one."""

import json

from harness.recording.reader import open_recording
from tests.recording.making import ndjson, piped, track, written

_LINES = ndjson(*(track(properties={"x": "y" * 1_000}) for _ in range(3_000)))


def _fingerprint(folder, data: bytes) -> object:
    with open_recording(written(folder, data), needs_times=False) as recording:
        return json.loads(json.dumps(recording.fingerprint()))


def test_the_same_bytes_have_the_same_fingerprint_wherever_they_lie(tmp_path):
    (tmp_path / "other").mkdir()
    assert _fingerprint(tmp_path, _LINES) == _fingerprint(tmp_path / "other", _LINES)


def test_another_size_start_or_end_has_another_fingerprint(tmp_path):
    for changed in (_LINES + b"\n", b" " + _LINES[:-2] + b"}", _LINES[:-5] + b"    \n", b"\n" + _LINES[1:]):
        assert _fingerprint(tmp_path, changed + ndjson(track())) != _fingerprint(
            tmp_path, _LINES + ndjson(track())
        )


def test_a_pipe_has_none():
    with piped(_LINES) as recording:
        assert recording.fingerprint() == {"files": []}
