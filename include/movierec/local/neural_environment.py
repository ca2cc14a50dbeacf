"""`python -m movierec.local.neural_environment`: make `.venv-neural`, in which the neural ranker is fitted.

TensorFlow has an environment and a lock of its own (requirements-neural.txt): what it asks of numpy or protobuf holds
nothing else back, and installing it, 250 MB to download, cannot break a night that is running. Without it everything
works except that one ranker, so set-up goes on where it cannot be installed.

Runs in `.venv`, on the standard library alone.
"""

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path

from movierec import locks
from movierec.config import ROOT, Settings, read_env_file
from movierec.errors import ConfigError, MovierecError
from movierec.local import installers, streams
from movierec.rankers.neural import environment

REQUIREMENTS = ROOT / "requirements-neural.txt"
MAX_WAIT_SECONDS = 3600.0
NEEDED_BYTES = 2_000_000_000
THIS = ("-m", "movierec.local.neural_environment")


def main(arguments: list[str] | None = None) -> int:
    """Bring the environment in line with its lock; return at once when it already is, or when it is not wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="fail where it cannot be installed: the tests need it")
    parser.add_argument("--in-background", action="store_true", help="return while it is being installed")
    options = parser.parse_args(arguments)
    try:
        read_env_file(ROOT)
        is_wanted = Settings.from_env().neural != "no"
    except ConfigError:
        is_wanted = False  # whatever is wrong with the settings, what runs next says it
    if not is_wanted or _is_current():
        return 0
    environment.ENVIRONMENT.mkdir(exist_ok=True)
    if options.in_background:
        log = environment.ENVIRONMENT / "movierec-install.log"
        installers.start_in_background(("nice", sys.executable, *THIS), os.environ, ROOT, log)
        return 0
    try:
        _install_alone()
    except installers.InstallError as error:
        reason = installers.last_line(error)
        _say(f"movierec: TensorFlow could not be installed ({reason}); all rankers but neural work without it")
        return int(options.dev)
    return 0


def _is_current() -> bool:
    stamp = environment.ENVIRONMENT / environment.STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest()


def _digest() -> str:
    """Return what decides the environment: place, interpreter, lock."""
    digest = hashlib.sha256(f"{ROOT}\n{Path(sys.executable).resolve()}\n".encode())
    digest.update(REQUIREMENTS.read_bytes())
    return digest.hexdigest()


def _install_alone() -> None:
    """Install, unless another set-up has done so meanwhile; fits that need TensorFlow wait for the same lock."""
    try:
        with locks.lock(environment.ENVIRONMENT / environment.LOCK, timeout_seconds=MAX_WAIT_SECONDS):
            if not _is_current():
                _install()
    except MovierecError as error:
        raise installers.InstallError(str(error)) from error


def _install() -> None:
    stamp = environment.ENVIRONMENT / environment.STAMP
    stamp.unlink(missing_ok=True)
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        needed = f"it needs {NEEDED_BYTES / 1e9:.1f} GB free in {ROOT}; there are {free / 1e9:.1f} GB"
        raise installers.InstallError(needed)
    _say(f"installing {REQUIREMENTS.name} into {environment.ENVIRONMENT}")
    os.umask(0o022)
    _run(sys.executable, "-m", "venv", str(environment.ENVIRONMENT), doing="making an environment")
    installers.install(environment.ENVIRONMENT / "bin" / "python", [REQUIREMENTS], dict(os.environ), _say)
    stamp.write_text(_digest(), encoding="utf-8")


def _say(line: str) -> None:
    print(line, flush=True)


def _run(*command: str, doing: str) -> None:
    installers.run(command, dict(os.environ), _say, doing)


if __name__ == "__main__":
    streams.outlive_readers()
    sys.exit(main())
