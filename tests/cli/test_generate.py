"""`harness generate` says what it wrote, and refuses in a sentence."""

import pytest
from click.testing import CliRunner

from harness.cli.generate import generate_command
from harness.errors import UsageError
from tests.recording.making import call, ndjson


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.ndjson"
    path.write_bytes(ndjson(*(call(i / 10) for i in range(10)), call(2, body={"event": "x"})))
    return str(path)


def run(*arguments: str, stdin: bytes | None = None):
    return CliRunner().invoke(
        generate_command, ["profile-reads", *arguments], input=stdin, catch_exceptions=False
    )


def test_what_was_written_is_told_on_standard_error(tmp_path, shop):
    done = run("--from", shop, "--ratio", "1", "-o", str(tmp_path / "out.ndjson"))
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr.startswith("wrote 21 lines, 10 of them reads, ")
    assert "1 would have read a message without an id" in done.stderr


def test_without_an_output_it_is_a_stream(tmp_path, shop):
    output = tmp_path / "out.ndjson"
    run("--from", shop, "-o", str(output))
    assert run("--from", shop).stdout_bytes == output.read_bytes()


@pytest.mark.parametrize("wrong", [("--ratio", "2"), ("--ratio", "x"), ("--after", "soon"), ("--space", " ")])
def test_what_makes_no_sense_is_one_sentence(shop, wrong):
    with pytest.raises(UsageError, match=wrong[0]):
        run("--from", shop, *wrong)
