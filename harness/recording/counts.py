"""What one pass over a recording came across."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Figures of one pass; they grow while it reads."""

    items: int = 0
    lines: int = 0  # blank ones and the header included
    truncated_last_line: int = 0  # 0 or 1
    resorted: int = 0  # items that came out of order and were put in order
    too_late: int = 0  # items that came too much out of order to be sorted
    oversize: int = 0  # messages over 32,768 bytes
    biggest_bytes: int = 0  # the biggest message, as compact JSON
    biggest_line: int = 0  # the line it stands on
    bytes_read: int = 0  # of the file: compressed ones where it is gzipped
