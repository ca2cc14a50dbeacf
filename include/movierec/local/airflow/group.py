"""Airflow and the web application as a group of background processes: start it, find it again, end it cleanly."""

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from movierec import locks
from movierec.config import ROOT, Settings
from movierec.dag_ids import NIGHT
from movierec.errors import ConfigError, MovierecError
from movierec.local import databases, halt, state, web
from movierec.local.airflow import processes
from movierec.local.airflow.health import await_healthy
from movierec.local.airflow.supervisor import GRACE_SECONDS
from movierec.local.download import fetch_dataset
from movierec.local.environment import airflow_environment, airflow_url
from movierec.local.postgres import embedded_server
from movierec.state_folder import StateFolder

ADDRESSES = ("host", "port", "web_host", "web_port")  # settings that processes cannot change while they run
SUPERVISOR = "supervisor"  # as its log is called
SUPERVISOR_START_SECONDS = 60


def up(settings: Settings, dags: Sequence[str] = NIGHT, last_halt: str = "") -> Path:
    """Start the database, Airflow and the web application, wait for their health, and return the path of the dataset.

    Args:
        settings: the installation.
        dags: ids of the DAGs to wait for.
        last_halt: what `halt.begin` returned when this began; empty: it begins now.

    Raises:
        MovierecError: the port is taken, a component keeps dying, a DAG file has an error, or `down` was called since
            this began.
    """
    home = settings.home
    last_halt = last_halt or halt.begin(home)

    def failure() -> str:
        return halt.HALTED if halt.is_halted(home, last_halt) else failure_reason(home)

    halt.require_going(home, last_halt)
    dataset = fetch_dataset(settings)
    halt.require_going(home, last_halt)
    with locks.lock(settings.state_folder.lock("group")):
        halt.require_going(home, last_halt)
        print("preparing the databases", flush=True)
        databases.prepare(settings, dataset)
        env = airflow_environment(settings, dataset)
        running = find_supervisor(home)
        if running and _read_record(home).get("settings") != fingerprint(env):
            databases.require_no_running_dag(settings)
            print("settings or plugins have changed: restarting Airflow", flush=True)
            _end_group(home)
            running = None
        if not running:
            halt.require_going(home, last_halt)
            _start(settings, env)
        elif pid := component_pids(home).get(web.COMPONENT):
            web.reload(pid)
        await_healthy(settings, dags, started_at(home), failure)
        web.await_answering(settings, failure)
    return dataset


def down(settings: Settings) -> None:
    """End every process of this installation, the database server last; a start that is under way goes no further.

    What still runs after its state folder was deleted is ended as well.
    """
    if not state.is_ours(settings.home):
        _end_group(settings.home)
        embedded_server.stop(settings)
    else:
        halt.halt(settings.home)  # whoever starts something has the lock, and gives it up on seeing this
        with locks.lock(settings.state_folder.lock("group")):
            _end_group(settings.home)
            embedded_server.stop(settings)
            halt.halt(settings.home)  # and who began meanwhile starts nothing after the end either


def find_supervisor(home: Path) -> psutil.Process | None:
    """Return the process of the group's supervisor, or None if it does not run."""
    return processes.find_process(_read_record(home), home)


def component_pids(home: Path) -> dict[str, int]:
    """Return the pid of each component as the supervisor last recorded it."""
    return dict(_read_record(home).get("components", {})) if find_supervisor(home) else {}


def database_details(home: Path) -> dict[str, Any]:
    """Return what the supervisor last recorded of the database it watches; nothing where none runs."""
    return dict(_read_record(home).get("database", {})) if find_supervisor(home) else {}


def started_at(home: Path) -> float:
    """Return when the running group was started, in seconds since the epoch.

    Where the machine's clock has been set since, it is the earlier of the two times: what the group has done by either
    clock, it did after that.
    """
    recorded = float(_read_record(home).get("created", 0))
    supervisor = find_supervisor(home)
    return min(recorded, supervisor.create_time()) if supervisor else recorded


def running_settings(settings: Settings) -> Settings:
    """Return the settings with the addresses that the group was started with, whatever they say now."""
    record = _read_record(settings.home)
    return replace(settings, **{name: record[name] for name in ADDRESSES if name in record})


def failure_reason(home: Path) -> str:
    """Return why the group gave up, or an empty string while it runs."""
    if find_supervisor(home):
        return ""
    log = StateFolder(home).log(SUPERVISOR)
    return str(_read_record(home).get("failure") or f"the supervisor has ended; its log: {log}")


def _start(settings: Settings, env: dict[str, str]) -> None:
    processes.end_group(settings.home, 2)  # left behind by a killed supervisor
    check_port(settings)
    settings.state_folder.group.unlink(missing_ok=True)
    print(f"starting Airflow on {airflow_url(settings)} and the web application on {web.web_url(settings)}", flush=True)
    with settings.state_folder.log(SUPERVISOR).open("ab") as log:
        subprocess.Popen(
            (sys.executable, "-m", "movierec.local.airflow.supervisor"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**env, processes.GROUP_VARIABLE: str(settings.home), "MOVIEREC_SETTINGS": fingerprint(env)},
            cwd=settings.state_folder.airflow,
            start_new_session=True,
            umask=0o077,
        )
    _await_supervisor(settings.home)


def _await_supervisor(home: Path) -> None:
    deadline = time.monotonic() + SUPERVISOR_START_SECONDS
    while not find_supervisor(home):
        if time.monotonic() > deadline:
            raise MovierecError(f"Airflow's supervisor did not start; its log: {StateFolder(home).log(SUPERVISOR)}")
        time.sleep(0.1)


def _end_group(home: Path) -> None:
    running = find_supervisor(home)
    if running:
        processes.end_all([running], 2 * GRACE_SECONDS)
    processes.end_group(home, 5)


def check_port(settings: Settings) -> None:
    """Make sure that no other program listens on an address of ours.

    Raises:
        ConfigError: one cannot be bound.
    """
    _try_to_bind(settings.host, settings.port, "MOVIEREC_PORT")
    _try_to_bind(settings.web_host, settings.web_port, "MOVIEREC_WEB_PORT")


def _try_to_bind(host: str, port: int, setting: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise ConfigError(f"cannot listen on {host}:{port} ({reason}); set {setting} to a free port") from error


def fingerprint(env: dict[str, str]) -> str:
    """Return a digest of what running processes cannot take over: their settings and the plugins."""
    variables = sorted(item for item in env.items() if item[0].startswith(("AIRFLOW", "MOVIEREC_")))
    plugins = [path.read_bytes() for path in sorted((ROOT / "plugins").glob("*.py"))]
    return hashlib.sha256(repr((variables, plugins)).encode()).hexdigest()


def _read_record(home: Path) -> dict[str, Any]:
    return state.read_record(StateFolder(home).group)
