"""Prepare what the containers need before Airflow starts: databases, their tables, the administrator's password."""

import os
import subprocess
import sys
from pathlib import Path

from movierec import warehouse
from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.local import demo_app, download, state
from movierec.local.credentials import ADMIN
from movierec.local.postgres import create_missing_databases

REQUIRED_SECRETS = ("MOVIEREC_ADMIN_PASSWORD", "AIRFLOW__API_AUTH__JWT_SECRET")


def prepare() -> None:
    """Create what is missing on the server `MOVIEREC_SERVER` (a libpq connection string); safe to repeat.

    Raises:
        ConfigError: a secret is empty.
    """
    empty = [name for name in REQUIRED_SECRETS if not os.environ.get(name)]
    if empty:
        raise ConfigError(f"{', '.join(empty)} must not be empty; set it for docker compose")
    server = os.environ["MOVIEREC_SERVER"]
    create_missing_databases(f"{server} dbname=postgres")
    subprocess.run((sys.executable, "-m", "airflow", "db", "migrate"), check=True)
    warehouse.migrate(f"{server} dbname=warehouse")
    demo_app.seed(f"{server} dbname=app", download.fetch_dataset(Settings.from_env()))
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    state.write_private(passwords, {ADMIN: os.environ["MOVIEREC_ADMIN_PASSWORD"]})


if __name__ == "__main__":
    try:
        prepare()
    except MovierecError as error:
        sys.exit(f"movierec: {error}")
