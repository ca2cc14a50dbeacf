"""Components that run and do nothing, such as a scheduler that waits for ever: known by heartbeats that stay the same.

What hangs does not die, and nobody would tell of it, since it is the scheduler that watches over deadlines.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

HUNG_SECONDS = 900.0  # a busy machine takes minutes for a start, and a night has hours
LOOK_SECONDS = 30.0


class Beat(NamedTuple):
    """The last heartbeat of a process, and since when it has been the last one (seconds, monotonic clock)."""

    pid: int
    at: object
    since: float


@dataclass
class Heartbeats:
    """Remembers since when the heartbeat of each component has been what it is.

    The clock for that stands still while the machine sleeps, and does not move when the machine's clock is set.

    Attributes:
        read: returns the last heartbeats of the components that send any, None for one that has not sent any yet; None
            instead of all where nobody answers.
        answering: the component that is asked; its answer is its heartbeat.
        hung_seconds: after which a component counts as hung.
        look_seconds: how long between two questions.
    """

    read: Callable[[], Mapping[str, object] | None]
    answering: str
    hung_seconds: float = HUNG_SECONDS
    look_seconds: float = LOOK_SECONDS
    _last: dict[str, Beat] = field(default_factory=dict)
    _next_look: float = 0.0

    def hung(self, pids: Mapping[str, int], is_excused: bool = False) -> list[str]:
        """Return the components that hang; where it was asked a short time ago, none.

        Args:
            pids: of the components that run.
            is_excused: they cannot help it, because what they need is gone.
        """
        now = time.monotonic()
        if now < self._next_look:
            return []
        self._next_look = now + self.look_seconds
        read = self.read()
        self._last = {name: self._beat(name, pid, read, is_excused, now) for name, pid in pids.items()}
        return [name for name, beat in self._last.items() if now - beat.since >= self.hung_seconds]

    def _beat(self, name: str, pid: int, read: Mapping[str, object] | None, is_excused: bool, now: float) -> Beat:
        last = self._last.get(name)
        if last is None or last.pid != pid or is_excused:
            return Beat(pid, None, now)
        if name == self.answering:
            return last if read is None else Beat(pid, None, now)
        if read is None or name not in read:  # nothing is known of it
            return Beat(pid, last.at, now)
        return last if read[name] == last.at else Beat(pid, read[name], now)
