"""Watch the processes of a night: the CPU seconds of all, the peak of each, and the memory that they take together."""

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from movierec.config import Settings
from movierec.local.airflow import group
from movierec.local.postgres import embedded_server
from movierec.local.postgres.postmaster import find_postmaster
from movierec.rankers.neural import shared_process

INTERVAL_SECONDS = 0.5
SHARED_EVERY = 16  # intervals: adding up what processes share takes the kernel a while
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
    # CPU seconds so far, by the process that leads a session or a family.
    _led: dict[int, float] = field(default_factory=dict, init=False)

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
        used = np.interp([start, end], self.moments, self.cpu_seconds)
        return float(used[1] - used[0])

    def sample(self, with_shared: bool = True) -> None:
        """Look at all processes once; the memory that they take together only where `with_shared`."""
        families = self._families()
        self.moments.append(time.time())
        for leader, family in families.items():
            seconds = sum(process.cpu_seconds for process in family)
            # A process between its end and its parent's wait for it is in neither's count.
            self._led[leader] = max(self._led.get(leader, 0.0), seconds)
        self.cpu_seconds.append(sum(self._led.values()))
        processes = [process for family in families.values() for process in family]
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

    def _families(self) -> dict[int, list[ProcessStat]]:
        """Return Airflow's processes, the database server's and those that fit networks, by the leader of each family.

        Airflow's share the supervisor's session. What fits networks has a session of its own, and nobody waits for it:
        when it has ended, what it used has to stay in the sum.
        """
        stats = all_processes()
        families: dict[int, list[ProcessStat]] = {leader: [] for leader in self._leaders(stats)}
        for stat in stats:
            leader = next((pid for pid in (stat.pid, stat.session, stat.parent) if pid in families), None)
            if leader is not None:
                families[leader].append(stat)
        return families

    def _leaders(self, stats: list[ProcessStat]) -> list[int]:
        home = self.settings.home
        known = group.find_supervisor(home), find_postmaster(embedded_server.data_directory(self.settings))
        fitting = [stat.pid for stat in stats if stat.session == stat.pid and _fits_networks_for(home, stat.pid)]
        return [process.pid for process in known if process] + fitting


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


def _fits_networks_for(home: Path, pid: int) -> bool:
    """Tell whether a process is the one that fits networks for all tasks of the installation."""
    try:
        *_, program, path = (PROC / str(pid) / "cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    except (OSError, ValueError):
        return False  # it has ended, or says less
    return program == shared_process.PROGRAM[-1] and Path(path).parent == home


def _kilobytes(path: Path, name: str) -> int:
    """Return the bytes of a line such as `VmHWM: 1234 kB`; 0 for a process that has ended."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)
