"""What became of each item, how long it took, and how sure we are."""
