"""Recording to arrivals: pure mathematics of when."""
