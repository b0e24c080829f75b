"""Segment's arithmetic on a message's clocks (spec, "Timestamps"; read 2025-11), in ns since 1970."""


def corrected_ns(*, received_ns: int, sent_ns: int | None, original_ns: int | None) -> int:
    """The `timestamp` Segment stores: `receivedAt - (sentAt - originalTimestamp)`.

    Without an original the server's time stands; without sentAt, which is undocumented, the original does.
    """
    if original_ns is None:
        return received_ns
    if sent_ns is None:
        return original_ns
    return received_ns - (sent_ns - original_ns)
