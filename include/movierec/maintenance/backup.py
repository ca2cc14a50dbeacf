"""A backup: a dump of the warehouse in one snapshot, the artifact store's files, and a manifest of digests."""

import logging
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from upath import UPath

from movierec.artifacts import read_bytes, write_bytes
from movierec.code_version import code_version
from movierec.config import Settings
from movierec.db import Connection, fetch
from movierec.errors import MovierecError
from movierec.local.postgres.programs import last_lines, program_path
from movierec.locks import lock
from movierec.maintenance import manifest
from movierec.training import store_mark
from movierec.warehouse import structure_version

log = logging.getLogger(__name__)

DUMP, APPLICATION, ARTIFACTS = "warehouse.dump", "app.dump", "artifacts"
UNFINISHED = ".unfinished-"
# Compression is most of the work of a dump. The next levels take twice the time and five times, for an eighth less room
# and a fifth; not every build of PostgreSQL has anything else.
COMPRESSION = "--compress=gzip:1"
NAME = "%Y-%m-%dT%H-%M-%SZ"  # of the folder of a backup: when it was begun


def make_backup(conn: Connection, settings: Settings, application: str | None = None) -> Path:
    """Make a backup, keep the newest `keep_backups`, and return its folder, which only this user may read.

    Whatever else lies beside backups is left alone. Readers and writers go on meanwhile: the dump shows one moment, and
    artifacts never change once they are written.

    Args:
        conn: the warehouse.
        settings: where backups and artifacts lie.
        application: the connection string of the demo application, to be dumped as well.

    Raises:
        MovierecError: the dump failed, or an artifact was pruned while it was copied.
    """
    with lock(settings.state_folder.lock("backup")):  # what another one has begun is not abandoned
        return _make_backup(conn, settings, application)


def _make_backup(conn: Connection, settings: Settings, application: str | None) -> Path:
    started = time.monotonic()
    root = Path(settings.backups)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for abandoned in root.glob(f"{UNFINISHED}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    name = f"{datetime.now(UTC):{NAME}}"
    folder = root / f"{UNFINISHED}{name}"
    folder.mkdir(mode=0o700)
    try:
        files = _fill(conn, settings, application, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # the disk may be full of it, and the database's as well
        raise
    made = folder.rename(root / name)
    _prune(root, settings.keep_backups, made)
    log.info("backup: %s, %d artifacts, %.1f s", made, files, time.monotonic() - started)
    return made


def _fill(conn: Connection, settings: Settings, application: str | None, folder: Path) -> int:
    """Make all that a backup holds, and return how many artifacts there are."""
    shown = _dump_warehouse(conn, folder / DUMP)
    if application:
        dump(application, folder / APPLICATION)
    files = copy_artifacts(UPath(settings.artifacts), UPath(folder / ARTIFACTS))
    manifest.write_manifest(folder, {"made_at": datetime.now(UTC), "code_version": code_version(), **shown})
    return files


def live_digest(conn: Connection) -> dict[str, Any]:
    """Return what readers are shown, in a few numbers."""
    (row,) = fetch(conn, "maintenance/live_digest")
    return row


def dump(conninfo: str, path: Path, *options: str) -> None:
    """Write a database to a file, in PostgreSQL's custom format.

    Raises:
        MovierecError: pg_dump failed.
    """
    run_client("pg_dump", conninfo, "--format=custom", COMPRESSION, "--no-owner", f"--file={path}", *options)


def run_client(program: str, conninfo: str, *options: str) -> None:
    """Run one of PostgreSQL's client programs on a database; the password goes by the environment.

    Raises:
        MovierecError: it failed; with its last lines.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(conninfo))
    password = parts.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    completed = subprocess.run(
        (str(program_path(program)), f"--dbname={make_conninfo(**parts)}", *options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        check=False,
    )
    if completed.returncode:
        raise MovierecError(f"{program} failed: {last_lines(completed.stdout)}")


def copy_artifacts(source: UPath, target: UPath) -> int:
    """Copy all files of an artifact store but the mark of the warehouse whose it is, and return how many.

    Raises:
        ModelError: a file was pruned meanwhile.
    """
    found = source.rglob("*") if source.exists() else ()
    paths = sorted((path for path in found if path.is_file() and path != source / store_mark.FILE), key=str)
    for path in paths:
        # A file that is there already may be linked to one of another training, which keeps what it has.
        write_bytes(target / path.relative_to(source).as_posix(), read_bytes(path))
    return len(paths)


def _dump_warehouse(conn: Connection, path: Path) -> dict[str, Any]:
    """Dump the warehouse, and return its structure's version and what its readers are shown at that very moment."""
    conn.commit()
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read read only")
        (snapshot,) = conn.execute("select pg_export_snapshot()").fetchone() or ("",)
        shown = {"structure": structure_version(conn), "live": live_digest(conn)}
        info = conn.info
        conninfo = make_conninfo(info.dsn, password=info.password or None)
        dump(conninfo, path, f"--snapshot={snapshot}")
    return shown


def _prune(root: Path, keep: int, made: Path) -> None:
    """Keep the backup that was made just now, whatever the names say that a wrong clock has given, and the newest."""
    others = sorted(path for path in root.iterdir() if _is_backup(path) and path != made)
    for folder in others[: max(0, len(others) - keep + 1)]:
        shutil.rmtree(folder)
        log.info("backup: %s pruned", folder.name)


def _is_backup(folder: Path) -> bool:
    """Tell whether a folder was made here: by its name and by what lies in it."""
    try:
        datetime.strptime(folder.name, NAME)
    except ValueError:
        return False
    return (folder / manifest.FILE).is_file()
