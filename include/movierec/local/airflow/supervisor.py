"""Airflow's components and the web application have this parent: it starts them, again if one dies, and ends them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from movierec.local import state
from movierec.local.airflow import processes

AIRFLOW = (sys.executable, "-m", "airflow")
# The log servers of scheduler and triggerer would listen on every address, and all logs are on this disk anyway.
COMPONENTS = {
    "api-server": (*AIRFLOW, "api-server"),
    "scheduler": (sys.executable, "-m", "movierec.local.airflow.scheduler", "--skip-serve-logs"),
    "dag-processor": (*AIRFLOW, "dag-processor"),
    "triggerer": (*AIRFLOW, "triggerer", "--skip-serve-logs"),
    "web": (sys.executable, "-m", "movierec.web"),
}
MAX_DEATHS = 5
DEATH_WINDOW_SECONDS = 120.0
GRACE_SECONDS = 10.0
MAX_LOG_BYTES = 20_000_000


@dataclass
class Component:
    """One child process: its command, its recent deaths, and when it may start again (seconds, monotonic clock)."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    next_start: float = 0.0

    def keep_running(self, home: Path) -> None:
        """Start the process unless it runs; after each recent death it waits twice as long."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            print(f"{self.name} ended with status {self.process.returncode}", flush=True)
            self.process = None
            self.deaths = [death for death in self.deaths if now - death < DEATH_WINDOW_SECONDS] + [now]
            self.next_start = now + 2 ** (len(self.deaths) - 1)
        if self.process is None and now >= self.next_start:
            self.process = start_component(self.name, self.command, home)


def start_component(name: str, command: Sequence[str], home: Path) -> subprocess.Popen[bytes]:
    """Start a process that appends to `logs/<name>.log`; a log that has grown too large is set aside first."""
    log = home / "logs" / f"{name}.log"
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=home / "airflow"
        )


def supervise(home: Path, commands: Mapping[str, Sequence[str]], details: Mapping[str, object]) -> str:
    """Keep every component running until a signal says to stop; return why it gave up, or an empty string.

    Args:
        home: the state folder; `group.json` in it says what runs.
        commands: the command of each component.
        details: what else `group.json` shall say.
    """
    stop_requested = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop_requested.set())
    components = [Component(name, command) for name, command in commands.items()]
    failure = ""
    try:
        while not failure and not stop_requested.is_set():
            for component in components:
                component.keep_running(home)
            _record(home, components, details)
            failure = _failure(components, home)
            stop_requested.wait(0.5)
    finally:
        processes.end_all(_child_processes(components), GRACE_SECONDS)
        processes.end_group(home, 1)
        state.write_private(home / "group.json", {"failure": failure, "session": _own_identity()})
    return failure


def _failure(components: Sequence[Component], home: Path) -> str:
    for component in components:
        if len(component.deaths) >= MAX_DEATHS:
            log = home / "logs" / f"{component.name}.log"
            return f"{component.name} ended {MAX_DEATHS} times in {DEATH_WINDOW_SECONDS:.0f} s; its log: {log}"
    return ""


def _record(home: Path, components: Sequence[Component], details: Mapping[str, object]) -> None:
    pids = {each.name: each.process.pid for each in components if each.process}
    content = {**_own_identity(), "components": pids, **details}
    if state.read_json(home / "group.json") != content:
        state.write_private(home / "group.json", content)


def _own_identity() -> dict[str, object]:
    return {"pid": os.getpid(), "created": psutil.Process().create_time()}


def _child_processes(components: Sequence[Component]) -> list[psutil.Process]:
    running = (each.process.pid for each in components if each.process and each.process.poll() is None)
    return [psutil.Process(pid) for pid in running]


if __name__ == "__main__":
    details = {
        "settings": os.environ["MOVIEREC_SETTINGS"],
        "host": os.environ["AIRFLOW__API__HOST"],
        "port": int(os.environ["AIRFLOW__API__PORT"]),
        "web_host": os.environ["MOVIEREC_WEB_HOST"],
        "web_port": int(os.environ["MOVIEREC_WEB_PORT"]),
    }
    sys.exit(supervise(Path(os.environ["MOVIEREC_HOME"]), COMPONENTS, details))
