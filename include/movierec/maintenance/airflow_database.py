"""Airflow's own database: `airflow db clean` for runs, XCom, events and logs beyond the days that are kept."""

import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local.environment import airflow_environment
from movierec.local.postgres.embedded_server import data_directory
from movierec.local.postgres.programs import last_lines

log = logging.getLogger(__name__)


def clean_airflow(settings: Settings) -> bool:
    """Remove what is older than `keep_logs` days; the last run of every DAG stays.

    False where Airflow's database is not of this installation: tasks may not know where it is, by Airflow's own rule.

    Raises:
        MovierecError: Airflow's command failed.
    """
    if not data_directory(settings).exists():
        log.warning("airflow db clean: Airflow's database is not of this state folder; run it where that is")
        return False
    oldest_kept = datetime.now(UTC) - timedelta(days=settings.keep_logs)
    command = ("db", "clean", "--clean-before-timestamp", oldest_kept.isoformat(), "--skip-archive", "--yes")
    environment = airflow_environment(settings)
    completed = subprocess.run(
        (sys.executable, "-m", "airflow", *command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # what a task is told of its supervisor concerns no other process
        env={name: value for name, value in environment.items() if not name.startswith("_AIRFLOW")},
        cwd=settings.home,
        check=False,
    )
    if completed.returncode:
        raise MovierecError(f"airflow db clean failed:\n{last_lines(completed.stdout)}")
    log.info("airflow db clean: nothing older than %s is kept", oldest_kept.date())
    return True
