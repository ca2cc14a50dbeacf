"""What a benchmark says while it runs, beside its table."""

import sys


def progress(line: str) -> None:
    """Print a line for whoever waits; the table alone goes to standard output."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
