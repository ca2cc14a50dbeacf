"""OpenLineage: where Airflow's provider sends what tasks read and write."""

import json
import re
from pathlib import Path

from movierec.config import Settings
from movierec.errors import ConfigError

# Plain values of the provider's options; without a transport it is off, and none of them is read.
OPTIONS = {
    "AIRFLOW__OPENLINEAGE__NAMESPACE": "movierec",
    "AIRFLOW__OPENLINEAGE__EXTRACTORS": "movierec_lineage.DeclaredLineage",
    "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",  # a fork after a task has computed may hang
    "AIRFLOW__OPENLINEAGE__EMISSION_POLICY": json.dumps([{"scope": {}, "controls": {"include_source_code": False}}]),
}


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that let the provider send its events, none where that is not wanted.

    Raises:
        ConfigError: the setting is neither a server nor a file.
    """
    target = settings.openlineage
    if not target:
        return {}
    if re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", target):
        transport: dict[str, object] = {"type": "http", "url": target}
    elif Path(target).is_absolute() and Path(target).parent.is_dir() and not Path(target).is_dir():
        transport = {"type": "file", "log_file_path": target, "append": True}
    else:
        raise ConfigError(
            f"MOVIEREC_OPENLINEAGE is '{target}'; allowed is the address of a server without login and query, such as "
            "http://localhost:5000, or the absolute path of a file in a folder that exists"
        )
    return {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}
