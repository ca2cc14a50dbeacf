from dataclasses import replace
from pathlib import Path

from movierec.config import ROOT, Settings
from movierec.state_folder import StateFolder


def test_what_lies_in_a_state_folder_of_before_is_found():
    folder = StateFolder(Path("/home"))
    paths = {
        "movierec-state": folder.marker,
        "movierec-databases": folder.databases_made,
        "group.lock": folder.lock("group"),
        "group.json": folder.group,
        "halt": folder.halt,
        "secrets.json": folder.secrets,
        "web.json": folder.web_keys,
        "web.pgpass": folder.web_password,
        "postgres/data": folder.postgres_data,
        "postgres/server.log": folder.postgres_log,
        "postgres/socket": folder.socket,
        "postgres/socket-folder": folder.socket_record,
        "airflow/airflow.cfg": folder.airflow_configuration,
        "airflow/passwords.json": folder.airflow_passwords,
        "logs/scheduler.log": folder.log("scheduler"),
        "logs/tasks": folder.task_logs,
        "logs/parsing": folder.parsing_logs,
        "cache": folder.cache,
        "quality": folder.quality,
        "artifacts": folder.artifacts,
        "backups": folder.backups,
    }
    for name, path in paths.items():
        assert path == Path("/home") / name


def test_it_lies_where_the_setting_says(tmp_path):
    assert replace(Settings(), home=tmp_path).state_folder == StateFolder(tmp_path)
    settings = Settings.from_env({"MOVIEREC_HOME": str(tmp_path)})
    assert (settings.artifacts, settings.backups) == (str(tmp_path / "artifacts"), str(tmp_path / "backups"))
    assert Settings().state_folder.path == ROOT / ".movierec"
