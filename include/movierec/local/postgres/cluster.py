"""The database server's data folder: created whole or not at all."""

import os
import shutil
from pathlib import Path

from movierec.errors import MovierecError
from movierec.local.postgres.account import Account, open_way
from movierec.local.postgres.programs import program, run

INITDB = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


def prepare(home: Path, account: Account) -> Path:
    """Return the data folder, created if this is the first start; `account` can reach it and the programs."""
    folder = home / "postgres"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, account.uid, account.gid)
    open_way(home, account)
    open_way(program("postgres").parent, account)
    data = folder / "data"
    if not data.exists():
        _create(data, account)
    return data


def _create(data: Path, account: Account) -> None:
    draft = data.with_name("data.new")
    if draft.exists():
        shutil.rmtree(draft)  # a first start was killed halfway
    made = run(account, "initdb", "-D", str(draft), *INITDB)
    if made.returncode:
        raise MovierecError(f"initdb could not create {data} as user {account.name}:\n{last_lines(made.stdout)}")
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("include = 'movierec.conf'\n")
    draft.rename(data)


def last_lines(text: str) -> str:
    """Return the end of what a program said."""
    return "\n".join(text.strip().splitlines()[-5:])
