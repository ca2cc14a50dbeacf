"""A Docker engine: the machine's own, where it can pull images, else one that is started for this test alone.

The test's own engine keeps everything in one folder. It builds in the machine's network, whose rules it leaves alone,
and runs containers in a network of its own, out of which there is no way: nothing that they send leaves this machine.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BUILD_NETWORK = ("--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false")
PROGRAMS = {"dockerd": "docker.io", "docker": "docker.io", "debootstrap": "debootstrap", "nsenter": "util-linux"}
COMPOSE = "docker-compose"  # Debian's package and its program
START_SECONDS = 60
STOP_SECONDS = 60


class EngineError(Exception):
    """No engine can be had here, or a command of one failed."""


@dataclass(frozen=True)
class Engine:
    """An engine that answers.

    Attributes:
        host: its address, as `DOCKER_HOST` has it; empty for the machine's own.
        inside: what precedes a command that shall reach the ports which containers publish.
    """

    host: str = ""
    inside: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Docker's programs reach this engine."""
        # without the plugin buildx, the client's own builder has to be asked for
        return {**os.environ, **({"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0"} if self.host else {})}

    def run(self, *command: str) -> None:
        """Run one of Docker's programs, and show what it says."""
        print("$", *command, flush=True)
        if subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, check=False).returncode:
            raise EngineError(f"failed: {' '.join(command)}")

    def output(self, *command: str) -> str:
        """Run one of Docker's programs, and return what it prints."""
        none = subprocess.DEVNULL
        done = subprocess.run(command, env=self.environment, stdin=none, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EngineError(f"failed: {' '.join(command)}\n{done.stderr.strip()[-2000:]}")
        return done.stdout

    def compose(self) -> list[str]:
        """Return how Compose is called."""
        if command := _compose():
            return command
        raise EngineError(f"Compose is missing; install the Debian package {COMPOSE}")


def _compose() -> list[str]:
    """Return how Compose is called, as Docker's plugin or as Debian's program; nothing where neither is there."""
    if shutil.which("docker"):
        plugin = ["docker", "compose"]
        if not subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode:
            return plugin
    return [COMPOSE] if shutil.which(COMPOSE) else []


def machines_own(images: list[str]) -> Engine | None:
    """Return the machine's own engine, or None where it does not answer or cannot get an image."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        return None
    for image in images:
        known = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode == 0
        if not known and subprocess.run(["docker", "pull", "--quiet", image], check=False).returncode:
            return None
    return Engine()


@contextmanager
def own_engine(folder: Path, *, is_isolated: bool) -> Iterator[Engine]:
    """Run an engine of the test's own, and end it.

    Args:
        folder: of its images, volumes, socket and log.
        is_isolated: it has a network of its own, with no way out; else it is for building.
    """
    _require_programs()
    folder.mkdir(parents=True, exist_ok=True)
    socket = folder / "socket"
    command = ["unshare", "--mount", *(["--net"] if is_isolated else []), "sh", "-c", _start(is_isolated), "dockerd"]
    command += [f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}", f"--pidfile={folder / 'pid'}"]
    command += [f"--host=unix://{socket}", "--exec-opt=native.cgroupdriver=cgroupfs"]
    command += [] if is_isolated else BUILD_NETWORK
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    inside = ("nsenter", "--net", f"--target={process.pid}") if is_isolated else ()
    engine = Engine(f"unix://{socket}", inside)
    try:
        _await(engine, process, folder / "log")
        yield engine
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(is_isolated: bool) -> str:
    """Return the shell's words that become the engine: its mounts, and its loopback, are its own."""
    return f'mount --make-rprivate / {"&& ip link set lo up" if is_isolated else ""} && exec "$0" "$@"'


def _require_programs() -> None:
    if os.geteuid():
        raise EngineError("no engine that can pull images answers here, and starting one needs root")
    missing = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    missing |= set() if _compose() else {COMPOSE}
    if missing:
        raise EngineError(
            "no engine that can pull images answers here; to start one, install the Debian packages "
            f"{', '.join(sorted(missing))}"
        )


def _await(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(["docker", "info"], env=engine.environment, capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            end = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise EngineError(f"dockerd did not start; the end of {log}:\n{end}")
        time.sleep(0.5)
