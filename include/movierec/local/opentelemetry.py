"""OpenTelemetry, with which this version of Airflow hangs."""

from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

from movierec.errors import ConfigError

TRUE = ("1", "t", "true")  # what Airflow takes for true


def require_off(env: Mapping[str, str], configuration: Path) -> None:
    """Make sure that neither the environment nor `airflow.cfg` turns OpenTelemetry on.

    Its threads do not survive the fork of a task, so that the tasks of the LocalExecutor and the parsing of DAG files
    would hang without a word (https://github.com/apache/airflow/issues/73583).

    Raises:
        ConfigError: one of them does.
    """
    parser = RawConfigParser(strict=False)
    parser.read(configuration, encoding="utf-8")
    for section in ("metrics", "traces"):
        name = f"AIRFLOW__{section.upper()}__OTEL_ON"
        in_file = parser.get(section, "otel_on", fallback="")
        for place, value in ((name, env.get(name, "")), (f"otel_on under [{section}] in {configuration}", in_file)):
            if value.strip().lower() in TRUE:
                raise ConfigError(
                    f"{place} is '{value}'; allowed is False: Airflow's LocalExecutor hangs when OpenTelemetry is on"
                )
