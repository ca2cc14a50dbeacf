"""Make the three databases ready: Airflow's migrated, the warehouse's structure applied, the demo app seeded."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from movierec import locks
from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local.environment import airflow_environment
from movierec.local.postgres import embedded_server
from movierec.local.postgres.programs import last_lines


def prepare(settings: Settings, dataset: Path) -> None:
    """Start the server and bring every database up to date; quick if all of them are.

    Raises:
        ConfigError: newer code has upgraded the warehouse.
        MovierecError: Airflow's database could not be migrated.
    """
    from movierec import warehouse  # noqa: PLC0415 (only a night needs them)
    from movierec.local import demo_app  # noqa: PLC0415 (only a night needs them)

    prepare_airflow(settings)
    conninfo = embedded_server.conninfo(settings, "warehouse")
    warehouse.migrate(conninfo)
    follow_cache(conninfo, settings, dataset)
    demo_app.seed(embedded_server.conninfo(settings, "app"), dataset, settings.exclude)


def follow_cache(conninfo: str, settings: Settings, dataset: Path) -> None:
    """Let the history of a dataset that was fetched go on where the state folder has been moved, or restored elsewhere.

    The warehouse knows datasets by their paths, and that of a fetched one leads through the state folder.
    """
    from movierec.db import connect, run_sql  # noqa: PLC0415 (half a second, needed here only)

    home = settings.state_folder.path
    if dataset.is_relative_to(settings.state_folder.cache):
        names = {"dataset": str(dataset), "ending": f"/{dataset.relative_to(home).as_posix()}"}
        with connect(conninfo) as conn:
            run_sql(conn, "ops/move_dataset", names)


def prepare_airflow(settings: Settings) -> None:
    """Start the server, create missing databases, and migrate Airflow's database if its version has changed.

    Raises:
        ConfigError: newer code has upgraded the warehouse, on which Airflow's tasks would run.
        MovierecError: the migration failed.
    """
    import psycopg  # noqa: PLC0415 (half a second, needed here only)
    from psycopg import sql  # noqa: PLC0415

    from movierec import warehouse  # noqa: PLC0415 (pandas takes a second)

    embedded_server.start(settings)
    embedded_server.ensure_databases(settings)
    warehouse.require_known_structure(embedded_server.conninfo(settings, "warehouse"))  # before anything changes
    comment = f"migrated for Airflow {version('apache-airflow-core')}"
    with (
        locks.lock(settings.state_folder.lock("migrate")),
        psycopg.connect(embedded_server.conninfo(settings, "airflow"), autocommit=True) as connection,
    ):
        current = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        ).fetchone()
        if current != (comment,):
            _migrate(settings)
            connection.execute(sql.SQL("comment on database airflow is {}").format(comment))


def require_no_running_dag(settings: Settings) -> None:
    """Make sure that no DAG is running which a restart of Airflow would interrupt.

    Raises:
        MovierecError: a DAG is running.
    """
    import psycopg  # noqa: PLC0415

    with psycopg.connect(embedded_server.conninfo(settings, "airflow")) as connection:
        running = connection.execute("select dag_id, run_id from dag_run where state = 'running' limit 1").fetchone()
    if running:
        raise MovierecError(
            f"settings have changed while {' '.join(running)} is running; wait until it ends, or make down first"
        )


def _migrate(settings: Settings) -> None:
    log = settings.state_folder.log("migrate")
    with log.open("wb") as output:
        completed = subprocess.run(
            (sys.executable, "-m", "airflow", "db", "migrate"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=airflow_environment(settings),
            cwd=settings.state_folder.airflow,
            umask=0o077,
            check=False,
        )
    if completed.returncode:
        end = last_lines(log.read_text(encoding="utf-8", errors="replace"))
        raise MovierecError(f"Airflow's database could not be migrated; the end of {log}:\n{end}")
