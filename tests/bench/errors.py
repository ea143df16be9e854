"""What the bench refuses to report."""


class BenchError(Exception):
    """What was measured is worth nothing; the message says why."""
