"""What the bare servers do with a call: parse it, count its messages, and say what Segment says."""

import orjson

SUCCESS = b'{"success":true}'


class Count:
    """How many messages there were."""

    def __init__(self) -> None:
        self.messages = 0

    def take(self, body: bytes) -> None:
        """Raises JSONDecodeError for what is no JSON."""
        document = orjson.loads(body)
        self.messages += len(document["batch"]) if "batch" in document else 1

    def told(self) -> bytes:
        """The count as JSON."""
        return orjson.dumps({"messages": self.messages})
