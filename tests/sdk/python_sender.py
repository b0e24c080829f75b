"""Send what standard input asks for with segment-analytics-python, and tell what it was told of errors."""

import json
import sys
from datetime import datetime
from typing import Any

from segment.analytics.client import Client  # type: ignore[import-untyped]  # the SDK has no types


def main() -> None:
    plan = json.load(sys.stdin)
    errors: list[dict[str, Any]] = []

    def on_error(error: Exception, batch: list[Any]) -> None:
        errors.append(
            {
                "status": getattr(error, "status", None),
                "said": str(error),
                "ids": [m["messageId"] for m in batch],
            }
        )

    client = Client(**plan["settings"], on_error=on_error)
    raised = []
    for method, named in plan["calls"]:
        if "timestamp" in named:
            named["timestamp"] = datetime.fromisoformat(named["timestamp"])
        try:
            getattr(client, method)(**named)
        except RuntimeError as error:  # a message above its size
            raised.append(str(error))
    if not plan["settings"].get("sync_mode"):
        client.flush()
        client.join()
    sys.stdout.write(json.dumps({"errors": errors, "raised": raised}) + "\n")


if __name__ == "__main__":
    main()
