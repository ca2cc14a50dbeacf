"""A warehouse that newer code has upgraded, and what of it this code's commands change: nothing."""

import pytest

from movierec import cli, warehouse
from movierec.db import connect
from movierec.errors import ConfigError
from movierec.local import container_setup
from movierec.local.airflow import group
from movierec.local.postgres import embedded_server, roles
from tests import movielens
from tests.installation import QUICK

TABLES_OF_AIRFLOW = "select count(*) from pg_tables where schemaname = 'public'"
UPGRADED = f"newer code has upgraded the database warehouse to structure {warehouse.STRUCTURE_VERSION + 1}; "
# what every command of a checkout that knows the warehouse goes through before it starts to work
COMMANDS = (
    ["up"],
    ["run"],
    ["airflow", "dags", "list"],
    ["quarantine", "list"],
    ["rollback"],
    ["check", "raw"],
    ["why", "--user", "42"],
    ["forget", "--user", "42", "--by", "ada"],
    ["backup"],
)


@pytest.fixture
def upgraded(settings, tmp_path, monkeypatch):
    """Return an installation whose warehouse has the structure of newer code."""
    embedded_server.start(settings, QUICK)
    embedded_server.ensure_databases(settings)
    warehouse.migrate(embedded_server.conninfo(settings, "warehouse"))
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        conn.execute("update ops.structure set checksum = 'newer', version = %s", [warehouse.STRUCTURE_VERSION + 1])
    monkeypatch.setenv("MOVIEREC_HOME", str(settings.home))
    monkeypatch.setenv("MOVIEREC_PORT", str(settings.port))
    monkeypatch.setenv("MOVIEREC_WEB_PORT", str(settings.web_port))
    monkeypatch.setenv("MOVIEREC_DATASET", str(movielens.generate(tmp_path / "data")))
    return settings


def contents(settings):
    with (
        connect(embedded_server.conninfo(settings, "airflow")) as airflow,
        connect(embedded_server.conninfo(settings, "warehouse")) as conn,
        connect(embedded_server.conninfo(settings, "app")) as app,
    ):
        return (
            airflow.execute(TABLES_OF_AIRFLOW).fetchone(),
            app.execute(TABLES_OF_AIRFLOW).fetchone(),
            conn.execute("select checksum, version, applied_at from ops.structure").fetchall(),
            conn.execute("select count(*) from ops.batch").fetchone(),
        )


def test_commands_of_older_code_end_with_one_sentence_and_change_nothing(upgraded, capfd):
    before = contents(upgraded)
    assert before[:2] == ((0,), (0,))
    for words in COMMANDS:
        assert cli.main(words) == 1, words
        (sentence,) = capfd.readouterr().err.splitlines()
        assert sentence.startswith(f"movierec: {UPGRADED}"), words
        assert sentence.endswith("(docs/operations.md, Going back)"), words
    assert contents(upgraded) == before
    assert group.find_supervisor(upgraded.home) is None
    assert not (upgraded.home / "backups").exists()


def test_containers_of_older_code_change_nothing_either(upgraded, monkeypatch):
    before = contents(upgraded)
    secrets = ("MOVIEREC_ADMIN_PASSWORD", "MOVIEREC_ETL_PASSWORD", "AIRFLOW__API_AUTH__JWT_SECRET")
    server = embedded_server.conninfo(upgraded, embedded_server.MAINTENANCE, roles.ADMINISTRATOR)
    for name, value in {**dict.fromkeys(secrets, "secret"), "MOVIEREC_SERVER": server}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=UPGRADED):
        container_setup.prepare()
    assert contents(upgraded) == before
