"""The stages of a publication, as Airflow's tasks take them, and what befalls one of them on its way."""

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

import psycopg

from movierec.config import Settings
from movierec.db import Connection, connect
from movierec.publishing import catalogue, lists, versions
from tests.publishing.conftest import LENGTH

SHARDS = 2
Stage = Callable[[Connection, int, Settings], object]
STAGES: dict[str, Stage] = {
    "fit_champion": lists.fit_champion,
    "write_lists": lambda conn, version, settings: [
        lists.write_lists(conn, version, shard, SHARDS, settings) for shard in range(SHARDS)
    ],
    "write_similar": lists.write_similar,
    "write_fallback": lists.write_fallback,
    "write_catalogue": lambda conn, version, _: catalogue.write_catalogue(conn, version),
    "write_item_weights": catalogue.write_item_weights,
    "audit_version": lambda conn, version, _: versions.audit_version(conn, version),
    "go_live": lambda conn, version, _: versions.go_live(conn, version),
    "prune": lambda conn, _, settings: versions.prune(conn, settings),
}


class Counting(psycopg.ClientCursor[Any]):
    """Counts the statements, and before one of them lets something happen."""

    seen = 0
    due = -1
    happen: Callable[[], object] = staticmethod(lambda: None)

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """Run a statement."""
        self._count()
        return super().execute(*arguments, **options)

    def copy(self, *arguments: Any, **options: Any) -> Any:
        """Copy rows."""
        self._count()
        return super().copy(*arguments, **options)

    def _count(self) -> None:
        Counting.seen += 1
        if Counting.seen == Counting.due:
            Counting.happen()


def publish(
    warehouse: str, settings: Settings, run_id: str, before: Callable[[str], object] = lambda _: None
) -> dict[str, int]:
    """Take every stage of a publication, each over a connection of its own; return how many statements each ran."""
    counts = {}
    with connect(warehouse) as conn:
        version_id = versions.open_version(conn, run_id, LENGTH)
    for name, stage in STAGES.items():
        with connect(warehouse) as conn:
            conn.cursor_factory = Counting
            Counting.seen, Counting.due = 0, -1
            before(name)
            stage(conn, version_id, settings)
            counts[name] = Counting.seen
    return counts


def start_publication(
    warehouse: str, settings: Settings, run_id: str, stage: str, statement: int, happen: Callable[[int], object]
) -> int:
    """Publish in a process of its own, in which something happens before a statement; return its pid.

    The process is forked, as Airflow forks the process of a task. It exits with 1 where a stage failed.
    """
    pid = os.fork()
    if pid:
        return pid
    try:

        def before(name: str) -> None:
            if name == stage:
                Counting.due, Counting.happen = statement, staticmethod(lambda: happen(os.getpid()))

        publish(warehouse, settings, run_id, before)
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
