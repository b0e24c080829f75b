"""The Profile API: profiles made of what was tracked, and the calls that read them."""
