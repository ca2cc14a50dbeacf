"""The three databases ready for use: Airflow's migrated, the warehouse laid out, the demo app filled."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import postgres, state
from movierec.local.environment import environment


def prepare(settings: Settings, dataset: Path) -> None:
    """Start the server and bring every database up to date; quick when all are."""
    from movierec import warehouse  # noqa: PLC0415 (only a night needs them)
    from movierec.local import demo_app  # noqa: PLC0415 (only a night needs them)

    prepare_airflow(settings)
    warehouse.migrate(postgres.conninfo(settings, "warehouse"))
    demo_app.seed(postgres.conninfo(settings, "app"), dataset)


def prepare_airflow(settings: Settings) -> None:
    """Start the server, create missing databases and migrate Airflow's metadata after a change of version."""
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    postgres.start(settings)
    postgres.ensure_databases(settings)
    note = f"migrated for Airflow {version('apache-airflow-core')}"
    with (
        state.lock(settings.home / "migrate.lock"),
        psycopg.connect(postgres.conninfo(settings, "airflow"), autocommit=True) as connection,
    ):
        found = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        ).fetchone()
        if found != (note,):
            _migrate(settings)
            connection.execute(f"comment on database airflow is '{note}'".encode())


def require_quiet(settings: Settings) -> None:
    """Make sure that no night is under way before Airflow is restarted under it.

    Raises:
        MovierecError: a run of one of the DAGs is running.
    """
    import psycopg  # noqa: PLC0415

    with psycopg.connect(postgres.conninfo(settings, "airflow")) as connection:
        running = connection.execute("select dag_id, run_id from dag_run where state = 'running' limit 1").fetchone()
    if running:
        raise MovierecError(
            f"settings have changed while {' '.join(running)} is running; wait until it ends, or make down first"
        )


def _migrate(settings: Settings) -> None:
    log = settings.home / "logs" / "migrate.log"
    with log.open("wb") as output:
        done = subprocess.run(
            (sys.executable, "-m", "airflow", "db", "migrate"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(settings),
            cwd=settings.home / "airflow",
            check=False,
        )
    if done.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:])
        raise MovierecError(f"Airflow's database could not be migrated; the end of {log}:\n{last}")
