"""The system user that the database server runs as: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movierec.errors import MovierecError

SYSTEM_USER = "pgserver"
USER_EXISTS = 9  # useradd's exit status


@dataclass(frozen=True)
class Account:
    """A system user to run programs as."""

    name: str
    uid: int
    gid: int

    def subprocess_arguments(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess.run` switch to this user; none if it is ourselves."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(data: Path) -> Account:
    """Return the owner of the data directory; for a new one ourselves, or a system user if we are root.

    Raises:
        MovierecError: the directory belongs to another user, or root cannot create the system user.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise MovierecError(f"{data} belongs to {_user_name(owner)}; run as that user or set MOVIEREC_HOME")
        return Account(_user_name(os.geteuid()), os.geteuid(), os.getegid())
    if owner:
        return Account(_user_name(owner), owner, data.stat().st_gid)
    return _system_account()


def allow_traversal(directory: Path, account: Account) -> None:
    """Let `account` reach `directory`: set the execute bit, and only that, on each parent that lacks it."""
    for path in reversed((directory, *directory.parents)):
        if account.uid != os.geteuid() and not _can_pass(path.stat(), account):
            path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_IXOTH)


def _can_pass(status: os.stat_result, account: Account) -> bool:
    if account.uid == status.st_uid:
        return True
    return bool(status.st_mode & (stat.S_IXGRP if account.gid == status.st_gid else stat.S_IXOTH))


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _create_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(SYSTEM_USER, entry.pw_uid, entry.pw_gid)


def _create_system_user() -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    problem = f"as root, PostgreSQL needs the system user '{SYSTEM_USER}', and"
    remedy = f"create it (useradd --system {SYSTEM_USER}) or run as an ordinary user"
    if useradd is None:
        raise MovierecError(f"{problem} there is no useradd; {remedy}")
    options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
    result = subprocess.run((useradd, *options, SYSTEM_USER), capture_output=True, text=True, check=False)
    if result.returncode not in (0, USER_EXISTS):  # another set-up may have just created it
        raise MovierecError(f"{problem} useradd failed: {result.stderr.strip()}; {remedy}")


def _user_name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"user {uid}"
