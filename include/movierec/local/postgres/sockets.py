"""Where the embedded server's socket lies: a private folder whose path is short and plain enough."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local.postgres.account import Account, open_way

LONGEST_PATH = 106
SOCKET_NAME = ".s.PGSQL.5432"
# libpq and the server split at commas; quotes and the like need care that not every client takes.
PLAIN = re.compile(r"/[^,:'\"\\%$\n]*")


def socket_folder(settings: Settings) -> Path:
    """Return the socket's folder: beside the data, or in the temporary folder if that path cannot be used."""
    preferred = settings.home / "postgres" / "socket"
    if len(os.fsencode(preferred / SOCKET_NAME)) <= LONGEST_PATH and PLAIN.fullmatch(str(preferred)):
        return preferred
    record = settings.home / "postgres" / "socket-folder"
    if record.is_file():
        return Path(record.read_text(encoding="utf-8").strip())
    name = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()).absolute() / f"movierec-{name}"


def make_socket_folder(settings: Settings, account: Account) -> Path:
    """Make the socket's folder, for the server's user alone and empty; record a place outside the state folder.

    Raises:
        MovierecError: the folder exists and is somebody else's.
    """
    folder = socket_folder(settings)
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in (account.uid, os.geteuid())):
        raise MovierecError(f"{folder} must be a folder of {account.name}'s own; remove it and try again")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    os.chown(folder, account.uid, account.gid)
    open_way(folder.parent, account)
    for leftover in folder.glob(f"{SOCKET_NAME}*"):
        leftover.unlink()  # a killed server's lock would count for as long as its pid is taken by anyone
    if folder.parent != settings.home / "postgres":
        (settings.home / "postgres" / "socket-folder").write_text(f"{folder}\n", encoding="utf-8")
    return folder
