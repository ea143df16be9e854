"""The load bench: `python -m tests.bench`. It measures and prints; it asserts nothing about time."""
