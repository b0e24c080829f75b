"""How large a message and a batch may be.

The HTTP API docs (read 2025-11) say 32 KB a message, 500 KB and 2,500 events a batch; the exact bytes are
undocumented. 32,768 and 500,000 are the readings most of Segment's own libraries share.
"""

from typing import Final

MESSAGE_BYTES: Final = 32_768
BATCH_BYTES: Final = 500_000
BATCH_MESSAGES: Final = 2_500

# What our own batches stop at: the python and kotlin libraries' figure, safely under every reading.
OWN_BATCH_BYTES: Final = 475_000
