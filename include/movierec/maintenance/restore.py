"""A backup back into this installation: the warehouse it had, the artifacts, the same lists for readers."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psycopg import sql
from upath import UPath

from movierec.config import Settings
from movierec.db import connect, fetch
from movierec.errors import ConfigError, MovierecError
from movierec.local.airflow import group
from movierec.local.postgres import embedded_server, roles
from movierec.maintenance.backup import APPLICATION, ARTIFACTS, DUMP, copy_artifacts, live_digest, run_client
from movierec.maintenance.manifest import read_manifest
from movierec.training.folder import training_folders
from movierec.training.store_mark import take_store
from movierec.warehouse import STRUCTURE_VERSION, migrate, require_known_structure

log = logging.getLogger(__name__)

TRAINING_IDS = {"schema_name": "ml", "sequence_name": "training_training_id_seq"}
RESTORED = "_restored"  # behind the name of a database that is being made
CLOSING_SECONDS = 5.0  # within which a connection that is closed has ended, on a machine that does much else


def restore(settings: Settings, folder: Path, replace: bool = False) -> dict[str, Any]:
    """Restore a backup and return what readers are shown.

    The dump goes into a database beside the warehouse, which takes its place once its lists have been compared with
    the manifest. Until then nothing has changed; where there were no databases, nothing but a restore starts the server
    on those that were made for it.

    Args:
        settings: the installation; its server is started.
        folder: of the backup.
        replace: a warehouse that holds something is replaced; it stays under another name.

    Raises:
        ConfigError: newer code made the backup or has upgraded the warehouse, or the warehouse is in use, or holds
            something and is not to be replaced, or databases that are gone are still looked for by what runs.
        MovierecError: the backup is not whole, or shows other lists once it is restored.
    """
    manifest = read_manifest(folder)
    _require_known_backup(folder, manifest)
    _require_nobody_looks(settings)
    embedded_server.start_for_restore(settings)
    embedded_server.ensure_databases(settings)
    migrate(embedded_server.conninfo(settings, "warehouse"))  # creates the roles that the dump grants rights to
    _require_room(settings, replace)
    names = ["warehouse", *(["app"] if (folder / APPLICATION).exists() else [])]
    try:
        live = _restore_beside(settings, "warehouse", folder / DUMP, manifest["live"])
        _continue_ids(settings)
        copy_artifacts(UPath(folder / ARTIFACTS), UPath(settings.artifacts))
        if "app" in names:
            _restore_beside(settings, "app", folder / APPLICATION)
        _take_places(settings, names)
        embedded_server.finish_restore(settings)
    finally:
        _drop_restored(settings, names)  # what has not taken its place is as large as a warehouse
    migrate(embedded_server.conninfo(settings, "warehouse"))
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        take_store(conn, settings)
    log.info("restore: %s, version %s is live", folder, live["version_id"])
    return live


def _require_known_backup(folder: Path, manifest: Mapping[str, Any]) -> None:
    """See to it that this code knows the structure of a backup, before anything changes."""
    version = manifest.get("structure", 0)  # earlier backups do not say; their warehouse does, once it is restored
    if version > STRUCTURE_VERSION:
        raise ConfigError(
            f"{folder} is a backup of structure {version}, which newer code made; this code knows structures up to "
            f"{STRUCTURE_VERSION}: restore it with the newer code"
        )


def _require_nobody_looks(settings: Settings) -> None:
    """See to it that nothing runs that would take new databases for those that are gone."""
    if embedded_server.why_gone(settings) and group.find_supervisor(settings.home):
        raise ConfigError(f"the databases of {settings.home} are gone, and Airflow still runs; make down first")


def _require_room(settings: Settings, replace: bool) -> None:
    """See to it that nobody uses the warehouse, and that nothing is lost."""
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        (batches,) = conn.execute("select count(*) from ops.batch").fetchone() or (0,)
    if users := _users(settings):
        raise ConfigError(f"{users} connections use the warehouse; make down first, then start the restore again")
    if batches and not replace:
        raise ConfigError(
            f"the warehouse holds {batches} batches; allowed is an empty one, or --replace, which keeps it under "
            "another name"
        )


def _users(settings: Settings) -> int:
    """Return how many connections use the warehouse, once those have ended that their clients have just closed."""
    deadline = time.monotonic() + CLOSING_SECONDS
    with embedded_server.as_administrator(settings) as server:
        while True:
            (users,) = server.execute(
                "select count(*) from pg_stat_activity where datname = 'warehouse' and backend_type = 'client backend'"
            ).fetchone() or (0,)
            if not users or time.monotonic() > deadline:
                return int(users)
            time.sleep(0.1)


def _restore_beside(
    settings: Settings, name: str, path: Path, expected: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Restore a dump as the database `<name>_restored`; return the lists it serves, if they are to be compared."""
    database = f"{name}{RESTORED}"
    _drop_restored(settings, [name])
    with embedded_server.as_administrator(settings) as server:
        roles.create_database(server, database)
    conninfo = embedded_server.conninfo(settings, database)
    # a dump also says who may call functions of the server, which is the administrator's to repeat
    administrator = embedded_server.conninfo(settings, database, roles.ADMINISTRATOR)
    run_client("pg_restore", administrator, "--no-owner", "--exit-on-error", str(path))
    maintenance = embedded_server.conninfo(settings, embedded_server.MAINTENANCE)
    roles.hand_over(maintenance, database, roles.GUESTS.get(name, ()))
    with connect(conninfo) as conn:
        conn.execute("analyze")  # a dump holds no statistics, without which readers would wait for bad plans
    if expected is None:
        return {}
    require_known_structure(conninfo)
    with connect(conninfo) as conn:
        live = live_digest(conn)
    if live != expected:
        raise MovierecError(f"the restored warehouse shows other lists: {live}; the backup says {expected}")
    return live


def _continue_ids(settings: Settings) -> None:
    """Give out no id again that something since the backup has: artifacts, Airflow's runs and caches still know it."""
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        used = fetch(conn, "maintenance/used_ids")
    training_id = max((kept.training_id for kept in training_folders(settings)), default=0)
    used.append({**TRAINING_IDS, "last_id": training_id})
    with connect(embedded_server.conninfo(settings, f"warehouse{RESTORED}")) as conn:
        for sequence in used:
            fetch(conn, "maintenance/continue_ids", sequence)


def _take_places(settings: Settings, names: Sequence[str]) -> None:
    """Put restored databases in the place of those that are there, all of them or none."""
    renaming = sql.SQL("alter database {} rename to {}")
    with embedded_server.as_administrator(settings) as conn, conn.transaction():
        (now,) = conn.execute("select to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS')").fetchone() or ("",)
        for name in names:
            for before, after in ((name, f"{name}_before_{now}"), (f"{name}{RESTORED}", name)):
                conn.execute(renaming.format(sql.Identifier(before), sql.Identifier(after)))


def _drop_restored(settings: Settings, names: Sequence[str]) -> None:
    """Drop restored databases that lie beside those whose place they would take."""
    with embedded_server.as_administrator(settings) as conn:
        for name in names:
            dropping = sql.SQL("drop database if exists {} with (force)")
            conn.execute(dropping.format(sql.Identifier(f"{name}{RESTORED}")))
