"""The embedded server's processes: find the postmaster, and clean up after one that was killed."""

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from movierec.local.postgres.sockets import SOCKET_NAME

PID_LINE, SOCKET_LINE, STATUS_LINE = 0, 4, 7  # of postmaster.pid, from 0


def find_postmaster(data: Path) -> psutil.Process | None:
    """Return the server process of this data directory, or None; a pid that another program now has does not count.

    Where the directory was moved while the server ran, it is known by the folder in which it works.
    """
    try:
        process = psutil.Process(int(_pid_file_lines(data)[PID_LINE]))
        return process if str(data) in process.cmdline() or _is_server_process(process, data) else None
    except (psutil.NoSuchProcess, psutil.ZombieProcess, IndexError, ValueError):
        return None


def find_displaced(data: Path) -> list[psutil.Process]:
    """Return the server processes that were started on this data directory and do not have it any more.

    It was deleted while they ran, or moved away, with the pid file by which they would be found.
    """
    owner = find_postmaster(data)
    return [process for process in psutil.process_iter() if process != owner and _was_started_on(process, data)]


def end_displaced(process: psutil.Process) -> None:
    """End a server without its data directory: in order, so that what was moved away is whole, or else at once."""
    with suppress(psutil.NoSuchProcess):
        processes = [process, *process.children()]
        process.resume()
        for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            process.send_signal(number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if all(map(_has_ended, processes)):
                    return
                time.sleep(0.05)


def is_ready(data: Path) -> bool:
    """Tell whether the server of this data directory runs and has finished starting."""
    lines = _pid_file_lines(data)
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready" and find_postmaster(data) is not None


def has_socket(data: Path) -> bool:
    """Tell whether the socket that the server of this data directory has made is still there.

    The server says where it is: an installation whose folder is spelled otherwise would look for another one.
    """
    lines = _pid_file_lines(data)
    return len(lines) > SOCKET_LINE and (Path(lines[SOCKET_LINE]) / SOCKET_NAME).exists()


def why_halted(data: Path) -> str:
    """Return which of the server's processes somebody has halted, and how to let them go on; empty where nobody has."""
    pids = [str(process.pid) for process in _family(data) if _is_halted(process)]
    named = f"its process {pids[0]} is" if len(pids) == 1 else f"its processes {', '.join(pids)} are"
    return f"{named} halted (SIGSTOP), and kill -CONT {' '.join(pids)} lets it go on" if pids else ""


def is_halted(data: Path) -> bool:
    """Tell whether somebody has halted the server's first process, without which nobody is let in."""
    process = find_postmaster(data)
    return process is not None and _is_halted(process)


def resume(data: Path) -> None:
    """Let the server's processes go on that somebody has halted; nothing happens to those that run."""
    for process in psutil.process_iter():
        if _is_server_process(process, data):
            with suppress(psutil.NoSuchProcess):
                process.resume()


def clean_up_after_kill(data: Path) -> None:
    """End what a killed postmaster left running and remove its pid file. Call this only while no server runs."""
    orphans = [process for process in psutil.process_iter() if _is_server_process(process, data)]
    for process in orphans:
        process.kill()
    psutil.wait_procs(orphans, timeout=10)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _family(data: Path) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        if process := find_postmaster(data):
            return [process, *process.children()]
    return []


def _is_halted(process: psutil.Process) -> bool:
    try:
        return process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.NoSuchProcess:
        return False


def _has_ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)  # until its parent asks for it
    except psutil.NoSuchProcess:
        return True


def _was_started_on(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.name().startswith("postgres") and str(data) in process.cmdline())
    except psutil.Error:
        return False


def _is_server_process(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.name().startswith("postgres") and process.cwd() == str(data))
    except psutil.Error:
        return False


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
