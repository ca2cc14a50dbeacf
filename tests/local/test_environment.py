import json

import pytest

from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.local import credentials, state
from movierec.local.airflow.heartbeats import HUNG_SECONDS
from movierec.local.environment import airflow_environment
from movierec.local.postgres import embedded_server


@pytest.fixture
def home(settings):
    state.prepare(settings.home)
    return settings.home


def test_secrets_are_generated_once_and_private(settings, home):
    first = credentials.load_secrets(settings)
    assert credentials.load_secrets(settings) == first
    assert len(set(first.values())) == 4
    assert (home / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_the_password_is_written_before_airflow_could_print_one(settings, home):
    airflow_environment(settings)
    file = credentials.password_file(settings)
    assert json.loads(file.read_text()) == {"admin": credentials.load_secrets(settings)["password"]}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_secrets_file_says_what_to_do(settings, home):
    (home / "secrets.json").write_text('{"password": "x"}')
    with pytest.raises(ConfigError, match="lacks jwt_secret, fernet_key, api_secret_key; restore it"):
        credentials.load_secrets(settings)


def test_everything_listens_on_loopback_and_stays_in_the_state_folder(settings, home, tmp_path):
    found = airflow_environment(settings, tmp_path)
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["AIRFLOW_HOME"] == str(home / "airflow")
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == embedded_server.url(settings, "airflow", "psycopg2")
    assert found["MOVIEREC_DATASET"] == str(tmp_path)
    assert json.loads(found["AIRFLOW_CONN_MOVIEREC_WAREHOUSE"])["schema"] == "warehouse"


def test_a_users_preference_wins_but_never_over_our_database(settings, home, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "16")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////tmp/other.db")
    found = airflow_environment(settings)
    assert found["AIRFLOW__CORE__PARALLELISM"] == "16"
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://")


def test_tasks_find_what_a_path_means_where_it_was_typed(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = {"MOVIEREC_ARTIFACTS": "models", "MOVIEREC_BACKUPS": "backups", "MOVIEREC_EVENTS": "events"}
    for name, path in {"MOVIEREC_HOME": str(home), **typed}.items():
        monkeypatch.setenv(name, path)
    found = airflow_environment(Settings.from_env())
    assert {name: found[name] for name in typed} == {name: f"{tmp_path}/{path}" for name, path in typed.items()}


def test_a_scheduler_without_processor_time_keeps_its_tasks_until_it_counts_as_hung(settings, home):
    found = airflow_environment(settings)
    assert float(found["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD"]) == HUNG_SECONDS


def test_an_empty_home_is_replaced(settings, home, monkeypatch):
    monkeypatch.setenv("HOME", "")
    assert airflow_environment(settings)["HOME"] == str(home / "airflow")


def test_tasks_keep_what_they_compile(settings, home, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert not airflow_environment(settings)["PYTHONDONTWRITEBYTECODE"]


def test_what_is_meant_for_one_night_is_no_setting_of_airflow(home, settings, monkeypatch):
    before = airflow_environment(settings)
    monkeypatch.setenv("MOVIEREC_ACCEPT_VOLUME_CHANGE", "yes")
    assert airflow_environment(settings) == before
