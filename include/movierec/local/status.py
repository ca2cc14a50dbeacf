"""What of this installation is running, in a few lines: what `make status` prints."""

from movierec.config import Settings
from movierec.local import night, state, web
from movierec.local.airflow import group, health, processes
from movierec.local.airflow.api import AirflowClient
from movierec.local.airflow.database import stuck
from movierec.local.postgres import embedded_server


def status_text(settings: Settings) -> str:
    """Return the state of the folder, of the database and of Airflow's components, and how to log in."""
    settings = group.running_settings(settings)
    lines = [f"state folder: {settings.home}{_disk_trouble(settings)}", f"PostgreSQL: {_database_state(settings)}"]
    pids = group.component_pids(settings.home)
    if not pids:
        return "\n".join((*lines, f"Airflow: {_what_is_left(settings)}"))
    unhealthy = health.unhealthy_components(AirflowClient(settings), group.started_at(settings.home))
    verdict = f"not healthy: {', '.join(unhealthy)}" if unhealthy else "healthy"
    web_pid = pids.pop(web.COMPONENT, None)
    named = ", ".join(f"{name} (pid {pid})" for name, pid in pids.items())
    lines += [f"Airflow: {verdict}; {named}", night.login_line(settings)]
    return "\n".join((*lines, f"Web application: {web.health(settings)} (pid {web_pid})", web.web_line(settings)))


def _what_is_left(settings: Settings) -> str:
    """Return what runs without a supervisor, which was killed then, as where a machine is short of memory."""
    if not (left := processes.group_processes(settings.home)):
        return "stopped"
    return (
        f"its supervisor has ended, and {len(left)} of its processes go on, but what dies now, the database too, stays "
        "away; make up starts all of it anew"
    )


def _disk_trouble(settings: Settings) -> str:
    """Return what is to be known of a state folder that cannot be written: Airflow itself only answers 500."""
    if state.is_nearly_full(settings.home):
        return (
            "; no room is left on its disk: readers have the live lists for as long as PostgreSQL runs, which may end "
            "of that, and what ends starts again once you have made room"
        )
    if not (reason := state.why_read_only(settings.home)):
        return ""
    where = reason.removeprefix(f"{settings.home} ")
    return (
        f"; {where}: readers keep the live lists, nobody can log in to Airflow, and nothing is started until the disk "
        "is mended or this user may write there"
    )


def _database_state(settings: Settings) -> str:
    """Return whether the server runs, how often it had to be brought back, and why that failed the last time.

    Where its folder is gone that is all there is to say: it may still run without it, for those who are connected.
    """
    if reason := embedded_server.why_gone(settings):
        return reason
    condition = "running" if embedded_server.is_running(settings) else "stopped"
    watched = group.database_details(settings.home)
    if condition == "running" and (reason := embedded_server.why_stuck(settings)):
        condition = stuck(watched.get("stuck_since") or "now", reason)
    if returns := watched.get("returns"):
        times = "once" if len(returns) == 1 else f"{len(returns)} times"
        condition += f"; it died and was brought back {times}, last at {returns[-1]}"
    return f"{condition}; it cannot be started: {watched['problem']}" if watched.get("problem") else condition
