"""Which system user the database server runs as: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movierec.errors import MovierecError

NAME = "pgserver"


@dataclass(frozen=True)
class Account:
    """A user that commands can be run as; the running user needs no change of identity."""

    name: str
    uid: int
    gid: int

    def identity(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess.run` run as this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(data: Path) -> Account:
    """Return the user who owns `data`, or who shall own it: ourselves, or a system user if we are root.

    Raises:
        MovierecError: the folder is another user's, or root cannot make the system user.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise MovierecError(f"{data} belongs to {_name(owner)}; run as that user or set MOVIEREC_HOME")
        return Account(_name(os.geteuid()), os.geteuid(), os.getegid())
    if owner:
        return Account(_name(owner), owner, data.stat().st_gid)
    return _system_account()


def open_way(folder: Path, account: Account) -> None:
    """Let `account` pass through every folder down to `folder`; only the traverse bit, only where missing."""
    for step in reversed((folder, *folder.parents)):
        mode = step.stat()
        if account.uid not in (os.geteuid(), mode.st_uid) and not mode.st_mode & stat.S_IXOTH:
            step.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)


def _system_account() -> Account:
    try:
        found = pwd.getpwnam(NAME)
    except KeyError:
        _create()
        found = pwd.getpwnam(NAME)
    return Account(NAME, found.pw_uid, found.pw_gid)


def _create() -> None:
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    refusal = f"as root, PostgreSQL needs the system user '{NAME}', and"
    remedy = f"create it (useradd --system {NAME}) or run as an ordinary user"
    if program is None:
        raise MovierecError(f"{refusal} there is no useradd; {remedy}")
    command = (program, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 9):  # 9: another set-up created it a moment ago
        raise MovierecError(f"{refusal} useradd said: {done.stderr.strip()}; {remedy}")


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"user {uid}"
