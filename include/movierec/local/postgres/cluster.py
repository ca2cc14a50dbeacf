"""The database cluster: its data directory, created by initdb completely or not at all."""

import shutil
from pathlib import Path

from movierec.errors import MovierecError
from movierec.local import state
from movierec.local.postgres.account import Account, allow_traversal
from movierec.local.postgres.programs import last_lines, program_path, run_program
from movierec.state_folder import StateFolder

INITDB_OPTIONS = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


def prepare(home: Path, account: Account) -> Path:
    """Return the data directory, created at the first start; `account` can reach it and PostgreSQL's programs.

    Raises:
        MovierecError: initdb failed.
    """
    state.make_server_folder(home, account.uid, account.gid)
    allow_traversal(home, account)
    allow_traversal(program_path("postgres").parent, account)
    data = StateFolder(home).postgres_data
    if not data.exists():
        _initialise(data, account)
    return data


def _initialise(data: Path, account: Account) -> None:
    draft = data.with_name("data.new")
    if draft.exists():
        shutil.rmtree(draft)  # the first start was killed halfway
    result = run_program(account, "initdb", "-D", str(draft), *INITDB_OPTIONS)
    if result.returncode:
        raise MovierecError(f"initdb could not create {data} as user {account.name}:\n{last_lines(result.stdout)}")
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("include = 'movierec.conf'\n")
    draft.rename(data)
