"""The process that fits: started once for this one, handed one job after another, gone when this one is."""

import atexit
import json
import logging
import os
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from movierec.config import ROOT
from movierec.errors import ModelError
from movierec.kernels.parallel import THREADS, available_cores
from movierec.rankers.neural.environment import find_python
from movierec.rankers.neural.histories import Histories, Weights
from movierec.rankers.neural.options import DONE, FAILED, HISTORIES, OPTIONS, RESULT, SAY, WEIGHTS, Fitted, Options

log = logging.getLogger(__name__)

PROGRAM = ("-m", "movierec.rankers.neural.fitting")
GRACE = 120.0  # seconds that a job may take longer than it was told: an epoch's end and the start of TensorFlow
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
END = 10.0  # seconds in which an idle process ends once it is told to


def fit(histories: Histories, options: Options) -> tuple[Weights, Fitted]:
    """Let TensorFlow learn the weights of a network.

    Raises:
        ModelError: TensorFlow is missing or the fit failed.
    """
    with tempfile.TemporaryDirectory(prefix="movierec-neural-") as name:
        folder = Path(name)
        np.savez(folder / HISTORIES, allow_pickle=False, **histories._asdict())
        (folder / OPTIONS).write_text(json.dumps(asdict(options)), encoding="utf-8")
        _process_of(os.getpid()).run(folder, options.max_seconds + GRACE)
        with np.load(folder / WEIGHTS, allow_pickle=False) as file:
            weights = {name: file[name] for name in file.files}
        return weights, Fitted(**json.loads((folder / RESULT).read_text(encoding="utf-8")))


class FittingProcess:
    """`python -m movierec.rankers.neural.fitting` at the other end of two pipes, started when the first job comes."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._program: subprocess.Popen[str] | None = None

    def run(self, folder: Path, seconds: float) -> None:
        """Have the job in a folder done; its progress goes to the log.

        Raises:
            ModelError: it failed or was not done in so many seconds.
        """
        with self._lock:
            program = self._running()
            deadline = time.monotonic() + seconds
            clock = threading.Timer(seconds, program.kill)
            clock.start()
            try:
                failure = _send(program, folder) or _follow(program)
            except BaseException:
                self._end(program)  # it may be in the middle of a job that nobody waits for any more
                raise
            finally:
                clock.cancel()
            if failure and time.monotonic() > deadline:
                failure = f"not done after {seconds:.0f} s ({failure})"
        if failure:
            raise ModelError(f"the network could not be fitted: {failure}")

    def _running(self) -> subprocess.Popen[str]:
        """Return the program, started anew where it has ended."""
        if self._program is None or self._program.poll() is not None:
            self._program = subprocess.Popen(
                [str(find_python()), *PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # The longest fit of a training takes what the others leave idle.
                env={**os.environ, **QUIET, "PYTHONPATH": str(ROOT / "include"), THREADS: str(available_cores())},
                start_new_session=True,  # it ends with its input, not with a key that somebody presses
            )
            atexit.register(self._end, self._program)
        return self._program

    @staticmethod
    def _end(program: subprocess.Popen[str]) -> None:
        """Close the pipes, at which the program ends itself and the job that it may have."""
        for pipe in (program.stdin, program.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            program.wait(END)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def _send(program: subprocess.Popen[str], folder: Path) -> str:
    """Hand over a job; return why it cannot be, else nothing."""
    try:
        print(folder, file=program.stdin, flush=True)
    except BrokenPipeError:
        return _follow(program) or "the process that fits has gone"
    return ""


def _follow(program: subprocess.Popen[str]) -> str:
    """Log what the program says until the job is done; return why it failed, else nothing."""
    last = ""
    for line in program.stdout or ():
        word, _, text = line.rstrip("\n").partition(" ")
        if word == DONE:
            return ""
        if word == FAILED:
            return last or text
        if word == SAY:
            log.info("neural: %s", text)
        last = text if word == SAY else line.strip() or last
    program.wait()
    return last or "the process that fits has gone"


@cache
def _process_of(pid: int) -> FittingProcess:
    """Return the one of this process: a forked child must not share its parent's pipes."""
    return FittingProcess()
