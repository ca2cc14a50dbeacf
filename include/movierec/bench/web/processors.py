"""Seconds of processors, which say what something costs on a machine that others use at the same time."""

from collections.abc import Iterable, Mapping

import psutil

Used = dict[tuple[int, float], float]  # seconds by process: its number, which another one may get later, and its start


def of_backend(pid: int) -> float:
    """Return what a process has used until now, in seconds; the kernel counts in hundredths."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def of_database(name: str) -> Used:
    """Return what the connections of a database have used until now, as far as they are still open."""
    return _used(process for process in psutil.process_iter() if f" {name} " in _title(process))


def of_tree(pid: int) -> Used:
    """Return what a process and its descendants have used until now."""
    process = psutil.Process(pid)
    return _used((process, *process.children(recursive=True)))


def between(before: Mapping[tuple[int, float], float], after: Mapping[tuple[int, float], float]) -> float:
    """Return the seconds that those processes used in between that are there at the end.

    A pool closes connections that have been idle: what they had used before is not taken from what others use.
    """
    return sum(seconds - before.get(process, 0.0) for process, seconds in after.items())


def _used(processes: Iterable[psutil.Process]) -> Used:
    used = {}
    for process in processes:
        try:
            used[process.pid, process.create_time()] = of_backend(process.pid)
        except psutil.NoSuchProcess:  # a connection that has just been closed
            continue
    return used


def _title(process: psutil.Process) -> str:
    """Return the title of one of PostgreSQL's processes: "postgres: role database address state"; else nothing."""
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return ""
    return f"{title} " if title.startswith("postgres: ") else ""
