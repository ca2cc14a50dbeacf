"""What of this installation is running, in a few lines: what `make status` prints."""

from movierec.config import Settings
from movierec.local import night, postgres, web
from movierec.local.airflow import group, health
from movierec.local.airflow.api import AirflowClient


def status_text(settings: Settings) -> str:
    """Return the state of the database and of Airflow's components, and how to log in."""
    settings = group.running_settings(settings)
    database = "running" if postgres.is_running(settings) else "stopped"
    lines = [f"state folder: {settings.home}", f"PostgreSQL: {database}"]
    pids = group.component_pids(settings.home)
    if not pids:
        return "\n".join((*lines, "Airflow: stopped"))
    unhealthy = health.unhealthy_components(AirflowClient(settings), group.started_at(settings.home))
    verdict = f"not healthy: {', '.join(unhealthy)}" if unhealthy else "healthy"
    web_pid = pids.pop(web.COMPONENT, None)
    named = ", ".join(f"{name} (pid {pid})" for name, pid in pids.items())
    lines += [f"Airflow: {verdict}; {named}", night.login_line(settings)]
    return "\n".join((*lines, f"Web application: {web.health(settings)} (pid {web_pid})", web.web_line(settings)))
