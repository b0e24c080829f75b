"""Foreign traffic to recordings: one file a format, one registry."""
