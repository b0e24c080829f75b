"""The live page: one HTML document that shows what the mock is doing while it does it."""
