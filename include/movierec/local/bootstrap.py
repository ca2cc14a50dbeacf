"""`python -m movierec.local.bootstrap`: make `.venv`, install the locked requirements, compile the kernels.

Runs under any Python, on the standard library alone.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from movierec import locks
from movierec.code_version import COMMIT_FILE
from movierec.errors import MovierecError
from movierec.local import commit, installers, interpreters, streams

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ".movierec-setup.lock"
MAX_WAIT_SECONDS = 3600.0
MIN_FREE_BYTES = 2_500_000_000
KERNELS = ("-m", "movierec.local.kernels")


def main(arguments: list[str] | None = None) -> None:
    """Bring `.venv` in line with the requirement files; return at once when it already is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also install what tests and checks need")
    parser.add_argument("--in-background", action="store_true", help="return while the kernels are being compiled")
    options = parser.parse_args(arguments)
    files = ["requirements.txt"] + ["requirements-dev.txt"] * options.dev
    if not _is_current(files):
        _set_up_alone(files, options.in_background)
    commit.record_commit(ROOT, VENV / COMMIT_FILE)


def _set_up_alone(files: list[str], in_background: bool) -> None:
    try:
        with locks.lock(ROOT / LOCK, timeout_seconds=MAX_WAIT_SECONDS):  # a second set-up waits here for the first
            if not _is_current(files):
                _set_up(files)
                _compile_kernels(in_background)
    except MovierecError as error:
        sys.exit(f"movierec: {error}")


def _set_up(files: list[str]) -> None:
    missing = [name for name in files if not (ROOT / name).is_file()]
    if missing:
        sys.exit(f"movierec: {ROOT / missing[0]} is missing; get it back with git checkout {missing[0]}")
    if not _is_usable():
        _make_environment()
    for stamp in VENV.glob("movierec-*.stamp"):
        stamp.unlink()
    os.umask(0o022)  # as root, the database server runs these files as another user
    _say(f"installing {' and '.join(files)} into {VENV}")
    try:
        installers.install(PYTHON, [ROOT / name for name in files], _environment(), _say)
        package = (str(PYTHON), *installers.PIP_INSTALL, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        installers.run(package, _environment(), _say, "installing movierec itself")
    except installers.InstallError as error:
        _fail("the requirements could not be installed; the lines above say why", str(error))
    for count in range(1, len(files) + 1):
        _stamp(files[:count]).write_text(_digest(files[:count]))


def _make_environment() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < MIN_FREE_BYTES:
        sys.exit(f"movierec: set-up needs {MIN_FREE_BYTES / 1e9:.1f} GB free in {ROOT}; there are {free / 1e9:.1f} GB")
    python = interpreters.find_python()
    shutil.rmtree(VENV, ignore_errors=True)
    completed = _run(python, "-m", "venv", str(VENV))
    if completed.returncode:
        _fail(f"'{python} -m venv {VENV}' failed; the lines above say why", completed.stdout)


def _is_usable() -> bool:
    """Tell whether `.venv` holds a Python of an allowed version with a pip that runs."""
    if not interpreters.is_allowed(str(PYTHON)):
        return False
    return _run(str(PYTHON), "-m", "pip", "--version").returncode == 0


def _compile_kernels(in_background: bool) -> None:
    """Compile what would otherwise be compiled by the first tasks; where it fails, they still do."""
    environment = {**_environment(), "OMP_NUM_THREADS": "1"}  # nothing is large, and threads would wait for each other
    if in_background:
        installers.start_in_background((str(PYTHON), *KERNELS), environment, ROOT, VENV / "movierec-kernels.log")
        return
    try:
        installers.run((str(PYTHON), *KERNELS), environment, _say, "compiling the kernels of the rankers")
    except installers.InstallError as error:
        _say(f"the kernels could not be compiled ahead ({installers.last_line(error)}); the first night does it")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(),
        cwd=ROOT,
        check=False,
    )


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(sentence: str, output: str) -> None:
    print("\n".join(output.strip().splitlines()[-8:]), file=sys.stderr)
    sys.exit(f"movierec: {sentence}")


def _environment() -> dict[str, str]:
    # An empty HOME would put pip's cache at the root of the disk; without HOME the account's own is used.
    inherited = {key: value for key, value in os.environ.items() if key != "HOME" or value}
    inherited.pop("PYTHONPATH", None)  # this program's own, of no concern to an installer
    return inherited


def _is_current(files: list[str]) -> bool:
    stamp = _stamp(files)
    return stamp.is_file() and os.access(PYTHON, os.X_OK) and stamp.read_text() == _digest(files)


def _stamp(files: list[str]) -> Path:
    return VENV / f"movierec-{len(files)}.stamp"


def _digest(files: list[str]) -> str:
    """Return a digest of what decides the environment: folder, interpreter, requirement files, package description."""
    digest = hashlib.sha256(f"{ROOT}\n{PYTHON.resolve()}\n".encode())
    for name in (*files, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes() if (ROOT / name).is_file() else b"missing")
    return digest.hexdigest()


if __name__ == "__main__":
    streams.outlive_readers()
    main()
