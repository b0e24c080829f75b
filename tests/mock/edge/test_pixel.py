"""The image of a tracking pixel, and what its call carries."""

import struct
from urllib.parse import quote

from harness.mock.edge.pixel import GIF, GIF_REPLY, pixel_reading
from harness.segment.messages import KINDS
from tests.mock.edge.visits import headers_of, status_of, visit_of


def test_the_answer_is_an_image_of_one_dot_that_nothing_keeps():
    assert (status_of(GIF_REPLY), GIF_REPLY.body) == (200, GIF)
    headers = headers_of(GIF_REPLY)
    assert (headers["Content-Type"], headers["Content-Length"]) == ("image/gif", str(len(GIF)))
    assert "no-store" in headers["Cache-Control"]
    assert (GIF[:6], struct.unpack("<HH", GIF[6:10]), GIF[-1:]) == (b"GIF89a", (1, 1), b";")


def test_the_path_says_the_type_and_the_query_the_message():
    for kind in KINDS:
        for end in ("", "/"):
            kind_read, pixel = pixel_reading(visit_of(f"/v1/pixel/{kind}{end}?writeKey=kkkkkkkk&userId=u"))
            assert kind_read == kind
            assert (pixel.write_key, pixel.message["userId"]) == ("kkkkkkkk", "u")
    assert pixel_reading(visit_of("/v1/pixel/track?data=" + quote("{}"))).pixel.message == {}
    assert pixel_reading(visit_of("/v1/pixel/track")).pixel.trouble == "empty_pixel"
