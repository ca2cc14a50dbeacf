"""The group's processes: recognised by a variable in their environment, or by pid and start time together."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from movierec.errors import MovierecError
from movierec.local import state
from movierec.state_folder import StateFolder

MAX_ROUNDS = 10
TOLERANCE_SECONDS = 1.0  # within which two readings of when a process began are the same
GROUP_VARIABLE = "MOVIEREC_GROUP"  # holds the state folder that a process belongs to


def identity(process: psutil.Process) -> dict[str, float]:
    """Return what a process is found again by: its pid, and when it began by two clocks, since pids are reused.

    `created` is in seconds since the epoch. As Linux tells it, it moves when the machine's clock is set; `since_boot`,
    in seconds since the machine was started, does not.
    """
    created = process.create_time()
    return {"pid": process.pid, "created": created, "since_boot": created - psutil.boot_time()}


def find_process(record: Mapping[str, Any], home: Path) -> psutil.Process | None:
    """Return the process of an `identity`, of this state folder's group; None where it has ended."""
    try:
        process = psutil.Process(record["pid"])
        is_running = process.status() != psutil.STATUS_ZOMBIE
        return process if is_running and _is_recorded(process, record, home) else None
    except (KeyError, psutil.NoSuchProcess):
        return None


def group_processes(home: Path) -> list[psutil.Process]:
    """Return every process of this state folder's group except the calling one.

    A process belongs to the group if its environment says so, or if it is in the session that the supervisor leads:
    Airflow's workers hide their environment from everybody but root.
    """
    record = state.read_record(StateFolder(home).group)
    leader = record.get("session", record)
    has_session = _leads_or_led(leader, home)
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid()
        and (_is_in_group(process, home) or (has_session and _is_in_session(process, leader)))
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


def _is_recorded(process: psutil.Process, record: Mapping[str, Any], home: Path) -> bool:
    """Tell whether a process is the one of an `identity`; after a restart of the machine another may have its pid.

    A state folder that was copied while it ran says the same of processes that belong to the original.
    """
    if _is_of_another(process, home):
        return False
    now = identity(process)
    if abs(now["created"] - record["created"]) < TOLERANCE_SECONDS:
        return True
    is_as_old = abs(now["since_boot"] - record.get("since_boot", float("inf"))) < TOLERANCE_SECONDS
    return is_as_old and _is_in_group(process, home)


def _leads_or_led(leader: Mapping[str, Any], home: Path) -> bool:
    """Tell whether the session of a recorded supervisor is still its own: no other process has got its number."""
    try:
        return "pid" in leader and _is_recorded(psutil.Process(leader["pid"]), leader, home)
    except psutil.NoSuchProcess:
        return True  # a number is not given away while anything is left of its session


def _is_in_group(process: psutil.Process, home: Path) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(GROUP_VARIABLE) == str(home))
    except (psutil.Error, OSError):
        return False  # it has ended, or is another user's and therefore not in the group


def _is_of_another(process: psutil.Process, home: Path) -> bool:
    """Tell whether a process says that it belongs to another state folder, which is still there: it was not moved."""
    try:
        other = process.environ().get(GROUP_VARIABLE)
        return bool(other and Path(other).exists() and not (home.exists() and Path(other).samefile(home)))
    except (psutil.Error, OSError):
        return False


def _is_in_session(process: psutil.Process, leader: Mapping[str, Any]) -> bool:
    try:
        return bool(
            os.getsid(process.pid) == leader["pid"]
            and _is_younger(process, leader)  # else the number has been reused
            and process.uids().real == os.getuid()
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (psutil.Error, OSError):
        return False  # it has ended


def _is_younger(process: psutil.Process, leader: Mapping[str, Any]) -> bool:
    clock = "since_boot" if "since_boot" in leader else "created"
    return bool(identity(process)[clock] >= leader[clock])


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
