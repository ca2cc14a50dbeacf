"""One process that the supervisor keeps running."""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from movierec.state_folder import StateFolder

DEATH_WINDOW_SECONDS = 120.0
MAX_LOG_BYTES = 20_000_000


@dataclass
class Component:
    """One child process.

    Attributes:
        name: of the process and of its log.
        command: what starts it.
        before: called before each start; an error that it raises counts like a death.
        process: the child, while it runs.
        deaths: when it died of itself lately (seconds, monotonic clock).
        next_start: before then it is not started again (seconds, monotonic clock).
    """

    name: str
    command: Sequence[str]
    before: Callable[[], object] = lambda: None
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    next_start: float = 0.0

    def note_death(self, is_excused: bool = False, pause_seconds: float = 0.0) -> None:
        """Note that the process has ended, if it has; after each recent death the next start waits twice as long.

        Args:
            is_excused: it could not help it, because what it needs was gone; such deaths are not counted.
            pause_seconds: how long the next start waits at least.
        """
        if self.process is None or self.process.poll() is None:
            return
        say(f"{self.name} ended with status {self.process.returncode}")
        self.process = None
        self._wait_longer(is_excused, pause_seconds)

    def start(self, home: Path, is_excused: bool = False, pause_seconds: float = 0.0) -> None:
        """Start the process, unless it runs or has to wait; arguments are as of `note_death`, should that fail."""
        if self.process is not None or time.monotonic() < self.next_start:
            return
        try:
            self.before()
            self.process = start_component(self.name, self.command, home)
        except Exception as error:
            say(f"{self.name} could not be started: {error}")
            self._wait_longer(is_excused, pause_seconds)

    def _wait_longer(self, is_excused: bool, pause_seconds: float) -> None:
        now = time.monotonic()
        recent = [death for death in self.deaths if now - death < DEATH_WINDOW_SECONDS]
        self.deaths = recent if is_excused else [*recent, now]
        self.next_start = now + max(pause_seconds, 2 ** max(0, len(self.deaths) - 1))


def say(sentence: str) -> None:
    """Write a line to the supervisor's log; where the disk is full it is lost, and the components go on running."""
    with suppress(OSError):
        print(sentence, flush=True)


def start_component(name: str, command: Sequence[str], home: Path) -> subprocess.Popen[bytes]:
    """Start a process that appends to `logs/<name>.log`; a log that has grown too large is set aside first."""
    log = StateFolder(home).log(name)
    for folder in (log.parent, StateFolder(home).airflow):
        folder.mkdir(mode=0o700, exist_ok=True)  # somebody may have cleaned up
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=StateFolder(home).airflow
        )
