"""The weekly run for real: backup, retention, Airflow's own clean-up, vacuum, sizes."""

from pathlib import Path

from tests.dags.test_nights import query, states


def test_a_week_is_cleaned_up(night, tmp_path, monkeypatch):
    monkeypatch.setenv("MOVIEREC_BACKUPS", str(tmp_path / "backups"))
    run = night.run("movierec_maintenance")
    assert states(run) == dict.fromkeys(("back_up", "prune", "clean_airflow", "vacuum", "measure_sizes"), "success")
    (folder,) = Path(tmp_path / "backups").iterdir()
    # A session that has published has artifacts, too.
    names = {path.name for path in folder.iterdir()} - {"artifacts"}
    assert names == {"warehouse.dump", "app.dump", "manifest.json"}
    assert query(night.warehouse, "select count(*) > 20 from ops.size") == [(True,)]
