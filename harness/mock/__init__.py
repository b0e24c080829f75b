"""Segment in a box: a process that answers like Segment's Tracking API and keeps account of every message."""
