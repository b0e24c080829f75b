"""Judge a server's rate limit: ask it under, at and over the limit, and compare with what is documented."""
