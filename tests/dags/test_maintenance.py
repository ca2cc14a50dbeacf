"""The weekly run for real: backup, retention, Airflow's own clean-up, vacuum, sizes."""

import json
import os
from pathlib import Path

from tests.dags.test_nights import query, states

TASKS = ("back_up", "prune", "clean_airflow", "vacuum", "measure_sizes", "maintained")


def test_a_week_is_cleaned_up(night, tmp_path, monkeypatch):
    monkeypatch.setenv("MOVIEREC_BACKUPS", str(tmp_path / "backups"))
    run = night.run("movierec_maintenance")
    assert states(run) == dict.fromkeys(TASKS, "success")
    (folder,) = Path(tmp_path / "backups").iterdir()
    # A session that has published has artifacts, too.
    names = {path.name for path in folder.iterdir()} - {"artifacts"}
    assert names == {"warehouse.dump", "app.dump", "manifest.json"}
    assert query(night.warehouse, "select count(*) > 20 from ops.size") == [(True,)]


def test_a_week_without_a_backup_is_red_and_all_else_is_done(night, tmp_path, monkeypatch):
    monkeypatch.setenv("MOVIEREC_BACKUPS", str(tmp_path / "backups"))
    application = json.loads(os.environ["AIRFLOW_CONN_MOVIEREC_APP"])
    monkeypatch.setenv("AIRFLOW_CONN_MOVIEREC_APP", json.dumps({**application, "schema": "nowhere"}))
    run = night.run("movierec_maintenance")
    assert run.state == "failed"
    failed = {"back_up": "failed", "maintained": "upstream_failed"}
    assert states(run) == {**dict.fromkeys(TASKS, "success"), **failed}
