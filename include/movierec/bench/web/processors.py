"""Seconds of processors, which say what something costs on a machine that others use at the same time."""

import psutil


def of_backend(pid: int) -> float:
    """Return what a process has used until now, in seconds; the kernel counts in hundredths."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def of_database(name: str) -> float:
    """Return what the connections of a database have used until now, as far as they are still open."""
    return sum(of_backend(process.pid) for process in psutil.process_iter() if f" {name} " in _title(process))


def of_tree(pid: int) -> float:
    """Return what a process and its descendants have used until now."""
    process = psutil.Process(pid)
    return sum(of_backend(each.pid) for each in (process, *process.children(recursive=True)))


def _title(process: psutil.Process) -> str:
    """Return the title of one of PostgreSQL's processes: "postgres: role database address state"; else nothing."""
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return ""
    return f"{title} " if title.startswith("postgres: ") else ""
