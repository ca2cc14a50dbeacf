"""The process that fits: that of the installation, else one for this process alone; handed one job after another.

What was started for this process ends with it.
"""

import atexit
import errno
import json
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import psutil

from movierec.config import ROOT
from movierec.errors import ModelError, MovierecError
from movierec.kernels.parallel import THREADS, available_cores
from movierec.rankers.building_blocks.fits import fitting_code
from movierec.rankers.neural import shared_process
from movierec.rankers.neural.environment import find_python
from movierec.rankers.neural.histories import Histories, Weights
from movierec.rankers.neural.options import DONE, FAILED, HISTORIES, OPTIONS, RESULT, SAY, WEIGHTS, FitSummary, Options
from movierec.scratch import scratch_folder

log = logging.getLogger(__name__)

PROGRAM = ("-m", "movierec.rankers.neural.fitting")
SCRATCH = "movierec-neural-"  # the name of a folder for one fit: this, the process id, anything
GONE = "the process that fits has gone"
NO_ROOM = os.strerror(errno.ENOSPC)  # stands in what a job fails with whose folder is full
GIVEN_UP = "nobody waits for it any more"
JOB_GRACE_SECONDS = 120.0  # that a job may take longer than it was told: an epoch's end and the start of TensorFlow
TENSORFLOW_SETTINGS = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
EXIT_SECONDS = 10.0  # in which an idle process ends once it is told to


def fit(histories: Histories, options: Options) -> tuple[Weights, FitSummary]:
    """Let TensorFlow learn the weights of a network.

    Raises:
        ModelError: TensorFlow is missing or the fit failed.
        DiskFullError: there is no room in the temporary folder, for which no network is to blame.
    """
    _remove_what_the_killed_left()
    with scratch_folder(f"{SCRATCH}{os.getpid()}-") as folder:
        np.savez(folder / HISTORIES, allow_pickle=False, **histories._asdict())
        (folder / OPTIONS).write_text(json.dumps(asdict(options)), encoding="utf-8")
        _process_of(os.getpid()).run(folder, options.max_seconds + JOB_GRACE_SECONDS)
        with np.load(folder / WEIGHTS, allow_pickle=False) as file:
            weights = {name: file[name] for name in file.files}
        return weights, FitSummary(**json.loads((folder / RESULT).read_text(encoding="utf-8")))


def give_up() -> None:
    """End the job that another thread of this process waits for in `fit`, which raises a ModelError then."""
    _process_of(os.getpid()).give_up()


def _remove_what_the_killed_left() -> None:
    """Remove the folders of processes that have gone: they hold what viewers rated."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        pid = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays


class Program(Protocol):
    """What fits, at the other end of two streams: a process of one's own, or a connection to the shared one."""

    @property
    def stdin(self) -> IO[str] | None:
        """What it reads."""

    @property
    def stdout(self) -> IO[str] | None:
        """What it says."""

    def poll(self) -> int | None:
        """Return None while it runs."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


class FittingProcess:
    """`python -m movierec.rankers.neural.fitting` at the other end of two streams, when the first job comes."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._program: Program | None = None
        self._is_given_up = threading.Event()
        self._socket = shared_process.socket_path(fitting_code())

    def run(self, folder: Path, seconds: float) -> None:
        """Have the job in a folder done; its progress goes to the log.

        Raises:
            ModelError: it failed or was not done in so many seconds.
            OSError: there was no room for what it learned.
        """
        with self._lock:
            self._is_given_up.clear()
            failure = self._run(folder, seconds)
            if self._is_given_up.is_set():
                failure = GIVEN_UP
            elif failure == GONE and self._socket:
                log.warning("neural: the process that all tasks share has gone; this one starts its own")
                self._socket, self._program = None, None
                failure = self._run(folder, seconds)
        if NO_ROOM in failure:
            raise OSError(errno.ENOSPC, NO_ROOM)
        if failure:
            raise ModelError(f"the network could not be fitted: {failure}")

    def give_up(self) -> None:
        """End the job that another thread has begun."""
        self._is_given_up.set()
        if self._program is not None:
            self._program.kill()

    def _run(self, folder: Path, seconds: float) -> str:
        """Have the job done; return why it failed, else nothing."""
        program = self._running()
        deadline = time.monotonic() + seconds
        clock = threading.Timer(seconds, program.kill)
        clock.start()
        try:
            failure = GIVEN_UP if self._is_given_up.is_set() else _send(program, folder) or _follow(program)
        except BaseException:
            self._end(program)  # it may be in the middle of a job that nobody waits for any more
            raise
        finally:
            clock.cancel()
        return f"not done after {seconds:.0f} s ({failure})" if failure and time.monotonic() > deadline else failure

    def _running(self) -> Program:
        """Return the program, started anew where it has ended."""
        if self._program is None or self._program.poll() is not None:
            python = str(find_python())
            self._program = self._shared(python) or self._own(python)
            atexit.register(self._end, self._program)
        return self._program

    def _shared(self, python: str) -> Program | None:
        """Connect to the process that all tasks share, where there is one and it can be had."""
        if self._socket is None:
            return None
        try:
            return shared_process.connect(self._socket, python, _environment())
        except (OSError, subprocess.SubprocessError, MovierecError) as error:
            log.warning("neural: the process that all tasks share cannot be had (%s); this one starts its own", error)
            self._socket = None
            return None

    @staticmethod
    def _own(python: str) -> Program:
        return subprocess.Popen(
            [python, *PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(),
            start_new_session=True,  # it ends with its input, not with a key that somebody presses
        )

    @staticmethod
    def _end(program: Program) -> None:
        """Close the pipes, at which the program ends itself and the job that it may have."""
        for pipe in (program.stdin, program.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            program.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def _send(program: Program, folder: Path) -> str:
    """Hand over a job; return why it cannot be, else nothing."""
    try:
        print(folder, file=program.stdin, flush=True)
    except (BrokenPipeError, ConnectionResetError):
        return _follow(program) or GONE
    return ""


def _follow(program: Program) -> str:
    """Log what the program says until the job is done; return why it failed, else nothing."""
    last = ""
    for line in _lines(program):
        word, _, text = line.rstrip("\n").partition(" ")
        if word == DONE:
            return ""
        if word == FAILED:
            return last or text
        if word == SAY:
            log.info("neural: %s", text)
        last = text if word == SAY else line.strip() or last
    program.wait()
    return last or GONE


def _lines(program: Program) -> Iterator[str]:
    with suppress(ConnectionResetError):
        while program.stdout and (line := program.stdout.readline()):
            yield line


def _environment() -> dict[str, str]:
    """Return that of the process: the longest fit of a training takes what the others leave idle."""
    return {**os.environ, **TENSORFLOW_SETTINGS, "PYTHONPATH": str(ROOT / "include"), THREADS: str(available_cores())}


@cache
def _process_of(pid: int) -> FittingProcess:
    """Return the one of this process: a forked child must not share its parent's pipes."""
    return FittingProcess()
