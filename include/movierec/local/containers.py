"""Prepare what the containers need before they start: databases, their tables, the administrator's password, keys."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from movierec import warehouse
from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.local import demo_app, download, opentelemetry, state
from movierec.local.credentials import ADMIN, write_web_keys
from movierec.local.environment import WEB_ROLE
from movierec.local.postgres import create_missing_databases

WEB_PASSWORD_FILE = "web.pgpass"  # noqa: S105 (a file name; libpq reads it)
REQUIRED_SECRETS = ("MOVIEREC_ADMIN_PASSWORD", "AIRFLOW__API_AUTH__JWT_SECRET")


def prepare() -> None:
    """Create what is missing on the server `MOVIEREC_SERVER` (a libpq connection string); safe to repeat.

    Raises:
        ConfigError: a secret is empty, or OpenTelemetry is on.
    """
    empty = [name for name in REQUIRED_SECRETS if not os.environ.get(name)]
    if empty:
        raise ConfigError(f"{', '.join(empty)} must not be empty; set it for docker compose")
    opentelemetry.refuse(os.environ, Path(os.environ.get("AIRFLOW_HOME", "")) / "airflow.cfg")
    server = os.environ["MOVIEREC_SERVER"]
    create_missing_databases(f"{server} dbname=postgres")
    subprocess.run((sys.executable, "-m", "airflow", "db", "migrate"), check=True)
    warehouse.migrate(f"{server} dbname=warehouse")
    settings = Settings.from_env()
    demo_app.seed(f"{server} dbname=app", download.fetch_dataset(settings), settings.exclude)
    write_web_keys(settings)
    give_web_role_a_password(f"{server} dbname=warehouse", settings.home / WEB_PASSWORD_FILE)
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    state.write_private(passwords, {ADMIN: os.environ["MOVIEREC_ADMIN_PASSWORD"]})


def give_web_role_a_password(conninfo: str, path: Path) -> None:
    """Let the web application's role log in with a password; the first call invents it and writes it to `path`."""
    import psycopg  # noqa: PLC0415 (half a second, needed here only)
    from psycopg import sql  # noqa: PLC0415

    if not path.exists():
        state.write_private_text(path, f"*:*:*:{WEB_ROLE}:{secrets.token_urlsafe(32)}\n")
    password = path.read_text(encoding="utf-8").strip().rpartition(":")[2]
    with psycopg.connect(conninfo) as connection:
        statement = sql.SQL("alter role {} login password {}")
        connection.execute(statement.format(sql.Identifier(WEB_ROLE), sql.Literal(password)))


if __name__ == "__main__":
    try:
        prepare()
    except MovierecError as error:
        sys.exit(f"movierec: {error}")
