"""The database that the supervisor watches: brought back, with what it had confirmed, when its server has died."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from movierec.config import SQL, Settings
from movierec.errors import MovierecError
from movierec.local.airflow.component import say
from movierec.local.postgres import embedded_server

MAX_PAUSE_SECONDS = 60.0
EXCUSE_SECONDS = 30.0  # so long after it was away, components may still die of that


@dataclass
class Database:
    """The embedded server of an installation.

    Attributes:
        settings: the installation.
        returns: when it was brought back (ISO 8601, UTC), since this supervisor started.
        problem: why it could not be brought back the last time; empty while it runs.
        last_away: when it was last away (seconds, monotonic clock).
    """

    settings: Settings
    returns: list[str] = field(default_factory=list)
    problem: str = ""
    last_away: float = float("-inf")
    _failures: int = 0
    _next_try: float = 0.0

    def keep_running(self) -> bool:
        """Tell whether the server runs; where it has died, start it again first. It recovers by its log of changes."""
        if embedded_server.is_running(self.settings):
            if self.problem:
                say("PostgreSQL can be reached again, without having been started here")
            self.problem, self._failures, self._next_try = "", 0, 0.0
            return True
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
        return {"returns": self.returns, "problem": self.problem}

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


def give_back_tries(settings: Settings) -> int:
    """Give a try back to each task that ended with the last scheduler; return to how many.

    Airflow starts such tasks again and counts a try for each, although none of them has failed.
    """
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    statements = (SQL / "airflow" / "give_back_tries.sql").read_text(encoding="utf-8")
    with psycopg.connect(embedded_server.conninfo(settings, "airflow")) as connection:
        cursor = connection.execute(statements.encode())
        while cursor.nextset():  # it starts with the result of the first statement
            pass
        tasks = cursor.rowcount
    if tasks:
        say(f"{tasks} interrupted tasks start again; it costs them no try")
    return tasks
