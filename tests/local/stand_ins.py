"""Programs that stand in for others: a shell script under another program's name."""

from pathlib import Path


def place_program(path: Path, script: str) -> Path:
    """Write a script that can be run."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
