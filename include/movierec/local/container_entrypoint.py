"""`python -m movierec.local.container_entrypoint COMMAND …`: what every container of docker-compose.yaml starts with.

The command replaces this process. It runs with the defaults of every installation; what docker-compose.yaml sets wins.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.local import download, opentelemetry
from movierec.local.environment import DEFAULTS

# No supervisor tells Airflow here of a scheduler that has died: its tasks start again once its heartbeat is this old.
WITHOUT_SUPERVISOR = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "120"}


def container_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a service runs with: those of its container that are not empty, over the defaults.

    The dataset's name becomes the path at which the service init has left it.

    Raises:
        ConfigError: OpenTelemetry is on, or a setting is not allowed.
    """
    opentelemetry.require_off(env, Path(env.get("AIRFLOW_HOME", "")) / "airflow.cfg")
    own_variables = {name: value for name, value in env.items() if value}
    dataset = download.dataset_path(Settings.from_env(own_variables))
    fixed = {"MOVIEREC_DATASET": str(dataset), "PYTHONUNBUFFERED": "1"}
    return {**DEFAULTS, **WITHOUT_SUPERVISOR, **own_variables, **fixed}


def main(command: list[str]) -> None:
    """Become the command.

    Raises:
        ConfigError: there is none, or no program of that name.
    """
    if not command:
        raise ConfigError("no command; allowed is one such as airflow scheduler")
    environment = container_environment(os.environ)
    os.umask(0o077)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 (no shell is wanted)
    except FileNotFoundError as error:
        raise ConfigError(f"'{command[0]}' is not a program of this image") from error


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except MovierecError as error:
        sys.exit(f"movierec: {error}")
