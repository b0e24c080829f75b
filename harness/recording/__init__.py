"""The recording: what was sent, and when; its format, reader and writer (the format is in FORMAT.md)."""
