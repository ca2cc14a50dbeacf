"""The processes of the embedded server: whether one runs on our data, and what a kill left behind."""

from pathlib import Path

import psutil


def running(data: Path) -> psutil.Process | None:
    """Return the server process on `data`; a pid that is now another program's does not count."""
    try:
        process = psutil.Process(int(_pid_file(data)[0]))
        return process if str(data) in process.cmdline() else None
    except (psutil.NoSuchProcess, psutil.ZombieProcess, IndexError, ValueError):
        return None


def is_ready(data: Path) -> bool:
    """Tell whether the server on `data` runs and has finished starting."""
    lines = _pid_file(data)
    return len(lines) > 7 and lines[7].strip() == "ready" and running(data) is not None  # noqa: PLR2004


def clear_leftovers(data: Path) -> None:
    """After a kill: end the server's remaining children, remove its pid file. Call only if none runs."""
    leftovers = [process for process in psutil.process_iter() if _works_in(process, data)]
    for process in leftovers:
        process.kill()
    psutil.wait_procs(leftovers, timeout=10)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.name().startswith("postgres") and process.cwd() == str(data))
    except psutil.Error:
        return False


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
