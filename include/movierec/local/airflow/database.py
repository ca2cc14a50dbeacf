"""The database that the supervisor watches: brought back, with what it had confirmed, when its server has died.

One that runs and does not answer is left alone: it may merely be slow, or somebody has halted it and lets it go on.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from movierec.config import SQL, Settings
from movierec.errors import MovierecError
from movierec.local.airflow.component import say
from movierec.local.postgres import embedded_server

MAX_PAUSE_SECONDS = 60.0
EXCUSE_SECONDS = 30.0  # so long after it was away, components may still die of that
LOOK_SECONDS = 15.0  # between two questions whether it answers
CONNECT_SECONDS = 10  # the supervisor waits no longer for a connection, else nobody would watch meanwhile


@dataclass
class Database:
    """The embedded server of an installation.

    Attributes:
        settings: the installation.
        returns: when it was brought back (ISO 8601, UTC), since this supervisor started.
        problem: why it could not be brought back the last time; empty while it runs.
        stuck_since: since when it has not answered everybody, although it runs (ISO 8601, UTC); empty while it does.
        last_away: when it was last away (seconds, monotonic clock).
    """

    settings: Settings
    returns: list[str] = field(default_factory=list)
    problem: str = ""
    stuck_since: str = ""
    last_away: float = float("-inf")
    _failures: int = 0
    _next_look: float = 0.0
    _next_try: float = 0.0

    def keep_running(self) -> bool:
        """Tell whether the server answers; one that has died is started first, and recovers by its log of changes."""
        if embedded_server.is_running(self.settings):
            if self.problem:
                say("PostgreSQL can be reached again, without having been started here")
            self.problem, self._failures, self._next_try = "", 0, 0.0
            return self._answers()
        self.stuck_since = ""
        self.last_away = time.monotonic()
        if self.last_away < self._next_try:
            return False
        log = embedded_server.log_file(self.settings)
        say(f"PostgreSQL has ended or cannot be reached; starting it again, its log: {log}")
        try:
            embedded_server.restart(self.settings)
        except (MovierecError, OSError) as error:
            self._failed(str(error))
            return False
        self._came_back()
        return True

    def was_away(self) -> bool:
        """Tell whether it was away so short a time ago that components may die of it now."""
        return time.monotonic() - self.last_away < EXCUSE_SECONDS

    def details(self) -> dict[str, object]:
        """Return what `group.json` shall say of it."""
        return {"returns": self.returns, "problem": self.problem, "stuck_since": self.stuck_since}

    def _answers(self) -> bool:
        """Tell whether the server answered when it was last looked at, which is now or a short time ago."""
        if time.monotonic() >= self._next_look:
            asked_at = datetime.now(UTC).isoformat(timespec="seconds")
            reason = embedded_server.why_stuck(self.settings)
            self._next_look = time.monotonic() + LOOK_SECONDS
            if reason and not self.stuck_since:
                say(f"PostgreSQL {stuck(asked_at, reason)}")
            if self.stuck_since and not reason:
                say(f"PostgreSQL answers everybody again; it did not since {self.stuck_since}")
            self.stuck_since = (self.stuck_since or asked_at) if reason else ""
        if self.stuck_since:
            self.last_away = time.monotonic()
        return not self.stuck_since

    def _failed(self, problem: str) -> None:
        self.problem = problem
        self._failures += 1
        pause = min(2.0**self._failures, MAX_PAUSE_SECONDS)
        self._next_try = time.monotonic() + pause
        say(f"PostgreSQL could not be started, the next try is in {pause:.0f} s: {problem}")

    def _came_back(self) -> None:
        self.problem, self._failures, self._next_try = "", 0, 0.0
        self.last_away = time.monotonic()
        self.returns.append(datetime.now(UTC).isoformat(timespec="seconds"))
        say(f"PostgreSQL is back since {self.returns[-1]}")


def stuck(since: str, reason: str) -> str:
    """Return what is to be known of a server that runs and does not answer everybody."""
    return f"does not answer everybody since {since}: {reason}; it is left alone, and nothing is started meanwhile"


def give_back_tries(settings: Settings) -> int:
    """Give a try back to each task that ends with the last scheduler; return to how many.

    Airflow starts such tasks again and counts a try for each, although none of them has failed.
    """
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    statements = (SQL / "airflow" / "give_back_tries.sql").read_text(encoding="utf-8")
    conninfo = embedded_server.conninfo(settings, "airflow")
    with psycopg.connect(conninfo, connect_timeout=CONNECT_SECONDS) as connection:
        cursor = connection.execute(statements.encode())
        while cursor.nextset():  # it starts with the result of the first statement
            pass
        tasks = cursor.rowcount
    if tasks:
        say(f"{tasks} interrupted tasks start again; it costs them no try")
    return tasks
