"""The state folder: made and marked by movierec, closed to everybody but its owner."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

from movierec import locks
from movierec.errors import ConfigError, MovierecError
from movierec.state_folder import StateFolder

NEARLY_FULL_BYTES = 8_000_000
PASSING = 0o710  # of a state folder through which the database server's group may pass


def prepare(home: Path) -> None:
    """Make the state folder, unless an earlier call has.

    Raises:
        ConfigError: the path is a file, cannot be written, or is a folder with someone else's files.
    """
    if home.exists() and not home.is_dir():
        raise ConfigError(f"MOVIEREC_HOME is {home}, which is a file; name a folder")
    if is_ours(home) and (reason := why_read_only(home)):
        raise ConfigError(f"MOVIEREC_HOME is {home}, but {reason}: mend the disk, or let this user write there")
    try:
        _make(home)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise ConfigError(f"MOVIEREC_HOME is {home}, which cannot be used: {error.strerror}") from error


def _make(home: Path) -> None:
    if not is_ours(home):
        # The second `is_ours`: another process may have made the folder meanwhile; it puts the marker in first.
        if home.exists() and any(home.iterdir()) and not is_ours(home):
            raise ConfigError(not_ours(home))
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        StateFolder(home).marker.write_text("made by movierec; `make clean` deletes this folder\n", encoding="utf-8")
    StateFolder(home).logs.mkdir(exist_ok=True)
    close(home)


def not_ours(home: Path) -> str:
    """Return the sentence about a folder that holds something and is not marked as ours."""
    folder = StateFolder(home)
    if folder.secrets.is_file() or folder.postgres_data.is_dir():
        return (
            f"MOVIEREC_HOME is {home}, which looks like movierec's, but its mark is gone; `touch '{folder.marker}'` "
            "puts it back"
        )
    return f"MOVIEREC_HOME is {home}, which holds other files; name a new or empty folder"


def why_read_only(home: Path) -> str:
    """Return which part of a state folder cannot be written and why, as after an error of its disk; empty: all can."""
    folder = StateFolder(home)
    for path in (home, folder.airflow, folder.logs, folder.postgres):
        if path.exists() and not os.access(path, os.W_OK):
            is_disk = os.statvfs(path).f_flag & os.ST_RDONLY
            return f"{path} can only be read ({os.strerror(errno.EROFS if is_disk else errno.EACCES)})"
    return ""


def is_nearly_full(folder: Path) -> bool:
    """Tell whether the disk of a folder has next to no room left; one that is as small as that is not asked for any."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:  # it is gone
        return False
    return 0 <= usage.free <= NEARLY_FULL_BYTES < usage.total


def close(home: Path) -> None:
    """Let nobody but its owner into the state folder, and into what lies in it.

    Where the database server runs as another user, because we are root, that user's group may pass through the state
    folder to the server's own, but not list it, and gets into nothing else.
    """
    with locks.lock(StateFolder(home).lock("modes")):
        _close(home)


def make_server_folder(home: Path, uid: int, gid: int) -> None:
    """Make the database server's folder, of the user that it runs as, who may pass through the state folder to it.

    As one step: whoever closed the state folder by what was there before would keep the server out.
    """
    folder = StateFolder(home).postgres
    with locks.lock(StateFolder(home).lock("modes")):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, uid, gid)
        _close(home)


def _close(home: Path) -> None:
    folder = StateFolder(home)
    server, mode = folder.postgres, home.stat().st_mode & 0o777
    passing = server.stat() if server.is_dir() else home.stat()
    is_away = folder.databases_made.exists() and not server.is_dir()  # its server may still run, and it may come back
    if passing.st_uid != home.stat().st_uid:
        os.chown(home, -1, passing.st_gid)
        _set_mode(home, PASSING)
    elif not (is_away and mode == PASSING):
        _set_mode(home, 0o700)
    for path in home.iterdir():
        if path.is_dir() and not path.is_symlink() and path != server:
            _set_mode(path, 0o700)


def _set_mode(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)


def is_ours(home: Path) -> bool:
    """Tell whether this folder was made by `prepare`."""
    return StateFolder(home).marker.is_file()


def write_private(path: Path, content: Any) -> None:
    """Write JSON that only this user may read, whole or not at all."""
    write_private_text(path, f"{json.dumps(content, indent=2)}\n")


def write_private_text(path: Path, text: str) -> None:
    """Write a text that only this user may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)  # half of it, where the disk is full
        raise


def read_json(path: Path) -> Any:
    """Return a JSON file's content, or None where there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise MovierecError(f"{path} is not readable JSON ({error}); remove it and try again") from error


def read_record(path: Path) -> dict[str, Any]:
    """Return an object of which whoever wrote it will write the next version: empty where it is missing or damaged."""
    try:
        content = read_json(path)
    except MovierecError:
        return {}
    return content if isinstance(content, dict) else {}
