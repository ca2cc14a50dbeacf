"""The environment variables with which every process of this installation runs."""

import json
import os
from pathlib import Path

from movierec.config import ROOT, Settings
from movierec.local import credentials, download, openlineage, opentelemetry, store_client
from movierec.local.postgres import embedded_server
from movierec.local.postgres.roles import OWNER, WEB_ROLE
from movierec.local.postgres.sockets import socket_directory
from movierec.rankers.neural import shared_process
from movierec.sources.connections import WAREHOUSE

# Defaults: a variable that is already set in the environment wins.
DEFAULTS = {
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__PARALLELISM": str(max(4, os.cpu_count() or 1)),
    "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT": "16",  # two tasks that compute take 7 each: see COMPUTING_SLOTS
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",  # no name server needed
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    # A scheduler whose heartbeat is older takes itself for dead: it ends its own tasks and starts them again, which
    # costs a try each time. On a machine that does much else the heartbeat can be a minute late. One that has really
    # died is started again by the supervisor, which tells Airflow so (`give_back_tries`); one that hangs is killed by
    # then.
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "900",  # HUNG_SECONDS of heartbeats.py
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    # While the API server is being started again, which takes a busy machine minutes, tasks go on asking it, each time
    # for up to a minute; and nobody takes them for dead because their heartbeats do not arrive.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "240",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "40",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN": "2",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "10",
    # A task that waits for a slot loses nothing by it; by default it would fail when it has waited half an hour.
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "20",
    "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
    "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
    # Of a web hook that does not answer they log the address, which is its secret; what the scheduler passes on of its
    # tasks' logs is masked nowhere. movierec_notices says why a notice was not sent, without it.
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "airflow.task.hooks.airflow.providers.http=CRITICAL "
    "airflow.providers.http.notifications=CRITICAL",
    **openlineage.OPTIONS,
    "GX_ANALYTICS_ENABLED": "false",
    "OMP_WAIT_POLICY": "passive",  # waiting threads leave the core to others
    # Several tasks run side by side; with more threads each, they would only compete for the cores.
    "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // 2)),
    "OPENBLAS_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // 2)),
}
# Passed on in the form of a single run, so that changing them needs no restart of Airflow.
PER_RUN_VARIABLES = ("MOVIEREC_ACCEPT_VOLUME_CHANGE",)


def airflow_environment(settings: Settings, dataset: Path | None = None) -> dict[str, str]:
    """Return all environment variables of Airflow's processes and of the web application, secrets included.

    Args:
        settings: the installation.
        dataset: path of the dataset, where it has been fetched already.

    Raises:
        ConfigError: OpenTelemetry is on, OpenLineage has no place to send to, or what reaches the artifact store is not
            installed.
    """
    store_client.require_client(settings)
    opentelemetry.require_off(os.environ, settings.state_folder.airflow_configuration)
    credentials.write_password_file(settings)
    credentials.write_web_keys(settings)
    inherited = {key: value for key, value in os.environ.items() if value and key not in PER_RUN_VARIABLES}
    return {
        **DEFAULTS,
        **inherited,
        **_paths(settings, dataset),
        **_airflow_settings(settings),
        **openlineage.environment(settings),
        **_web_settings(settings),
        **_secrets(settings),
    }


def airflow_url(settings: Settings) -> str:
    """Return the URL of Airflow's user interface."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def task_log_folder(settings: Settings) -> Path:
    """Return the folder of the tasks' logs."""
    return settings.state_folder.task_logs


def _paths(settings: Settings, dataset: Path | None) -> dict[str, str]:
    airflow_home = settings.state_folder.airflow
    loopback = f"{settings.host},127.0.0.1,localhost"
    return {
        "HOME": os.environ.get("HOME") or str(airflow_home),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT / "include"), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # no task shall compile its libraries anew, whatever the environment says
        "SPT_NOENV": "1",  # process titles must not overwrite the environment, by which we recognise our processes
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), loopback))),
        "no_proxy": ",".join(filter(None, (os.environ.get("no_proxy"), loopback))),
        "AIRFLOW_HOME": str(airflow_home),
        "MOVIEREC_HOME": str(settings.home),
        shared_process.FOLDER: str(settings.home),
        "MOVIEREC_DATASET": str(dataset or download.dataset_path(settings)),
        "MOVIEREC_ARTIFACTS": settings.artifacts,
        "MOVIEREC_BACKUPS": settings.backups,
        **{f"MOVIEREC_{name.upper()}": location for name, location in settings.locations.items()},
    }


def _airflow_settings(settings: Settings) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{airflow_url(settings)}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{credentials.ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(credentials.password_file(settings)),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": embedded_server.url(settings, "airflow", "psycopg2"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": embedded_server.url(settings, "airflow", "asyncpg"),
        "AIRFLOW__API__HOST": settings.host,
        "AIRFLOW__API__PORT": str(settings.port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": airflow_url(settings),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(task_log_folder(settings)),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(settings.state_folder.parsing_logs),
        f"AIRFLOW_CONN_{WAREHOUSE.upper()}": _connection_json(settings, "warehouse"),
        "AIRFLOW_CONN_MOVIEREC_APP": _connection_json(settings, "app"),
    }


def _web_settings(settings: Settings) -> dict[str, str]:
    return {
        "MOVIEREC_WEB_HOST": settings.web_host,
        "MOVIEREC_WEB_PORT": str(settings.web_port),
        "MOVIEREC_WEB_DATABASE": embedded_server.conninfo(settings, "warehouse", WEB_ROLE),
    }


def _secrets(settings: Settings) -> dict[str, str]:
    secrets = credentials.load_secrets(settings)
    return {
        "AIRFLOW__CORE__FERNET_KEY": secrets["fernet_key"],
        "AIRFLOW__API__SECRET_KEY": secrets["api_secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["jwt_secret"],
    }


def _connection_json(settings: Settings, database: str) -> str:
    fields = {"conn_type": "postgres", "host": str(socket_directory(settings)), "port": 5432}
    return json.dumps({**fields, "login": OWNER, "schema": database})
