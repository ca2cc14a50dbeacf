"""States of a night that many tests begin with: each made once for all tests of a process, and copied for each."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from movierec.config import Settings
from movierec.db import Connection, connect
from movierec.local.postgres import embedded_server

Fill = Callable[[Connection, str, Settings], object]


@dataclass(frozen=True)
class Kept:
    """What some stages of a night have left.

    Attributes:
        warehouse: the database on the tests' server that is to be copied.
        app: the same of the application.
        settings: where the artifacts lie; other files lie beside them in its home.
    """

    warehouse: str
    app: str
    settings: Settings

    def copy_artifacts(self, settings: Settings) -> None:
        """Place a copy of the artifacts where a test has its own."""
        if Path(self.settings.artifacts).exists():
            shutil.copytree(self.settings.artifacts, settings.artifacts, dirs_exist_ok=True)


class Keeper:
    """Makes states, each of them once."""

    def __init__(self, server: Settings, home: Path, copy: Callable[[str, str], None]) -> None:
        """Make them on a server, by what copies the database of a name to one of another."""
        self._server, self._home, self._copy = server, home, copy
        self._made: dict[str, Kept] = {}

    def keep(self, name: str, fill: Fill, after: Kept | None = None) -> Kept:
        """Let an empty night, or a state after which it comes, be filled, and keep what comes of it.

        Args:
            name: of the state.
            fill: takes the warehouse, how to reach the application, and settings.
            after: the state to begin with.
        """
        if name not in self._made:
            self._made[name] = self._make(name, fill, after)
        return self._made[name]

    def _make(self, name: str, fill: Fill, after: Kept | None) -> Kept:
        home = self._home / name
        settings = replace(self._server, home=home, artifacts=str(home / "artifacts"))
        kept = Kept(f"{name}_warehouse", f"{name}_app", settings)
        after = after or Kept("warehouse", "app", settings)  # without artifacts: the server's are other tests'
        self._copy(after.warehouse, kept.warehouse)
        self._copy(after.app, kept.app)
        after.copy_artifacts(settings)
        with connect(embedded_server.conninfo(self._server, kept.warehouse)) as conn:
            fill(conn, embedded_server.conninfo(self._server, kept.app), settings)
        return kept
