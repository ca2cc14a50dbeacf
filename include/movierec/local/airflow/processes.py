"""Processes that are ours: known by a mark in their environment, or by pid and start time together."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from movierec.local import state

MARK = "MOVIEREC_GROUP"


def find(pid: int, created: float) -> psutil.Process | None:
    """Return the process if it still is the one that started at `created`; pids are used again."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def marked(home: Path) -> list[psutil.Process]:
    """Return every process of this state folder's group except the one that asks.

    A process is ours by the mark in its environment, or by the session that our supervisor opened: Airflow's workers
    hide their environment from everybody but root.
    """
    record = state.read_json(home / "group.json") or {}
    leader = record.get("session", record)
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and (_is_marked(process, home) or _is_of_session(process, leader))
    ]


def end(processes: Iterable[psutil.Process], grace_seconds: float) -> None:
    """Ask processes to end; kill those that have not after the grace."""
    ended = list(processes)
    for process in ended:
        _signal(process.terminate)
    _, stubborn = psutil.wait_procs(ended, timeout=grace_seconds)
    for process in stubborn:
        _signal(process.kill)
    psutil.wait_procs(stubborn, timeout=5)


def end_marked(home: Path, grace_seconds: float) -> None:
    """End the whole group, also what its members start meanwhile."""
    end(marked(home), grace_seconds)
    while late := marked(home):
        end(late, 0)


def _is_marked(process: psutil.Process, home: Path) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(home))
    except (psutil.Error, OSError):
        return False  # gone meanwhile, or another user's and therefore not ours


def _is_of_session(process: psutil.Process, leader: Mapping[str, Any]) -> bool:
    try:
        return bool(
            "pid" in leader
            and os.getsid(process.pid) == leader["pid"]
            and process.create_time() >= leader["created"]  # else the number has been used again
            and process.uids().real == os.getuid()
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (psutil.Error, OSError):
        return False  # gone meanwhile


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
