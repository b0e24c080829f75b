"""Facts about Segment, without I/O; each figure with its source and the day it was read."""
