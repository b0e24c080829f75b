"""Play to a program what a case asks for: a mock, its processes, what was seen of them."""
