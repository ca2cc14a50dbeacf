"""`movierec backup` and `movierec restore`."""

import argparse
from pathlib import Path

from movierec.commands.warehouse import open_warehouse
from movierec.config import Settings
from movierec.local.postgres import embedded_server
from movierec.local.store_client import require_client


def back_up(settings: Settings) -> str:
    """Make a backup and return what to print.

    Raises:
        ConfigError: what reaches the artifact store is not installed.
        MovierecError: as `make_backup` says.
    """
    from movierec.maintenance.backup import make_backup  # noqa: PLC0415 (pandas and all)

    require_client(settings)
    with open_warehouse(settings) as conn:
        folder = make_backup(conn, settings, embedded_server.conninfo(settings, "app"))
    return f"backup: {folder}"


def restore(settings: Settings, options: argparse.Namespace) -> str:
    """Restore a backup and return what to print.

    Raises:
        ConfigError: the warehouse holds something, or is in use, or what reaches the artifact store is not installed.
        MovierecError: the backup is not whole.
    """
    from movierec.maintenance import restore as module  # noqa: PLC0415 (pandas and all)

    require_client(settings)
    live = module.restore(settings, Path(options.folder).expanduser(), options.replace)
    version = f"version {live['version_id']} is live" if live["version_id"] else "no version was live"
    return (
        f"restored from {options.folder}: {version}, {live['lists'][0]:,} entries of lists as before; make up starts it"
    )
