"""The Pythons of this machine: which of them run, and which can make an environment for movierec.

Runs under any Python, on the standard library alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.13", "3.12", "3.11")
PROBE = "import sys; print('%d.%d' % sys.version_info[:2]); import ensurepip, venv; print('complete')"


def find_python() -> str:
    """Return a Python 3.11 to 3.13 that runs and can make environments: the running one, else from PATH."""
    incomplete = ""
    running = str(Path(sys.executable).resolve())  # never the one inside `.venv`, which is to be replaced
    for candidate in (running, *(f"python{version}" for version in VERSIONS)):
        answer = _probe(candidate)
        if answer[:1] and answer[0] in VERSIONS:
            if "complete" in answer:
                return candidate
            incomplete = incomplete or f"{candidate} is Python {answer[0]} without venv and ensurepip"
    if incomplete:
        sys.exit(f"movierec: {incomplete}; install its venv package (Debian: python3-venv), then try again")
    sys.exit(
        f"movierec: needs Python 3.11, 3.12 or 3.13; {sys.executable} is {sys.version.split()[0]} "
        "and no python3.11, python3.12 or python3.13 on PATH runs"
    )


def _probe(python: str) -> list[str]:
    # A version manager's stand-in may be on PATH and still not run: only an answer counts.
    try:
        answer = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return answer.stdout.split()


def is_allowed(python: str) -> bool:
    """Tell whether an interpreter runs and is of an allowed version."""
    answer = _probe(python)
    return bool(answer) and answer[0] in VERSIONS
