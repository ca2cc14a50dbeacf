"""OpenLineage: what is declared of each task is what it does, and the provider sends it where a setting says so."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from movierec.config import ROOT
from movierec.db import connect
from movierec.local import openlineage
from movierec.local.postgres import embedded_server
from tests import movielens
from tests.dags.test_nights import query

RUN = """
import sys
from movierec.local.airflow import program
program.collect_seldom()
from airflow.dag_processing.dagbag import DagBag
dag = DagBag(sys.argv[1] + "/movierec_ingest.py", bundle_name="dags-folder").dags["movierec_ingest"]
run = dag.test(run_conf={**dag.params.dump(), "dataset": sys.argv[2], "sources": ["movielens"]})
sys.exit(run.state != "success")
"""


def test_every_declared_task_and_table_exists(airflow, conn):
    from movierec_lineage import STORE, TASKS, names_of

    for dag_id, tasks in TASKS.items():
        assert set(tasks) <= set(airflow.dags[dag_id].task_ids)
        for ports in tasks.values():
            tables = [name for name in names_of(f"{ports.reads} {ports.writes}") if not name.startswith(STORE)]
            for table in tables:
                assert conn.execute("select to_regclass(%s)", [table]).fetchone() != (None,), table


def test_every_declared_artifact_is_one_that_a_training_writes(airflow, first_night):
    from movierec.training.folder import training_folders
    from movierec_lineage import STORE, TASKS, names_of

    named = {
        name.removeprefix(STORE)
        for tasks in TASKS.values()
        for ports in tasks.values()
        for name in names_of(f"{ports.reads} {ports.writes}")
        if name.startswith(STORE)
    }
    (folder,) = training_folders(first_night.settings)
    assert {getattr(folder, name).name for name in named} <= {path.name for path in folder.path.iterdir()}


WRITTEN = "select schemaname || '.' || relname from pg_stat_user_tables where n_tup_ins + n_tup_upd + n_tup_del > 0"


def test_every_table_that_a_night_writes_is_declared(server, night, first_night):
    from movierec_lineage import TASKS, names_of

    with connect(night.warehouse) as conn:
        conn.execute("select serving.give_feedback('a', 1, (select min(movie_id) from core.movies), 'dislike')")
    night.run("movierec_feedback")
    first = embedded_server.conninfo(server, first_night.warehouse)
    counted = (first, night.warehouse)  # a copy counts from its first row on
    written = {table for warehouse in counted for (table,) in query(warehouse, WRITTEN)}
    declared = {name for tasks in TASKS.values() for ports in tasks.values() for name in names_of(ports.writes)}
    assert {"core.ratings", "serving.recommendation", "serving.delta_recommendation"} <= written
    assert written - declared - {"ops.night_stage", "serving.viewer_event"} == set()


@pytest.mark.slow
def test_a_night_tells_which_tables_it_reads_and_writes(night, airflow, tmp_path):
    folder, events = movielens.generate(tmp_path / "data"), tmp_path / "events.jsonl"
    wanted = openlineage.environment(replace(airflow.settings, openlineage=str(events)))
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "dags"), str(folder)],
        env={**os.environ, **wanted},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert "legacy config options" not in ran.stdout + ran.stderr
    assert "sourceCode" not in events.read_text()
    datasets = {}
    for line in events.read_text().splitlines():
        event = json.loads(line)
        assert event["job"]["namespace"] == "movierec"
        ports = datasets.setdefault(event["job"]["name"], (set(), set()))
        for port, key in zip(ports, ("inputs", "outputs"), strict=True):
            port.update((each["namespace"], each["name"]) for each in event[key])
    database = night.warehouse.rpartition("=")[2]

    def table(name):
        return ("postgres://localhost:5432", f"{database}.{name}")

    reads, writes = datasets["movierec_ingest.build_core"]
    assert {table("staging.ratings"), table("staging.movies")} <= reads
    assert {table("core.ratings"), table("core.movies")} <= writes
    assert table("raw.ratings") in datasets["movierec_ingest.extract"][1]
    assert table("quarantine.row") in datasets["movierec_ingest.stage"][1]


def test_where_it_is_off_nothing_of_it_is_imported(first_night):
    assert [name for name in sys.modules if name.startswith("openlineage")] == []
    assert "airflow.providers.openlineage.plugins.listener" not in sys.modules
