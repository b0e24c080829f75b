"""Each format that can be imported makes a recording that reads."""

import pytest

from harness.errors import RecordingError
from harness.importers.registry import IMPORTERS, Input, import_lines
from harness.recording.reader import open_recording
from harness.recording.writer import write_recording
from tests.importers.sessions import BUYER, UNSORTED, VISITOR, otto_lines

SAMPLES = {"otto": otto_lines(BUYER, VISITOR, UNSORTED)}


def test_every_importer_has_a_sample_here():
    assert set(SAMPLES) == set(IMPORTERS)


@pytest.mark.parametrize("name", IMPORTERS)
def test_what_an_importer_makes_is_a_sorted_recording(tmp_path, name):
    importer = IMPORTERS[name]
    path = str(tmp_path / "a.ndjson")
    write_recording(path, importer.header, import_lines(importer, [Input("in", SAMPLES[name])]))
    with open_recording(path, needs_times=True) as recording:
        assert recording.header == importer.header
        items = list(recording.items())
        assert [item.index for item in items] == list(range(len(items)))
        assert recording.counts.resorted == 0


def test_several_inputs_are_one_recording_in_order():
    sessions = SAMPLES["otto"]
    otto = IMPORTERS["otto"]
    one = list(import_lines(otto, [Input("in", sessions)]))
    three = list(import_lines(otto, [Input(str(number), [line]) for number, line in enumerate(sessions)]))
    assert three == one
    assert len(one) == 16


def test_an_error_names_the_input_that_has_it():
    with pytest.raises(RecordingError, match=r"^second:1: "):
        list(import_lines(IMPORTERS["otto"], [Input("first", SAMPLES["otto"]), Input("second", [b"junk"])]))
