"""What a real run tells of its messages: events, people, sizes, and no secret that stood in a name."""

from collections import Counter

import orjson

from tests.e2e.bench import replay, write_lines
from tests.report.pages import NAMES, PLANTED, PRESIGNED


def line(number: int, event: str, **more) -> dict:
    body = {"type": "track", "event": event, "userId": f"u{number % 7}", **more}
    return {"at": number * 0.002, "source": "web", "path": "/v1/track", "body": body}


def test_events_people_and_sizes_are_those_of_the_recording(tmp_path):
    lines = [line(number, ("A", "B", "B")[number % 3]) for number in range(60)]
    lines += [line(60, "Big", properties={"x": "y" * 40_000})]
    lines += [
        {
            "at": 0.2,
            "source": "ios",
            "path": "/v1/page",
            "body": {"type": "page", "name": "Home", "anonymousId": "a"},
        }
    ]
    folder = tmp_path / "run"
    recording = write_lines(tmp_path / "told.ndjson", lines)
    run = replay(recording, "--batch", "10", "--allow", "rejected=1", folder=folder).check(0).run
    contents = run["contents"]
    events = {(row["type"], row["event"]): row["messages"] for row in contents["by_event"]}
    assert events == {
        (kind, event): number
        for (kind, event), number in Counter(
            (one["body"]["type"], one["body"].get("event") or one["body"]["name"]) for one in lines
        ).items()
    }
    assert (contents["looked_at"], contents["complete"], contents["events"]) == (62, True, 4)
    assert sum(contents["by_source"]["web"].values()) == 61
    biggest = max(len(orjson.dumps(one["body"])) for one in lines)
    assert contents["message_sizes"]["biggest_bytes"] == biggest
    assert contents["message_sizes"]["bins"][-1] == {"to_bytes": None, "messages": 1}
    assert (run["billed"]["users"], run["billed"]["anonymous"], run["billed"]["mtus"]) == (7, 1, 8)
    assert run["billed"]["api_calls"] == run["messages"]["accepted"]
    batches = run["batch_sizes"]
    assert 0 < batches["biggest_bytes"] < 50_000
    assert sum(one["requests"] for one in batches["bins"]) <= run["requests"]["sent"]


def test_no_secret_in_the_name_of_an_event_gets_into_any_file_of_the_run(tmp_path):
    folder = tmp_path / "run"
    lines = [line(number, event) for number, event in enumerate(NAMES)]
    done = replay(write_lines(tmp_path / "planted.ndjson", lines), folder=folder)
    assert done.run["contents"]["looked_at"] == len(NAMES)
    everything = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    everything += done.out.encode() + done.err.encode()
    found = {what for what, value in PLANTED.items() if value.encode() in everything}
    assert found == set()
    assert PRESIGNED.encode() not in everything
    assert b"w" * 200 not in everything
