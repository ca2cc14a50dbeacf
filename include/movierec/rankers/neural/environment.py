"""The Python that has TensorFlow: that of `.venv-neural`, which `make setup` makes, else the one that runs."""

import fcntl
import importlib.util
import logging
import os
import sys
import time
from pathlib import Path

from movierec.config import ROOT, Settings
from movierec.errors import ModelError

log = logging.getLogger(__name__)

ENVIRONMENT = ROOT / ".venv-neural"
STAMP = "movierec.stamp"  # in it, once everything is installed
LOCK = "movierec-install.lock"  # in it, held while it is being installed
INSTALL_SECONDS = 900.0  # for which a fit waits for an installation that is under way
POLL_SECONDS = 1.0


def find_python() -> Path:
    """Return a Python that can import TensorFlow, waiting for it where set-up is still installing it.

    Raises:
        ModelError: there is none, or it is not wanted (`MOVIEREC_NEURAL`).
    """
    if Settings.from_env().neural == "no":
        raise ModelError("ranker 'neural' is switched off by MOVIEREC_NEURAL=no; allowed is yes, alone or no")
    if not is_installed():
        _wait_for_installer()
    if is_installed():
        return ENVIRONMENT / "bin" / "python"
    if importlib.util.find_spec("tensorflow"):
        return Path(sys.executable)
    raise ModelError(f"ranker 'neural' needs TensorFlow, which is not in {ENVIRONMENT}; make setup installs it")


def is_installed() -> bool:
    """Tell whether set-up has finished `ENVIRONMENT`."""
    return (ENVIRONMENT / STAMP).is_file()


def _wait_for_installer() -> None:
    """Wait until nobody holds the environment's lock; a lock that is another user's is not waited for."""
    try:
        lock = os.open(ENVIRONMENT / LOCK, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    deadline = time.monotonic() + INSTALL_SECONDS
    try:
        while not _is_free(lock) and time.monotonic() < deadline:
            log.info("waiting for TensorFlow, which is being installed into %s", ENVIRONMENT)
            time.sleep(POLL_SECONDS)
    finally:
        os.close(lock)


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
