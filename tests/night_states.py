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
class NightState:
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


class NightStates:
    """Makes states, each of them once."""

    def __init__(self, server: Settings, home: Path, copy: Callable[[str, str], None]) -> None:
        """Make them on a server, by what copies the database of a name to one of another."""
        self._server, self._home, self._copy = server, home, copy
        self._made: dict[str, NightState] = {}

    def get(self, name: str, fill: Fill, after: NightState | None = None) -> NightState:
        """Let an empty night, or a state after which it comes, be filled, and keep what comes of it.

        Args:
            name: of the state.
            fill: takes the warehouse, how to reach the application, and settings.
            after: the state to begin with.
        """
        if name not in self._made:
            self._made[name] = self._make(name, fill, after)
        return self._made[name]

    def _make(self, name: str, fill: Fill, after: NightState | None) -> NightState:
        home = self._home / name
        settings = replace(self._server, home=home, artifacts=str(home / "artifacts"))
        state = NightState(f"{name}_warehouse", f"{name}_app", settings)
        after = after or NightState("warehouse", "app", settings)  # without artifacts: the server's are other tests'
        self._copy(after.warehouse, state.warehouse)
        self._copy(after.app, state.app)
        after.copy_artifacts(settings)
        with connect(embedded_server.conninfo(self._server, state.warehouse)) as conn:
            fill(conn, embedded_server.conninfo(self._server, state.app), settings)
        return state
