"""Prepare what the containers need before they start: databases, their tables, the administrator's password, keys."""

import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from movierec import warehouse
from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.local import demo_app, download, opentelemetry, state
from movierec.local.credentials import ADMIN, write_web_keys
from movierec.local.postgres import roles

REQUIRED_SECRETS = ("MOVIEREC_ADMIN_PASSWORD", "MOVIEREC_ETL_PASSWORD", "AIRFLOW__API_AUTH__JWT_SECRET")


def prepare() -> None:
    """Create what is missing on the server `MOVIEREC_SERVER` (an administrator's connection string); safe to repeat.

    Raises:
        ConfigError: a secret is empty, OpenTelemetry is on, or newer code has upgraded the warehouse.
    """
    empty = [name for name in REQUIRED_SECRETS if not os.environ.get(name)]
    if empty:
        raise ConfigError(f"{', '.join(empty)} must not be empty; set it for docker compose")
    opentelemetry.require_off(os.environ, Path(os.environ.get("AIRFLOW_HOME", "")) / "airflow.cfg")
    server, settings = os.environ["MOVIEREC_SERVER"], Settings.from_env()
    state.prepare(settings.home)
    roles.prepare(server, settings)
    # before Airflow's database changes
    warehouse.require_known_structure(_owners_conninfo(server, settings, "warehouse"))
    subprocess.run((sys.executable, "-m", "airflow", "db", "migrate"), check=True)
    warehouse.migrate(_owners_conninfo(server, settings, "warehouse"))
    demo_app.seed(_owners_conninfo(server, settings, "app"), download.fetch_dataset(settings), settings.exclude)
    _prepare_web(server, settings)
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    passwords.parent.mkdir(exist_ok=True)
    state.write_private(passwords, {ADMIN: os.environ["MOVIEREC_ADMIN_PASSWORD"]})


def _prepare_web(server: str, settings: Settings) -> None:
    """Write what the web application needs into a folder of its own, so that it sees no other secret."""
    web = replace(settings, home=Path(os.environ["MOVIEREC_WEB_HOME"]))
    write_web_keys(web)
    write_web_password(server, web)


def write_web_password(server: str, settings: Settings) -> None:
    """Write the web application's password where libpq finds it; where none is set, the first call invents one."""
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    path = settings.state_folder.web_password
    if settings.web_password or not path.exists():
        password = settings.web_password or secrets.token_urlsafe(32)
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        state.write_private_text(path, f"*:*:*:{roles.WEB_ROLE}:{escaped}\n")
        with psycopg.connect(server, dbname="warehouse") as connection:
            roles.set_password(connection, roles.WEB_ROLE, password)


def _owners_conninfo(server: str, settings: Settings, database: str) -> str:
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    return make_conninfo(server, user=roles.OWNER, password=settings.etl_password, dbname=database)


if __name__ == "__main__":
    try:
        prepare()
    except MovierecError as error:
        sys.exit(f"movierec: {error}")
