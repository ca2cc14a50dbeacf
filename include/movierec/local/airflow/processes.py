"""The group's processes: recognised by a variable in their environment, or by pid and start time together."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from movierec.errors import MovierecError
from movierec.local import state

MAX_ROUNDS = 10
GROUP_VARIABLE = "MOVIEREC_GROUP"  # holds the state folder that a process belongs to


def find_process(pid: int, created: float) -> psutil.Process | None:
    """Return the process `pid` if it is the one created at `created` (seconds since the epoch); pids are reused."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - created) < 1
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def group_processes(home: Path) -> list[psutil.Process]:
    """Return every process of this state folder's group except the calling one.

    A process belongs to the group if its environment says so, or if it is in the session that the supervisor leads:
    Airflow's workers hide their environment from everybody but root.
    """
    record = state.read_json(home / "group.json") or {}
    leader = record.get("session", record)
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and (_is_in_group(process, home) or _is_in_session(process, leader))
    ]


def end_all(processes: Iterable[psutil.Process], grace_seconds: float) -> None:
    """Send SIGTERM to the processes, and SIGKILL to those that still run after `grace_seconds`."""
    terminated = list(processes)
    for process in terminated:
        _signal(process.terminate)
    _, stubborn = psutil.wait_procs(terminated, timeout=grace_seconds)
    for process in stubborn:
        _signal(process.kill)
    psutil.wait_procs(stubborn, timeout=5)


def end_group(home: Path, grace_seconds: float) -> None:
    """End the whole group, including what its processes start meanwhile.

    Raises:
        MovierecError: some do not end even when they are killed.
    """
    end_all(group_processes(home), grace_seconds)
    for _ in range(MAX_ROUNDS):
        if not (late := group_processes(home)):
            return
        end_all(late, 0)
    raise MovierecError(f"these processes cannot be ended: {', '.join(str(process.pid) for process in late)}")


def end_orphans(home: Path, grace_seconds: float) -> None:
    """End the processes of the group whose parent has died, as seen from the calling one, which is the first parent."""
    own = psutil.Process().children(recursive=True)
    end_all([process for process in group_processes(home) if process not in own], grace_seconds)


def _is_in_group(process: psutil.Process, home: Path) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(GROUP_VARIABLE) == str(home))
    except (psutil.Error, OSError):
        return False  # it has ended, or is another user's and therefore not in the group


def _is_in_session(process: psutil.Process, leader: Mapping[str, Any]) -> bool:
    try:
        return bool(
            "pid" in leader
            and os.getsid(process.pid) == leader["pid"]
            and process.create_time() >= leader["created"]  # else the session id has been reused
            and process.uids().real == os.getuid()
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (psutil.Error, OSError):
        return False  # it has ended


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
