"""The rate limits of the mock: rules, the three ways to count, the headers that tell, and who joins them."""
