"""The parent of Airflow's components and of the web application: it starts them in order, again if one dies or hangs.

The order is: the database, Airflow's API server, and once that answers, all the others. A task that is started while
nobody answers would be lost, and with it one of its tries.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from movierec.config import Settings
from movierec.local import credentials, state, web
from movierec.local.airflow import health, processes
from movierec.local.airflow.clock import Clock, follow_clock
from movierec.local.airflow.component import DEATH_WINDOW_SECONDS, Component, say
from movierec.local.airflow.database import Database, give_back_tries
from movierec.local.airflow.heartbeats import Heartbeats
from movierec.state_folder import StateFolder

AIRFLOW = (sys.executable, "-m", "movierec.local.airflow.program")
FIRST = "api-server"
# The log servers of scheduler and triggerer would listen on every address, and all logs are on this disk anyway.
COMPONENTS = {
    FIRST: (*AIRFLOW, "api-server"),
    "scheduler": (sys.executable, "-m", "movierec.local.airflow.scheduler", "--skip-serve-logs"),
    "dag-processor": (*AIRFLOW, "dag-processor"),
    "triggerer": (*AIRFLOW, "triggerer", "--skip-serve-logs"),
    web.COMPONENT: (sys.executable, "-m", "movierec.web"),
}
MAX_DEATHS = 5
GRACE_SECONDS = 10.0
FULL_DISK_PAUSE_SECONDS = 20.0  # before what ended on a full disk starts again
KILLED_SECONDS = 1.0  # for the processes of a component that hangs; it reacts to no signal but SIGKILL itself


def supervise(
    home: Path,
    commands: Mapping[str, Sequence[str]],
    details: Mapping[str, object],
    database: Database | None = None,
    is_ready: Callable[[], bool] = lambda: True,
    before: Mapping[str, Callable[[], object]] | None = None,
    heartbeats: Heartbeats | None = None,
    clock: Clock | None = None,
) -> str:
    """Keep every component running until a signal says to stop; return why it gave up, or an empty string.

    Args:
        home: the state folder; `group.json` in it says what runs.
        commands: the command of each component; the first is started first.
        details: what else `group.json` shall say.
        database: the server to watch, without which nothing is started.
        is_ready: tells whether the first component answers; only then are the others started.
        before: what is called before each start of a component.
        heartbeats: by which components that hang are told; they are killed, and start again.
        clock: is looked at, whether it was set back.
    """
    stop_requested = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop_requested.set())
    components = [Component(name, command, (before or {}).get(name, _do_nothing)) for name, command in commands.items()]
    identity = processes.identity(psutil.Process())  # now: it reads otherwise once the clock has been set
    failure = problem = ""
    try:
        while not failure and not stop_requested.is_set():
            _start_what_can_run(home, components, database, is_ready)
            if heartbeats:
                _kill_hung(components, heartbeats, is_excused=database is not None and database.was_away())
            if clock and (database is None or not database.was_away()):
                clock.look()
            record = {**identity, **details, **({"database": database.details()} if database else {})}
            problem = _record(home, components, record, problem)
            failure = _failure(components, home)
            stop_requested.wait(0.5)
    finally:
        processes.end_all(_child_processes(components), GRACE_SECONDS)
        processes.end_group(home, 1)
        _write_record(home, {"failure": failure, "session": identity}, problem)
    return failure


def _do_nothing() -> None:
    pass


def _start_what_can_run(
    home: Path, components: Sequence[Component], database: Database | None, is_ready: Callable[[], bool]
) -> None:
    # On a disk that can only be read, as after an error, whatever starts ends again: what still runs goes on alone. On
    # one that is full some things start, and nothing gives up for what does not: it goes on once there is room.
    is_read_only, is_full = bool(state.why_read_only(home)), state.is_nearly_full(home)
    is_there = not is_read_only and (database is None or database.keep_running())
    is_excused = is_read_only or is_full or (database is not None and database.was_away())
    pause = FULL_DISK_PAUSE_SECONDS if is_full else 0.0
    for component in components:
        component.note_death(is_excused, pause)
    if not is_there:
        return
    first, *others = components
    first.start(home, is_excused, pause)
    waiting = [component for component in others if component.process is None]
    if waiting and is_ready():
        for component in waiting:
            component.start(home, is_excused, pause)


def _kill_hung(components: Sequence[Component], heartbeats: Heartbeats, is_excused: bool) -> None:
    running = {each.name: psutil.Process(each.process.pid) for each in components if each.process}
    for name in heartbeats.hung({name: process.pid for name, process in running.items()}, is_excused):
        say(f"{name} has sent no heartbeat for {heartbeats.hung_seconds:.0f} s; it is killed and starts again")
        processes.end_all([*running[name].children(recursive=True), running[name]], KILLED_SECONDS)


def _failure(components: Sequence[Component], home: Path) -> str:
    for component in components:
        if len(component.deaths) >= MAX_DEATHS:
            log = StateFolder(home).log(component.name)
            return f"{component.name} ended {MAX_DEATHS} times in {DEATH_WINDOW_SECONDS:.0f} s; its log: {log}"
    return ""


def _record(home: Path, components: Sequence[Component], details: Mapping[str, object], problem: str) -> str:
    running = {each.name: each.process.pid for each in components if each.process}
    return _write_record(home, {"components": running, **details}, problem)


def _write_record(home: Path, content: Mapping[str, object], problem: str) -> str:
    """Write what runs, and return why that was not possible; it is tried again, such as until a full disk has room."""
    try:
        if state.read_record(StateFolder(home).group) != content:
            state.write_private(StateFolder(home).group, content)
    except OSError as error:
        reason = f"{StateFolder(home).group} could not be written: {error.strerror}"
        if reason != problem:
            say(reason)
        return reason
    return ""


def _child_processes(components: Sequence[Component]) -> list[psutil.Process]:
    running = (each.process.pid for each in components if each.process and each.process.poll() is None)
    return [psutil.Process(pid) for pid in running]


def before_scheduler(settings: Settings) -> None:
    """Make up for the scheduler that ended: its workers, its tasks' tries, and the clock."""
    give_back_tries(settings)  # before its workers end, which some report as failure of their task, even for good
    processes.end_orphans(settings.home, GRACE_SECONDS)
    follow_clock(settings)


def main() -> str:
    """Supervise the installation that the environment describes; return why it gave up, or an empty string."""
    addresses = {
        "host": os.environ["AIRFLOW__API__HOST"],
        "port": int(os.environ["AIRFLOW__API__PORT"]),
        "web_host": os.environ["MOVIEREC_WEB_HOST"],
        "web_port": int(os.environ["MOVIEREC_WEB_PORT"]),
    }
    settings = replace(Settings.from_env(), **addresses)  # type: ignore[arg-type]
    return supervise(
        settings.home,
        COMPONENTS,
        {"settings": os.environ["MOVIEREC_SETTINGS"], **addresses},
        Database(settings),
        lambda: health.api_answers(settings),
        {
            FIRST: lambda: credentials.write_password_file(settings),  # somebody may have cleaned up
            "scheduler": lambda: before_scheduler(settings),
        },
        Heartbeats(lambda: health.heartbeats(settings), FIRST),
        Clock(lambda: follow_clock(settings)),
    )


if __name__ == "__main__":
    sys.exit(main())
