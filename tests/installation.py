"""An installation of a test's own: a state folder, a free port, and a database server that is quick to start."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from movierec.config import ROOT, Settings
from movierec.local.airflow import group

QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_connections": "20"}
MAX_DELETIONS = 20
MAX_SECONDS = 3600  # for a command, such as a night on a machine that does much else


def installed(home: Path) -> Iterator[Settings]:
    """Yield the settings of an installation, and stop what runs there afterwards."""
    settings = Settings(home=home, port=free_port(), web_port=free_port())
    yield settings
    group.down(settings)


class CommandLine:
    """The command line on a state folder and ports of its own, as a person would use it.

    Attributes:
        home: the state folder.
        settings: what the command line reads from its environment.
    """

    def __init__(self, folder: Path, **variables: str) -> None:
        """Make an environment that knows nothing of the caller's Airflow and settings.

        Args:
            folder: where the state folder goes.
            variables: further settings.
        """
        self.home = folder / "state"
        self.settings = replace(Settings(), home=self.home, port=free_port(), web_port=free_port())
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "MOVIEREC"))}
        ports = {"MOVIEREC_PORT": str(self.settings.port), "MOVIEREC_WEB_PORT": str(self.settings.web_port)}
        self.env = {**kept, "MOVIEREC_HOME": str(self.home), "HOME": str(folder), **ports, **variables}

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "movierec", *words]
        env, bound = {**self.env, **variables}, MAX_SECONDS
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=bound, check=False)


def has_ended(process: psutil.Process) -> bool:
    """Tell whether a process has ended, whether or not its parent has asked for it."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def delete_in_use(folder: Path) -> None:
    """Delete a folder into which running processes go on writing: what appears behind the deletion is deleted, too."""
    for _ in range(MAX_DELETIONS):
        with suppress(OSError):  # such as ENOTEMPTY, or ENOENT of a file that was renamed
            shutil.rmtree(folder)
            return
    shutil.rmtree(folder)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
