"""The wire: who may be called, what is sent, how an answer is read, and what it means."""
