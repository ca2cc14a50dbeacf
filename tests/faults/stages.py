"""The stages of a run, as Airflow's tasks take them, and what befalls one of them on its way."""

import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg

from movierec.db import Connection, connect

Stages = Mapping[str, Callable[[Connection], object]]


class Steps:
    """Counts statements and writes of artifacts, and before one of them lets something happen."""

    seen = 0
    due = -1
    happen: Callable[[], object] = staticmethod(lambda: None)

    @classmethod
    def count(cls) -> None:
        """Note that another step is about to be taken."""
        cls.seen += 1
        if cls.seen == cls.due:
            cls.happen()


class Counting(psycopg.ClientCursor[Any]):
    """Counts what it executes as steps."""

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """Run a statement."""
        Steps.count()
        return super().execute(*arguments, **options)

    def copy(self, *arguments: Any, **options: Any) -> Any:
        """Copy rows."""
        Steps.count()
        return super().copy(*arguments, **options)


@contextmanager
def _counted_writes() -> Iterator[None]:
    """Count as steps when an artifact is written and not renamed yet, and when it has its name."""
    fsync = os.fsync

    def count_and_sync(descriptor: int) -> None:
        Steps.count()
        fsync(descriptor)

    with mock.patch.object(os, "fsync", count_and_sync):
        yield


def take(warehouse: str, stages: Stages, before: Callable[[str], object] = lambda _: None) -> dict[str, int]:
    """Take every stage, each over a connection of its own; return how many steps each consisted of."""
    counts = {}
    for name, stage in stages.items():
        with connect(warehouse) as conn, _counted_writes():
            conn.cursor_factory = Counting
            Steps.seen, Steps.due = 0, -1
            before(name)
            stage(conn)
            counts[name] = Steps.seen
    return counts


def start(warehouse: str, stages: Stages, stage: str, step: int, happen: Callable[[int], object]) -> int:
    """Take the stages in a process of its own, in which something happens before a step of one; return its pid.

    The process is forked, as Airflow forks the process of a task. It exits with 1 where a stage failed.
    """
    pid = os.fork()
    if pid:
        return pid
    try:

        def before(name: str) -> None:
            if name == stage:
                Steps.due, Steps.happen = step, staticmethod(lambda: happen(os.getpid()))

        take(warehouse, stages, before)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def exit_status(pid: int) -> int:
    """Wait until a process has ended; return its exit status, or the number of the signal that ended it, negative."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill(pid: int) -> None:
    """End the process at once."""
    os.kill(pid, signal.SIGKILL)


def end_our_backends(warehouse: str) -> None:
    """End every connection of the pipeline to the warehouse, as an administrator may."""
    with psycopg.connect(warehouse, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'movierec' and datname = current_database()"
        )
