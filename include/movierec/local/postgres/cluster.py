"""The database cluster: its data directory, created by initdb once, completely or not at all."""

import shutil
from pathlib import Path

from movierec.errors import MovierecError
from movierec.local import state
from movierec.local.postgres.account import Account, allow_traversal
from movierec.local.postgres.programs import last_lines, program_path, run_program
from movierec.state_folder import StateFolder

VERSION_FILE = "PG_VERSION"  # without which a folder is no data directory
UNFINISHED = "movierec-restore"  # in a data directory: a restore made it, and has not filled it yet
INITDB_OPTIONS = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


def prepare(home: Path, account: Account, is_for_restore: bool = False) -> Path:
    """Return the data directory, created at the first start; `account` can reach it and PostgreSQL's programs.

    Args:
        home: the state folder.
        account: the server's user.
        is_for_restore: new databases take the place of those that are gone, and are marked until they are filled.

    Raises:
        MovierecError: initdb failed, or databases were made here and are gone.
    """
    if not is_for_restore and (reason := why_gone(home)):
        raise MovierecError(reason)
    state.make_server_folder(home, account.uid, account.gid)
    allow_traversal(home, account)
    allow_traversal(program_path("postgres").parent, account)
    data = StateFolder(home).postgres_data
    if not data.exists():
        _initialise(data, account, is_for_restore)
    made = StateFolder(home).databases_made
    if not made.exists():
        made.write_text(f"{data} was made; where it is gone, make restore brings a backup back\n", encoding="utf-8")
    return data


def why_gone(home: Path) -> str:
    """Return where databases should be that were made here, and how to get them back; empty where none are missing.

    An empty cluster in their place would look like an installation that works, and begin with nothing.
    """
    folder = StateFolder(home)
    if not folder.databases_made.exists() or (folder.postgres_data / VERSION_FILE).exists():
        return ""
    gone = next((path for path in (folder.postgres, folder.postgres_data) if not path.exists()), None)
    seen = f"{gone} is gone" if gone else f"{folder.postgres_data} holds no databases ({VERSION_FILE} is gone)"
    return (
        f"{seen}: the databases were there, and nothing empty is started in its place; put the folder back, or bring a "
        'backup back: make down, then make restore ARGS="--folder …"'
    )


def why_unfinished(home: Path) -> str:
    """Return that a restore made the databases that are there and did not end; empty where none did.

    They are empty, and would look like an installation that works. The mark lies among them, so that it goes where
    somebody puts the earlier folder back.
    """
    data = StateFolder(home).postgres_data
    if not (data / UNFINISHED).exists():
        return ""
    return (
        f"{data} was made by a restore that did not end, and its databases are empty; begin that again: make down, "
        'then make restore ARGS="--folder …"; or make clean begins anew'
    )


def _initialise(data: Path, account: Account, is_for_restore: bool) -> None:
    draft = data.with_name("data.new")
    if draft.exists():
        shutil.rmtree(draft)  # the first start was killed halfway
    result = run_program(account, "initdb", "-D", str(draft), *INITDB_OPTIONS)
    if result.returncode:
        raise MovierecError(f"initdb could not create {data} as user {account.name}:\n{last_lines(result.stdout)}")
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("include = 'movierec.conf'\n")
    if is_for_restore:
        (draft / UNFINISHED).touch()
    draft.rename(data)
