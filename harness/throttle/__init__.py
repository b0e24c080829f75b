"""Judge a run: was the load ours, were limits and pauses kept, did everything arrive."""
