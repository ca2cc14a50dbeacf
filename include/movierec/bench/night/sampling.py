"""Watch the processes of a night: the CPU seconds of all, the peak of each, and the memory that they take together."""

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from movierec.config import Settings
from movierec.local import postgres
from movierec.local.airflow import group
from movierec.local.postgres.postmaster import find_postmaster

INTERVAL_SECONDS = 0.25
SHARED_EVERY = 8  # intervals: adding up what processes share takes the kernel a while
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


class ProcessStat(NamedTuple):
    """What `/proc/<pid>/stat` says of a process; seconds include those of the children that it has waited for."""

    pid: int
    parent: int
    session: int
    cpu_seconds: float


@dataclass
class Sampler:
    """Samples the processes of an installation in a thread of its own, for the time of a `with` block.

    Attributes:
        settings: the installation.
        moments: when samples were taken, in seconds since the epoch.
        cpu_seconds: what all processes had used by then, together with those that had ended.
        peak_bytes: the largest resident size of each process, by its pid; libraries that it shares count.
        together_bytes: the most that all processes had at once, what they share counted once.
    """

    settings: Settings
    moments: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_bytes: dict[int, int] = field(default_factory=dict)
    together_bytes: int = 0

    def __enter__(self) -> Self:
        """Begin to sample."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def cpu_between(self, start: float, end: float) -> float:
        """Return the CPU seconds that were used between two moments."""
        used = np.interp([start, end], self.moments, np.maximum.accumulate(self.cpu_seconds))
        return float(used[1] - used[0])

    def sample(self, with_shared: bool = True) -> None:
        """Look at all processes once; the memory that they take together only where `with_shared`."""
        processes = self._processes()
        self.moments.append(time.time())
        self.cpu_seconds.append(sum(process.cpu_seconds for process in processes))
        for process in processes:
            peak = _kilobytes(PROC / str(process.pid) / "status", "VmHWM:")
            self.peak_bytes[process.pid] = max(self.peak_bytes.get(process.pid, 0), peak)
        if with_shared:
            together = sum(_kilobytes(PROC / str(process.pid) / "smaps_rollup", "Pss:") for process in processes)
            self.together_bytes = max(self.together_bytes, together)

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(INTERVAL_SECONDS):
            self.sample(with_shared=number % SHARED_EVERY == 0)
            number += 1

    def _processes(self) -> list[ProcessStat]:
        """Return Airflow's processes, which share the supervisor's session, and the database server's."""
        supervisor, postmaster = (
            group.find_supervisor(self.settings.home),
            find_postmaster(postgres.data_directory(self.settings)),
        )
        leaders = {process.pid for process in (supervisor, postmaster) if process}
        return [stat for stat in all_processes() if {stat.pid, stat.parent, stat.session} & leaders]


def all_processes() -> list[ProcessStat]:
    """Return every process that runs now."""
    stats = (_stat(path) for path in PROC.iterdir() if path.name.isdecimal())
    return [stat for stat in stats if stat]


def _stat(path: Path) -> ProcessStat | None:
    try:
        text = (path / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # it has ended
    fields = text.rpartition(")")[2].split()  # the name before may hold anything; fields[0] is the third of proc(5)
    ticks = sum(map(int, fields[11:15]))
    return ProcessStat(int(path.name), int(fields[1]), int(fields[3]), ticks / TICKS_PER_SECOND)


def _kilobytes(path: Path, name: str) -> int:
    """Return the bytes of a line such as `VmHWM: 1234 kB`; 0 for a process that has ended."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)
