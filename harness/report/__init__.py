"""Turn the figures of a run into numbers for programs, text for terminals and a page for people."""
