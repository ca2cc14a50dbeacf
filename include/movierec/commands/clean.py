"""`movierec clean`: delete the state folder, after a question where something in it cannot be made again."""

import shutil
import sys
from pathlib import Path

from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.local import state
from movierec.local.airflow import group
from movierec.local.postgres import embedded_server

FIRST_OWN_DATABASE = 16384  # PostgreSQL numbers what it brings along below that (FirstNormalObjectId)
YES = "yes"


def clean(settings: Settings, is_agreed: bool) -> None:
    """Stop everything and delete the state folder.

    Args:
        settings: whose state folder goes.
        is_agreed: whether data may be lost without a question.

    Raises:
        ConfigError: the folder is not movierec's, or nobody agreed to lose what it holds.
    """
    if not settings.home.exists():
        return
    if not state.is_ours(settings.home):
        raise ConfigError(f"{settings.home} was not made by movierec and is left alone")
    if not is_agreed and (data := held_data(settings)):
        _require_agreement(settings.home, data)
    group.down(settings)
    shutil.rmtree(settings.home)


def held_data(settings: Settings) -> list[str]:
    """Return what would be lost with the state folder, in words; nothing where it holds no data.

    Looks at files alone, so that a database that does not start any more is seen as well.
    """
    databases = (embedded_server.data_directory(settings) / "base").glob("[0-9]*")
    holds = {
        "databases": any(int(path.name) >= FIRST_OWN_DATABASE for path in databases),
        "artifacts": _has_entries(settings.state_folder.artifacts),
        "backups": _has_entries(settings.state_folder.backups),
    }
    return [name for name, is_there in holds.items() if is_there]


def _require_agreement(home: Path, data: list[str]) -> None:
    held = f"{home} holds {', '.join(data)}"
    if not sys.stdin.isatty():
        raise ConfigError(f'{held} and was left alone: nobody can be asked here; make clean ARGS="--yes" says yes')
    sys.stdout.write(f"{held}, all of which would be deleted. Type {YES} to go on: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() != YES:
        raise ConfigError("nothing was stopped or deleted")


def _has_entries(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
