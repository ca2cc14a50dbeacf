"""The parent of Airflow's components: starts them, restarts one that dies, ends them all together."""

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
# The log servers of scheduler and triggerer would listen on every address; all logs are on this disk anyway.
COMPONENTS = {
    "api-server": (*AIRFLOW, "api-server"),
    "scheduler": (*AIRFLOW, "scheduler", "--skip-serve-logs"),
    "dag-processor": (*AIRFLOW, "dag-processor"),
    "triggerer": (*AIRFLOW, "triggerer", "--skip-serve-logs"),
}
MOST_DEATHS = 5
WITHIN_SECONDS = 120.0
GRACE_SECONDS = 10.0
LARGEST_LOG = 20_000_000


@dataclass
class Component:
    """One child process: how it is started, how often it died lately, when it may start again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    not_before: float = 0.0

    def tend(self, home: Path) -> None:
        """Start the process if it does not run, later and later after each death."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            print(f"{self.name} ended with status {self.process.returncode}", flush=True)
            self.process = None
            self.deaths = [death for death in self.deaths if now - death < WITHIN_SECONDS] + [now]
            self.not_before = now + 2 ** (len(self.deaths) - 1)
        if self.process is None and now >= self.not_before:
            self.process = start(self.name, self.command, home)


def start(name: str, command: Sequence[str], home: Path) -> subprocess.Popen[bytes]:
    """Start a process that appends to `logs/<name>.log`; a log grown too large makes room for a new one."""
    log = home / "logs" / f"{name}.log"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=home / "airflow"
        )


def supervise(home: Path, commands: Mapping[str, Sequence[str]], about: Mapping[str, object]) -> str:
    """Keep every component running until told to end; return why it gave up, or an empty string."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    components = [Component(name, command) for name, command in commands.items()]
    failure = ""
    try:
        while not failure and not told.is_set():
            for component in components:
                component.tend(home)
            _record(home, components, about)
            failure = _hopeless(components, home)
            told.wait(0.5)
    finally:
        processes.end(_children(components), GRACE_SECONDS)
        processes.end_marked(home, 1)
        state.write_private(home / "group.json", {"failure": failure, "session": _self()})
    return failure


def _hopeless(components: Sequence[Component], home: Path) -> str:
    for component in components:
        if len(component.deaths) >= MOST_DEATHS:
            log = home / "logs" / f"{component.name}.log"
            return f"{component.name} ended {MOST_DEATHS} times in {WITHIN_SECONDS:.0f} s; its log: {log}"
    return ""


def _record(home: Path, components: Sequence[Component], about: Mapping[str, object]) -> None:
    pids = {each.name: each.process.pid for each in components if each.process}
    content = {**_self(), "components": pids, **about}
    if state.read_json(home / "group.json") != content:
        state.write_private(home / "group.json", content)


def _self() -> dict[str, object]:
    return {"pid": os.getpid(), "created": psutil.Process().create_time()}


def _children(components: Sequence[Component]) -> list[psutil.Process]:
    running = (each.process.pid for each in components if each.process and each.process.poll() is None)
    return [psutil.Process(pid) for pid in running]


if __name__ == "__main__":
    about = {
        "settings": os.environ["MOVIEREC_SETTINGS"],
        "host": os.environ["AIRFLOW__API__HOST"],
        "port": int(os.environ["AIRFLOW__API__PORT"]),
    }
    sys.exit(supervise(Path(os.environ["MOVIEREC_HOME"]), COMPONENTS, about))
