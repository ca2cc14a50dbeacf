"""What runs on this machine, in a few lines."""

from movierec.config import Settings
from movierec.local import night, postgres
from movierec.local.airflow import group, health
from movierec.local.airflow.api import Airflow


def text(settings: Settings) -> str:
    """Return the state of the database, of Airflow's components, and where to look."""
    settings = group.as_started(settings)
    database = "running" if postgres.is_running(settings) else "stopped"
    lines = [f"state folder: {settings.home}", f"PostgreSQL: {database}"]
    running = group.components(settings.home)
    if not running:
        return "\n".join((*lines, "Airflow: stopped"))
    silent = health.silent(Airflow(settings), group.started_at(settings.home))
    verdict = f"not healthy: {', '.join(silent)}" if silent else "healthy"
    named = ", ".join(f"{name} (pid {pid})" for name, pid in running.items())
    return "\n".join((*lines, f"Airflow: {verdict}; {named}", night.where_to_look(settings)))
