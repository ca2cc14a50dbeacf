"""Airflow as a background group: brought up once, found again, taken down without a trace."""

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

from movierec.config import ROOT, Settings
from movierec.errors import ConfigError, MovierecError
from movierec.local import databases, postgres, state
from movierec.local.airflow import processes
from movierec.local.airflow.health import await_healthy
from movierec.local.airflow.supervisor import GRACE_SECONDS
from movierec.local.download import dataset_folder
from movierec.local.environment import address, environment

DAGS = ("movierec_ingest", "movierec_train", "movierec_publish")
HANDED_OVER_SECONDS = 10


def up(settings: Settings, dags: Sequence[str] = DAGS) -> Path:
    """Bring everything up, wait until it is healthy, and return the folder of tonight's files.

    Raises:
        MovierecError: the port is taken, a component keeps dying, or a DAG cannot be read.
    """
    state.prepare(settings.home)
    dataset = dataset_folder(settings)
    with state.lock(settings.home / "group.lock"):
        print("preparing the databases", flush=True)
        databases.prepare(settings, dataset)
        air = environment(settings, dataset)
        running = supervisor(settings.home)
        if running and _recorded(settings.home).get("settings") != fingerprint(air):
            databases.require_quiet(settings)
            print("settings or plugins have changed: restarting Airflow", flush=True)
            _end(settings.home)
            running = None
        if not running:
            _start(settings, air)
        await_healthy(settings, dags, started_at(settings.home), lambda: trouble(settings.home))
    return dataset


def down(settings: Settings) -> None:
    """End every process of this installation, the database server last."""
    if state.is_ours(settings.home):
        with state.lock(settings.home / "group.lock"):
            _end(settings.home)
            postgres.stop(settings)


def supervisor(home: Path) -> psutil.Process | None:
    """Return the group's supervisor if it runs."""
    recorded = _recorded(home)
    return processes.find(recorded["pid"], recorded["created"]) if "pid" in recorded else None


def components(home: Path) -> dict[str, int]:
    """Return the pid of each component as the supervisor last recorded it."""
    return dict(_recorded(home).get("components", {})) if supervisor(home) else {}


def started_at(home: Path) -> float:
    """Return when the running group was started, in seconds since the epoch."""
    return float(_recorded(home).get("created", 0))


def as_started(settings: Settings) -> Settings:
    """Return the settings with the address at which the group was started, whatever is asked for now."""
    record = _recorded(settings.home)
    return replace(settings, host=record.get("host", settings.host), port=record.get("port", settings.port))


def trouble(home: Path) -> str:
    """Return why the group gave up, or an empty string while it runs."""
    if supervisor(home):
        return ""
    return str(_recorded(home).get("failure") or f"the supervisor has ended; its log: {home}/logs/supervisor.log")


def _start(settings: Settings, air: dict[str, str]) -> None:
    processes.end_marked(settings.home, 2)  # what a killed supervisor left behind
    check_port(settings)
    (settings.home / "group.json").unlink(missing_ok=True)
    print(f"starting Airflow on {address(settings)}", flush=True)
    with (settings.home / "logs" / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            (sys.executable, "-m", "movierec.local.airflow.supervisor"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**air, processes.MARK: str(settings.home), "MOVIEREC_SETTINGS": fingerprint(air)},
            cwd=settings.home / "airflow",
            start_new_session=True,
        )
    _await_supervisor(settings.home)


def _await_supervisor(home: Path) -> None:
    deadline = time.monotonic() + HANDED_OVER_SECONDS
    while not supervisor(home):
        if time.monotonic() > deadline:
            raise MovierecError(f"Airflow's supervisor did not start; its log: {home}/logs/supervisor.log")
        time.sleep(0.1)


def _end(home: Path) -> None:
    running = supervisor(home)
    if running:
        processes.end([running], 2 * GRACE_SECONDS)
    processes.end_marked(home, 5)


def check_port(settings: Settings) -> None:
    """Refuse an address that another program listens on.

    Raises:
        ConfigError: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {settings.host}:{settings.port} ({os.strerror(error.errno or 0)}); "
                "set MOVIEREC_PORT to a free port"
            ) from error


def fingerprint(air: dict[str, str]) -> str:
    """Return what running processes cannot take over: their settings, and the plugins, which they have imported."""
    ours = sorted(item for item in air.items() if item[0].startswith(("AIRFLOW", "MOVIEREC_")))
    plugins = [path.read_bytes() for path in sorted((ROOT / "plugins").glob("*.py"))]
    return hashlib.sha256(repr((ours, plugins)).encode()).hexdigest()


def _recorded(home: Path) -> dict[str, Any]:
    return state.read_json(home / "group.json") or {}
