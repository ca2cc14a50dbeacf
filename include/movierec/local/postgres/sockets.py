"""The directory of the embedded server's Unix socket: private, with a path that is short and plain enough."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from movierec.config import MAX_SOCKET_PATH_BYTES, Settings
from movierec.errors import MovierecError
from movierec.local.postgres.account import Account, allow_traversal

SOCKET_NAME = ".s.PGSQL.5432"
# libpq and the server split at commas, and not every client quotes the other characters.
PLAIN_PATH = re.compile(r"/[^,:'\"\\%$\n]*")


def socket_directory(settings: Settings) -> Path:
    """Return the socket's directory: in the state folder, or in the temporary folder if that path cannot be used."""
    preferred = settings.state_folder.socket
    if len(os.fsencode(preferred / SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES and PLAIN_PATH.fullmatch(str(preferred)):
        return preferred
    name = f"movierec-{hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]}"
    record = settings.state_folder.socket_record
    recorded = Path(record.read_text(encoding="utf-8").strip()) if record.is_file() else None
    if recorded and recorded.name == name:  # else the state folder has been moved, or is a copy of one that may run
        return recorded
    return Path(tempfile.gettempdir()).absolute() / name


def make_socket_directory(settings: Settings, account: Account) -> Path:
    """Make the socket's directory, empty and for the server's user alone; record its path if it lies elsewhere.

    Raises:
        MovierecError: the directory exists and belongs to somebody else.
    """
    directory = socket_directory(settings)
    if directory.is_symlink() or (directory.exists() and not _is_own(directory, account)):
        raise MovierecError(f"{directory} must be a folder of {account.name}'s own; remove it and try again")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    os.chown(directory, account.uid, account.gid)
    allow_traversal(directory.parent, account)
    for leftover in directory.glob(f"{SOCKET_NAME}*"):
        leftover.unlink()  # PostgreSQL would respect a dead server's lock file while any process has its pid
    if directory != settings.state_folder.socket:
        settings.state_folder.socket_record.write_text(f"{directory}\n", encoding="utf-8")
    return directory


def remove_socket_directory(settings: Settings, account: Account) -> None:
    """Remove the socket's directory where it lies in the temporary folder; the server must not run.

    What belongs to somebody else, or holds anything but what a server leaves of its socket, is left alone.
    """
    directory = socket_directory(settings)
    if directory == settings.state_folder.socket or directory.is_symlink() or not directory.is_dir():
        return
    if not _is_own(directory, account):
        return
    for leftover in directory.glob(f"{SOCKET_NAME}*"):
        leftover.unlink()  # of a server that was killed
    if not any(directory.iterdir()):
        directory.rmdir()


def _is_own(directory: Path, account: Account) -> bool:
    return directory.stat().st_uid in (account.uid, os.geteuid())
