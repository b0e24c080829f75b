"""Message to message: what is left out, what is rewritten."""
