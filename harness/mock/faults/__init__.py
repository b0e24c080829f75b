"""Misbehave on purpose: which calls meet a fault, what the fault does to the answer, and how often it did."""
