"""Checks of clients that send to Segment: what is played to them, and how what they did is judged."""
