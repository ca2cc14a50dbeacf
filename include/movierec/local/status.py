"""What of this installation is running, in a few lines: what `make status` prints."""

from movierec.config import Settings
from movierec.local import night, web
from movierec.local.airflow import group, health
from movierec.local.airflow.api import AirflowClient
from movierec.local.postgres import embedded_server


def status_text(settings: Settings) -> str:
    """Return the state of the database and of Airflow's components, and how to log in."""
    settings = group.running_settings(settings)
    lines = [f"state folder: {settings.home}", f"PostgreSQL: {_database_state(settings)}"]
    pids = group.component_pids(settings.home)
    if not pids:
        return "\n".join((*lines, "Airflow: stopped"))
    unhealthy = health.unhealthy_components(AirflowClient(settings), group.started_at(settings.home))
    verdict = f"not healthy: {', '.join(unhealthy)}" if unhealthy else "healthy"
    web_pid = pids.pop(web.COMPONENT, None)
    named = ", ".join(f"{name} (pid {pid})" for name, pid in pids.items())
    lines += [f"Airflow: {verdict}; {named}", night.login_line(settings)]
    return "\n".join((*lines, f"Web application: {web.health(settings)} (pid {web_pid})", web.web_line(settings)))


def _database_state(settings: Settings) -> str:
    """Return whether the server runs, how often it had to be brought back, and why that failed the last time."""
    state = "running" if embedded_server.is_running(settings) else "stopped"
    watched = group.database_details(settings.home)
    if returns := watched.get("returns"):
        times = "once" if len(returns) == 1 else f"{len(returns)} times"
        state += f"; it died and was brought back {times}, last at {returns[-1]}"
    return f"{state}; it cannot be started: {watched['problem']}" if watched.get("problem") else state
