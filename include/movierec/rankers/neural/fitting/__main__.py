"""`python -m movierec.rankers.neural.fitting`: fit one job after another, each in a process forked for it.

Standard input brings the folder of a job per line; standard output says how it goes. TensorFlow is imported once, which
takes seconds, and never used here: a process forked after that would hang. It ends when standard input does.
"""

import json
import os
import select
import signal
import sys
import traceback
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tensorflow as tf

from movierec.rankers.neural.fitting.fit import Fit
from movierec.rankers.neural.histories import Histories
from movierec.rankers.neural.options import DONE, FAILED, HISTORIES, OPTIONS, RESULT, SAY, WEIGHTS, Options

STDIN = 0
POLL_SECONDS = 0.1


def serve() -> None:
    """Take jobs until nobody is left who could send one."""
    while folder := sys.stdin.readline().strip():
        child = os.fork()
        if child == 0:
            os._exit(_run(Path(folder)))
        status = _wait(child)
        if status is None:
            return
        _print(DONE if status == 0 else f"{FAILED} {_reason(status)}")


def _wait(child: int) -> int | None:
    """Return how the job ended; None, and end it, if the process that asked for it has gone."""
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        # The other side sends nothing while it waits: what can be read is the end.
        if select.select([STDIN], [], [], POLL_SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"the process that fits was ended by signal {os.WTERMSIG(status)}; is there enough memory?"
    return "the lines above say why"


def _run(folder: Path) -> int:
    try:
        options = Options(**json.loads((folder / OPTIONS).read_text(encoding="utf-8")))
        with np.load(folder / HISTORIES, allow_pickle=False) as file:
            histories = Histories(*(file[name] for name in Histories._fields))
        _configure()
        weights, fitted = Fit(histories, options, lambda line: _print(f"{SAY} {line}")).run()
        np.savez(folder / WEIGHTS, allow_pickle=False, **weights)
        (folder / RESULT).write_text(json.dumps(asdict(fitted)), encoding="utf-8")
    except Exception:
        for line in traceback.format_exc().splitlines():
            _print(f"{SAY} {line}")
        return 1
    return 0


def _configure() -> None:
    """As many threads as numpy would take, one operation at a time, the same results each time."""
    threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
