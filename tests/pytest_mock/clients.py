"""Small clients with known manners, for trying the proofs on."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable

from harness.pytest_mock import SegmentMock


def send(
    mock: SegmentMock, *ids: str, event: str = "Seen", path: str = "/v1/batch"
) -> tuple[int, str | None]:
    """Send these messages as one batch; status and Retry-After, or 0 when no answer came."""
    batch = [{"type": "track", "userId": "u", "event": event, "messageId": i} for i in ids]
    body = json.dumps({"writeKey": mock.write_key, "batch": batch}).encode()
    request = urllib.request.Request(mock.url + path, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Retry-After")
    except (OSError, ValueError):
        return 0, None


def persist(mock: SegmentMock, message_id: str, sleep: Callable[[float], None]) -> None:
    """Send until it is taken, waiting as told."""
    for _ in range(20):
        status, retry_after = send(mock, message_id)
        if status == 200:
            return
        sleep(float(retry_after or 0))
