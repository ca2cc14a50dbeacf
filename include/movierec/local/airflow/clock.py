"""A machine's clock that is set back while Airflow runs: what waits for a moment would wait as much longer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from movierec.config import SQL, Settings
from movierec.local.airflow.component import say
from movierec.local.airflow.database import CONNECT_SECONDS
from movierec.local.postgres import embedded_server

SET_BACK_SECONDS = 60.0  # less is what a time server corrects, and no run waits for longer than that
LOOK_SECONDS = 30.0


@dataclass
class Clock:
    """Notices that the clock was set back, by one that nobody sets.

    Attributes:
        follow: lets what waits for a moment of before go on; returns how much that was.
        read: returns what the machine's clock says, in seconds since the epoch.
    """

    follow: Callable[[], int]
    read: Callable[[], float] = time.time
    _ahead: float = field(init=False)  # of the clock that nobody sets, in seconds
    _ahead_until: float = float("-inf")  # when the moments of before have come
    _next_look: float = float("-inf")

    def __post_init__(self) -> None:
        """Remember what the clock says now."""
        self._ahead = self.read() - time.monotonic()

    def look(self) -> None:
        """See whether the clock was set back, and let go on what waits, for as long as it was set back.

        An asset that was updated before starts a run that is dated then, even a while later.
        """
        now = time.monotonic()
        ahead = self.read() - now
        set_back, self._ahead = self._ahead - ahead, ahead
        if set_back > SET_BACK_SECONDS:
            say(f"the machine's clock was set back by {set_back:.0f} s; runs go on by the new time")
            self._ahead_until, self._next_look = max(now, self._ahead_until) + set_back, now
        if self._next_look <= now <= self._ahead_until:
            self._next_look = now + LOOK_SECONDS
            try:
                if count := self.follow():
                    say(f"runs and tasks that go on, which the clock had left in the future: {count}")
            except Exception as error:
                say(f"what the clock has left in the future waits: {error}")


def follow_clock(settings: Settings) -> int:
    """Let runs and tasks go on whose moment a clock that was set back has moved into the future; return how many."""
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    statements = (SQL / "airflow" / "follow_clock.sql").read_text(encoding="utf-8")
    conninfo = embedded_server.conninfo(settings, "airflow")
    with psycopg.connect(conninfo, connect_timeout=CONNECT_SECONDS) as connection:
        cursor = connection.execute(statements.encode())
        count = cursor.rowcount
        while cursor.nextset():
            count += cursor.rowcount
    return count
