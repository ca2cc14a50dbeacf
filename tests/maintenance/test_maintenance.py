import json
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import NamedTuple
from uuid import uuid4

import psutil
import psycopg
import pytest
from upath import UPath

from movierec import cli
from movierec import warehouse as structure
from movierec.db import connect
from movierec.errors import ConfigError, MovierecError
from movierec.local import state
from movierec.local.airflow import processes
from movierec.local.postgres import embedded_server
from movierec.local.status import status_text
from movierec.locks import lock
from movierec.maintenance import restore as restoring
from movierec.maintenance import retention
from movierec.maintenance.backup import UNFINISHED, copy_artifacts, dump, live_digest, make_backup
from movierec.maintenance.manifest import read_manifest
from movierec.maintenance.restore import restore
from movierec.maintenance.sizes import measure_sizes
from movierec.maintenance.vacuum import vacuum
from movierec.rankers import registry
from movierec.state_folder import StateFolder
from movierec.training import snapshot
from movierec.training.folder import TrainingFolder, training_folders
from movierec.training.store_mark import FILE as STORE_MARK
from movierec.training.store_mark import claim_store, require_own_store
from tests import movielens
from tests.installation import QUICK, installed
from tests.night import ingest
from tests.publishing.conftest import learn, write_and_go_live


@pytest.fixture
def elsewhere(tmp_path):
    """An installation in an empty state folder, whose server runs."""
    for settings in installed(tmp_path / "another machine"):
        object.__setattr__(settings, "artifacts", str(settings.home / "artifacts"))
        embedded_server.start(settings, QUICK)
        yield settings


def lists(conn):
    return conn.execute(
        "select live_recommendation.*, recommend.title from serving.live_recommendation"
        " cross join lateral serving.recommend(live_recommendation.user_id, 3) as recommend order by 1, 2, 10"
    ).fetchall()


def test_a_restore_into_an_empty_state_serves_the_same_lists(live, settings, elsewhere, app):
    folder = make_backup(live, settings, app)
    shown = restore(elsewhere, folder)
    assert shown == live_digest(live)
    with connect(embedded_server.conninfo(elsewhere, "warehouse")) as restored:
        assert analyzed(restored) >= {"core.ratings", "serving.recommendation"}
        assert lists(restored) == lists(live)
        assert (
            restored.execute("select count(*) from raw.ratings").fetchone()
            == live.execute("select count(*) from raw.ratings").fetchone()
        )
    for place in (settings, elsewhere):
        assert registry.load(TrainingFolder.of(place, 1).final_model("ease")).name == "ease"
    with connect(embedded_server.conninfo(elsewhere, "app")) as application:
        assert application.execute("select to_regclass('feedback_event') is not null").fetchone() == (True,)


def analyzed(conn):
    """Return the tables of which the planner knows what they hold."""
    return {name for (name,) in conn.execute("select distinct schemaname || '.' || tablename from pg_stats")}


def test_a_dump_is_compressed_quickly_rather_than_thoroughly(live, tmp_path):
    dump(live.info.dsn, tmp_path / "ours")
    dump(live.info.dsn, tmp_path / "small", "--compress=gzip:6")
    dump(live.info.dsn, tmp_path / "large", "--compress=none")
    ours, small, large = (Path(tmp_path / name).stat().st_size for name in ("ours", "small", "large"))
    assert small < ours < 0.8 * large


def test_a_restore_takes_over_the_store_that_it_restores_to(live, settings, elsewhere):
    claim_store(live, settings)
    folder = make_backup(live, settings)
    assert not (folder / "artifacts" / STORE_MARK).exists()
    restored = replace(elsewhere, artifacts=settings.artifacts)
    restore(restored, folder)
    with connect(embedded_server.conninfo(restored, "warehouse")) as conn:
        claim_store(conn, restored)
    with pytest.raises(ConfigError, match=f"is another warehouse's, that of {restored.home} on"):
        require_own_store(live, settings)


def test_a_warehouse_that_holds_something_is_replaced_only_when_asked_and_kept_aside(live, settings, elsewhere):
    folder = make_backup(live, settings)
    restore(elsewhere, folder)
    with pytest.raises(ConfigError, match="the warehouse holds 1 batches; allowed is an empty one, or --replace"):
        restore(elsewhere, folder)
    restore(elsewhere, folder, replace=True)
    with connect(embedded_server.conninfo(elsewhere, "postgres")) as conn:
        names = [name for (name,) in conn.execute("select datname from pg_database order by 1")]
    assert sum(name.startswith("warehouse_before_") for name in names) == 2
    assert "warehouse_restored" not in names


@pytest.fixture
def restored(live, settings, elsewhere, app):
    """An installation whose warehouse was brought back to its first night, after a second one was live."""
    restore(elsewhere, make_backup(live, settings, app))
    conninfo = embedded_server.conninfo(elsewhere, "warehouse")
    folder = make_backup_of(conninfo, elsewhere)
    with connect(conninfo) as conn:
        since = train_and_publish(conn, elsewhere, app)
        assert live_digest(conn)["version_id"] == since.version_id
    restore(elsewhere, folder, replace=True)
    return elsewhere, since


class Night(NamedTuple):
    batch_id: int
    training_id: int
    version_id: int


def make_backup_of(conninfo, settings):
    with connect(conninfo) as conn:
        return make_backup(conn, settings)


def train_and_publish(conn, settings, app):
    """Take a night with more ratings as far as live lists."""
    data = movielens.generate(settings.home / f"data {uuid4()}", each=12)
    batch_id = ingest(conn, app, data, f"{uuid4()}")
    training_id = snapshot.open_training(conn, f"{uuid4()}", batch_id, seed=1)
    learn(conn, TrainingFolder.of(settings, training_id))
    return Night(batch_id, training_id, write_and_go_live(conn, settings, f"{uuid4()}"))


def test_the_night_after_a_restore_goes_live_with_ids_that_nothing_since_the_backup_has(restored, app):
    settings, since = restored
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        assert live_digest(conn)["version_id"] == 1
        night = train_and_publish(conn, settings, app)
        assert all(new > before for new, before in zip(night, since, strict=True))
        (row,) = conn.execute(
            "select version_id, training_id from serving.live join serving.version using (version_id)"
        ).fetchall()
        assert row == (night.version_id, night.training_id)
        assert conn.execute("select array_agg(batch_id order by 1) from ops.batch").fetchone() == ([1, night.batch_id],)
        retention.prune(conn, settings)
    kept = [folder.training_id for folder in training_folders(settings)]
    assert kept == [1, night.training_id]


def test_a_training_of_which_only_the_artifacts_are_left_keeps_its_id(live, settings, elsewhere, app):
    TrainingFolder.of(elsewhere, 40).snapshot.mkdir(parents=True)
    restore(elsewhere, make_backup(live, settings, app))
    with connect(embedded_server.conninfo(elsewhere, "warehouse")) as conn:
        assert snapshot.open_training(conn, "next", 1, seed=1) == 41


def test_a_restore_writes_through_no_link_to_another_training(tmp_path):
    source, store = UPath(tmp_path / "backup"), UPath(tmp_path / "store")
    for folder, text in ((source / "1", "of the backup"), (store / "1", "of today")):
        folder.mkdir(parents=True)
        (folder / "model").write_text(text)
    (store / "2").mkdir()
    os.link(store / "1" / "model", store / "2" / "model")
    assert copy_artifacts(source, store) == 1
    assert [(store / folder / "model").read_text() for folder in "12"] == ["of the backup", "of today"]


def test_a_warehouse_in_use_is_left_alone(live, settings, elsewhere):
    folder = make_backup(live, settings)
    embedded_server.ensure_databases(elsewhere)
    with connect(embedded_server.conninfo(elsewhere, "warehouse")), pytest.raises(ConfigError, match="make down first"):
        restore(elsewhere, folder)


def test_a_connection_that_is_just_ending_is_waited_for(live, settings, elsewhere):
    folder = make_backup(live, settings)
    embedded_server.ensure_databases(elsewhere)
    structure.migrate(embedded_server.conninfo(elsewhere, "warehouse"))
    with connect(embedded_server.conninfo(elsewhere, "warehouse")) as ending:
        Timer(3, ending.close).start()
        assert restore(elsewhere, folder) == live_digest(live)


def test_a_restore_that_ends_on_its_way_leaves_every_database_in_its_place(live, settings, elsewhere, app, monkeypatch):
    folder = make_backup(live, settings, app)
    embedded_server.ensure_databases(elsewhere)
    with connect(embedded_server.conninfo(elsewhere, "app")) as conn:
        conn.execute("create table ours (id integer)")
    monkeypatch.setattr(restoring, "_restore_beside", without_the_application(restoring._restore_beside))
    with pytest.raises(psycopg.errors.InvalidCatalogName, match="app_restored"):
        restore(elsewhere, folder)
    with connect(embedded_server.conninfo(elsewhere, "warehouse")) as conn:
        assert live_digest(conn)["version_id"] is None
    with connect(embedded_server.conninfo(elsewhere, "app")) as conn:
        conn.execute("select from ours")
    monkeypatch.undo()
    assert restore(elsewhere, folder) == live_digest(live)


def without_the_application(restore_beside):
    """Restore the warehouse alone, as if the application's copy were dropped before it takes its place."""

    def restored(settings, name, *others):
        return restore_beside(settings, name, *others) if name == "warehouse" else {}

    return restored


def test_a_damaged_backup_is_refused_and_changes_nothing(live, settings, elsewhere):
    folder = make_backup(live, settings)
    model = next(path for path in (folder / "artifacts").rglob("arrays.npz"))
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(MovierecError, match=r"is not whole: 1 files differ .* such as artifacts/"):
        restore(elsewhere, folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(MovierecError, match="is not a backup"):
        restore(elsewhere, folder)


def test_a_backup_takes_the_place_of_databases_that_are_gone_once_nothing_runs(live, settings, elsewhere, app):
    folder = make_backup(live, settings, app)
    shutil.rmtree(elsewhere.state_folder.postgres)
    with subprocess.Popen(["sleep", "300"]) as supervisor:
        record = processes.identity(psutil.Process(supervisor.pid))
        state.write_private(elsewhere.state_folder.group, record)
        with pytest.raises(ConfigError, match=f"^the databases of {elsewhere.home} are gone, and Airflow still runs;"):
            restore(elsewhere, folder)
        assert not elsewhere.state_folder.postgres.exists()
        supervisor.kill()
    with pytest.raises(MovierecError, match="is not a backup"):
        restore(elsewhere, elsewhere.home)
    with pytest.raises(MovierecError, match=f"^{elsewhere.state_folder.postgres} is gone: "):
        embedded_server.start(elsewhere)
    assert restore(elsewhere, folder) == live_digest(live)


@pytest.mark.parametrize("were_there", [True, False])
def test_a_restore_that_failed_leaves_no_empty_databases_that_anything_starts_on(
    live, settings, elsewhere, app, were_there
):
    folder = make_backup(live, settings, app)
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(json.dumps({**json.loads(manifest), "live": {"version_id": 7}}))
    embedded_server.stop(elsewhere)
    shutil.rmtree(elsewhere.state_folder.postgres)
    if not were_there:
        elsewhere.state_folder.databases_made.unlink()
    for _ in range(2):
        with pytest.raises(MovierecError, match="the restored warehouse shows other lists"):
            restore(elsewhere, folder)
        told = f"{elsewhere.state_folder.postgres_data} was made by a restore that did not end, and its databases are "
        with pytest.raises(MovierecError, match=f"^{told}"):
            embedded_server.start(elsewhere)
        assert f"\nPostgreSQL: {told}" in status_text(elsewhere)
    (folder / "manifest.json").write_text(manifest)
    assert restore(elsewhere, folder) == live_digest(live)
    embedded_server.start(elsewhere)
    assert "\nPostgreSQL: running\n" in status_text(elsewhere)


def databases(settings):
    with embedded_server.as_administrator(settings) as conn:
        return [name for (name,) in conn.execute("select datname from pg_database where not datistemplate order by 1")]


def record_newer_structure(conn):
    """Note in a warehouse what newer code notes once it has upgraded it."""
    conn.execute(
        "insert into ops.structure (checksum, version, applied_at) values ('newer', %s, now() + interval '1 second')",
        [structure.STRUCTURE_VERSION + 1],
    )
    conn.commit()


def test_a_backup_of_a_newer_structure_is_refused_before_anything_changes(live, settings, elsewhere):
    record_newer_structure(live)
    folder = make_backup(live, settings)
    embedded_server.stop(elsewhere)
    with pytest.raises(ConfigError, match=f"^{folder} is a backup of structure {structure.STRUCTURE_VERSION + 1}, "):
        restore(elsewhere, folder)
    assert not embedded_server.is_running(elsewhere)


def test_a_backup_that_does_not_say_its_structure_is_refused_once_its_warehouse_does(live, settings, elsewhere, app):
    record_newer_structure(live)
    folder = make_backup(live, settings, app)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest.pop("structure") == structure.STRUCTURE_VERSION + 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigError, match="newer code has upgraded the database warehouse_restored to structure "):
        restore(elsewhere, folder)
    assert databases(elsewhere) == ["airflow", "app", "postgres", "warehouse"]
    assert not (elsewhere.home / "artifacts").exists()


def test_a_warehouse_of_a_newer_structure_is_replaced_by_no_backup_of_before(live, settings, elsewhere):
    folder = make_backup(live, settings)
    restore(elsewhere, folder)
    with connect(embedded_server.conninfo(elsewhere, "warehouse")) as conn:
        record_newer_structure(conn)
    before = databases(elsewhere)
    with pytest.raises(ConfigError, match="newer code has upgraded the database warehouse to structure "):
        restore(elsewhere, folder, replace=True)
    assert databases(elsewhere) == before


def test_a_restore_that_fails_leaves_no_second_warehouse_behind(live, settings, elsewhere):
    folder = make_backup(live, settings)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["live"]["version_id"] = 7
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(MovierecError, match="the restored warehouse shows other lists"):
        restore(elsewhere, folder)
    assert databases(elsewhere) == ["airflow", "app", "postgres", "warehouse"]


def test_a_backup_that_finds_no_room_leaves_none_of_itself(live, settings, small_disk):
    backups = small_disk / "backups"
    with pytest.raises(MovierecError, match=r"pg_dump failed: (.*\n)*.*No space left on device|no room for .*backups"):
        make_backup(live, replace(settings, backups=str(backups)))
    assert list(backups.iterdir()) == []


def test_a_backup_belongs_to_its_user_and_only_the_newest_stay(live, settings):
    object.__setattr__(settings, "keep_backups", 1)
    object.__setattr__(settings, "backups", str(settings.home / "backups"))
    first = make_backup(live, settings)
    (settings.home / "backups" / ".unfinished-old").mkdir()
    time.sleep(1.1)  # names are made of seconds
    second = make_backup(live, settings)
    assert [path.name for path in (settings.home / "backups").iterdir()] == [second.name]
    assert not first.exists()
    assert second.stat().st_mode & 0o077 == 0
    assert read_manifest(second)["live"]["version_id"] == 1


def test_a_backup_is_kept_beside_those_that_a_clock_which_was_ahead_has_named(live, settings):
    object.__setattr__(settings, "keep_backups", 2)
    object.__setattr__(settings, "backups", str(settings.home / "backups"))
    first = make_backup(live, settings)
    for year in (2090, 2091):
        shutil.copytree(first, first.with_name(f"{year}-01-01T00-00-00Z"))
    time.sleep(1.1)  # names are made of seconds
    made = make_backup(live, settings)
    kept = [path.name for path in (settings.home / "backups").iterdir()]
    assert sorted(kept) == [made.name, "2091-01-01T00-00-00Z"]


def test_what_else_lies_beside_backups_is_never_pruned(live, settings):
    object.__setattr__(settings, "keep_backups", 1)
    object.__setattr__(settings, "backups", str(settings.home / "backups"))
    others = [settings.home / "backups" / name for name in ("of the mail server", "2020-01-01T00-00-00Z", "photos")]
    for folder in others:
        folder.mkdir(parents=True)
    (settings.home / "backups" / "notes").touch()
    made = make_backup(live, settings)
    assert sorted((settings.home / "backups").iterdir()) == sorted([made, settings.home / "backups" / "notes", *others])


def test_a_backup_waits_for_one_that_is_being_made(live, settings):
    object.__setattr__(settings, "backups", str(settings.home / "backups"))
    begun = settings.home / "backups" / f"{UNFINISHED}2030-01-01T00-00-00Z"
    with ThreadPoolExecutor(1) as pool:
        with lock(settings.home / "backup.lock"):
            begun.mkdir(parents=True)
            made = pool.submit(make_backup, live, settings)
            time.sleep(0.3)
            assert begun.exists()
            assert not made.done()
        assert read_manifest(made.result(60))["live"]["version_id"] == 1


def test_the_commands_make_and_restore_a_backup(elsewhere, monkeypatch, capsys):
    monkeypatch.setenv("MOVIEREC_HOME", str(elsewhere.home))
    assert cli.main(["backup"]) == 0
    folder = capsys.readouterr().out.strip().removeprefix("backup: ")
    assert cli.main(["restore", "--folder", folder]) == 0
    assert "no version was live" in capsys.readouterr().out


def test_metrics_beyond_their_days_go_and_those_of_kept_versions_stay(live, settings):
    live.execute(
        "insert into ops.batch (run_id, dataset, as_of, started_at) select 'old ' || number, '', now(),"
        " now() - interval '400 days' from generate_series(1, 3) as number"
    )
    live.execute("insert into ops.metric select batch_id, 'core', 'all', 'ratings', 1 from ops.batch")
    live.execute(
        "insert into ops.quality_result (batch_id, gate, suite, expectation, severity, passed)"
        " select batch_id, 'core', 'core_keys', 'keys', 'critical', true from ops.batch"
    )
    live.execute("update ml.training set created_at = now() - interval '400 days'")
    live.commit()
    kept = live.execute("select count(*) from ml.user_metric").fetchone()
    counts = retention.prune(live, settings)
    assert live.execute("select count(*) from ml.user_metric").fetchone() == kept > (0,)
    assert (counts["metrics of batches"], counts["quality results"]) == (3, 3)
    assert live.execute("select array_agg(batch_id) from ops.metric").fetchone() == ([1],)


def test_values_per_viewer_of_old_trainings_go(live, settings):
    live.execute("update ml.training set created_at = now() - interval '400 days'")
    live.execute("insert into ml.training (run_id, batch_id, seed) values ('x', 1, 1)")
    live.execute("insert into ml.champion (training_id, ranker, reason) values (2, 'ease', '')")
    live.execute("delete from serving.live")
    live.execute("delete from serving.version")
    live.commit()
    assert retention.prune(live, settings)["metrics of viewers"] > 0
    assert live.execute("select count(*) from ml.user_metric").fetchone() == (0,)


def test_logs_that_nobody_wrote_to_go_with_their_folders(tmp_path):
    state = StateFolder(tmp_path)
    old, new = state.task_logs / "a" / "b" / "1.log", state.task_logs / "a" / "c" / "1.log"
    for path in (old, new, state.log("supervisor")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for path in (old, state.log("supervisor")):
        os.utime(path, (0, 0))
    assert retention.prune_logs(state, 30) == 1
    assert sorted(path.name for path in state.logs.rglob("*")) == ["1.log", "a", "c", "supervisor.log", "tasks"]


def test_tables_with_dead_rows_are_vacuumed(conn):
    conn.execute("insert into core.tags select number, 1, 'dark', now() from generate_series(1, 5000) as number")
    conn.commit()
    conn.execute("delete from core.tags")
    conn.commit()
    conn.execute("select pg_stat_force_next_flush()")
    conn.commit()
    assert "core.tags" in vacuum(conn)
    assert conn.execute("select pg_relation_size('core.tags')").fetchone() == (0,)


def test_sizes_are_kept(conn, settings, tmp_path):
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "model").write_bytes(b"x" * 1000)
    sizes = measure_sizes(conn, settings)
    assert sizes["artifacts"] == 1000
    assert sizes["table core.ratings"] > 0
    assert conn.execute("select bytes from ops.size where subject = 'artifacts'").fetchone() == (1000,)
