"""Answer a tracking pixel: always 200 and an image of one clear dot, whatever became of its message."""

import base64
from typing import Final, NamedTuple

from harness.mock.exchange import bytes_reply
from harness.mock.route import Visit
from harness.segment.endpoints import PIXEL_PREFIX
from harness.segment.pixel import PixelMessage, message_of

GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
# An image that is kept would count one opening of several.
GIF_REPLY: Final = bytes_reply(
    200, "image/gif", GIF, ("Cache-Control", "no-cache, no-store, must-revalidate")
)


class PixelReading(NamedTuple):
    """A pixel's call. Its repr may show a write key: never log it."""

    kind: str  # of the path
    pixel: PixelMessage


def pixel_reading(visit: Visit) -> PixelReading:
    """What this call carries; its path is `/v1/pixel/` and a message type."""
    return PixelReading(visit.path.removeprefix(PIXEL_PREFIX).rstrip("/"), message_of(visit.query))
