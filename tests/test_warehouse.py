import hashlib
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from movierec import db
from movierec import warehouse as structure
from movierec.config import SQL
from movierec.db import connect
from movierec.errors import ConfigError


def test_an_unchanged_structure_is_not_applied_again(warehouse):
    assert structure.migrate(warehouse) is False


def test_a_changed_structure_is_applied_over_the_old_one_and_keeps_its_rows(warehouse):
    with connect(warehouse) as conn:
        conn.execute("insert into ops.batch (run_id, dataset, as_of) values ('night', 'folder', now())")
        conn.execute("update ops.structure set checksum = 'of an older checkout'")
    assert structure.migrate(warehouse) is True
    with connect(warehouse) as conn:
        assert conn.execute("select run_id from ops.batch").fetchall() == [("night",)]


def test_an_earlier_structure_may_come_back(warehouse):
    with connect(warehouse) as conn:
        conn.execute("insert into ops.structure values ('of another checkout', now() + interval '1 second')")
    assert structure.migrate(warehouse) is True
    with connect(warehouse) as conn:
        conn.execute("update ops.structure set applied_at = now() - interval '1 day' where checksum like 'of %'")
    assert structure.migrate(warehouse) is False


def test_an_idle_dashboard_makes_a_new_structure_wait_only_briefly(warehouse):
    with connect(warehouse) as dashboard, connect(warehouse) as conn:
        dashboard.execute("set application_name = 'dashboard'; select count(*) from serving.live_recommendation")
        conn.execute("update ops.structure set checksum = 'of an older checkout'")
        conn.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable, match=r"dashboard\) with .*serving\.live_recommendation"):
            structure.migrate(warehouse, patience=0.5)


def test_readers_pass_a_new_structure_that_waits_for_an_idle_one(warehouse):
    with connect(warehouse) as idle, connect(warehouse) as reader, ThreadPoolExecutor() as pool:
        reader.execute("update ops.structure set checksum = 'of an older checkout'")
        reader.commit()
        reader.autocommit = True
        idle.execute("select count(*) from serving.live_recommendation")
        migration = pool.submit(structure.migrate, warehouse)
        reader.execute("set lock_timeout = '3s'")  # who waits behind the migration as long as it waits fails
        for _ in range(3):
            await_waiting(reader)
            reader.execute("select count(*) from serving.live_recommendation")
        assert not migration.done()
        idle.rollback()
        assert migration.result() is True
    assert structure.migrate(warehouse) is False


def await_waiting(conn):
    """Wait until somebody waits for a lock."""
    while conn.execute("select count(*) from pg_locks where not granted").fetchone() == (0,):
        time.sleep(0.005)


def test_a_view_of_staging_gets_other_columns(warehouse, tmp_path, monkeypatch):
    changed = shutil.copytree(SQL, tmp_path / "sql")
    view = changed / "staging" / "movies.sql"
    view.write_text(view.read_text().replace("typed.title,", "typed.title, 1 as number,"))
    for module in (structure, db):
        monkeypatch.setattr(module, "SQL", changed)
    assert structure.migrate(warehouse) is True
    with connect(warehouse) as conn:
        conn.execute("select number from staging.movies_checked")


def test_files_before_the_first_changed_one_are_not_applied_again(warehouse, tmp_path, monkeypatch):
    changed = shutil.copytree(SQL, tmp_path / "sql")
    with (changed / "ddl" / "lineage.sql").open("a") as file:
        file.write("comment on view ops.version_lineage is 'Changed.';\n")
    for module in (structure, db):
        monkeypatch.setattr(module, "SQL", changed)
    with connect(warehouse) as idle:
        idle.execute("select count(*) from serving.live_recommendation")
        assert structure.migrate(warehouse, patience=0) is True
        described = "select obj_description('ops.version_lineage'::regclass)"
        assert idle.execute(described).fetchone() == ("Changed.",)
    assert structure.migrate(warehouse) is False


def test_every_structure_file_is_applied():
    on_disk = {f"ddl/{path.stem}" for path in (SQL / "ddl").glob("*.sql")}
    assert on_disk <= set(structure.STRUCTURE)


def test_every_table_and_view_for_readers_is_described(conn):
    undescribed = conn.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema in ('core', 'ml', 'serving') and obj_description("
        " format('%I.%I', table_schema, table_name)::regclass, 'pg_class') is null"
    ).fetchall()
    assert undescribed == []


def test_layers_from_before_slices_are_made_anew_and_what_is_served_stays(warehouse):
    with connect(warehouse) as conn:
        conn.execute("insert into ml.training (run_id, batch_id, seed) values ('kept', 1, 1)")
        conn.execute("drop table ops.slice cascade; update ops.structure set checksum = 'old'; create table raw.old ()")
    assert structure.migrate(warehouse) is True
    with connect(warehouse) as conn:
        assert conn.execute("select run_id from ml.training").fetchall() == [("kept",)]
        assert conn.execute("select to_regclass('raw.old'), to_regclass('ops.slice')::text").fetchone() == (
            None,
            "ops.slice",
        )


def test_what_an_earlier_version_called_otherwise_keeps_its_rows(warehouse):
    with connect(warehouse) as conn:
        conn.execute("drop view ops.gate_slice cascade")
        conn.execute("alter table ops.slice rename skipped_rows to left_out")
        conn.execute("alter table ops.slice add column first_at timestamptz")
        conn.execute("create view ops.tonight_slice as select left_out, first_at from ops.slice")
        conn.execute("create view staging.movies_tonight as select movie_id from staging.movies")
        conn.execute("alter table ops.shown_batch rename schema_name to layer")
        conn.execute("alter table ops.shown_batch rename moved_at to held_at")
        conn.execute("alter table ops.shown_slice rename schema_name to layer")
        conn.execute("alter table ops.shown_batch rename to held")
        conn.execute("alter table ops.shown_slice rename to held_slice")
        conn.execute("insert into ops.held values ('core', 7, now())")
        conn.execute("insert into ops.held_slice values ('core', 3)")
        conn.execute(
            "insert into ops.slice (batch_id, source, table_name, piece, mode, fingerprint, left_out, raw_rows)"
            " values (7, 'imdb', 'imdb_title', 'title.basics.tsv', 'whole', 'f', 12, 1)"
        )
        conn.execute("update ops.structure set checksum = 'of an older checkout'")
    for _ in range(2):
        assert structure.migrate(warehouse) is True
        with connect(warehouse) as conn:
            shown = (
                "select schema_name, batch_id, slice_id from ops.shown_batch join ops.shown_slice using (schema_name)"
            )
            assert conn.execute(shown).fetchall() == [("core", 7, 3)]
            assert conn.execute("select skipped_rows from ops.slice").fetchall() == [(12,)]
            views = "select to_regclass('ops.tonight_slice'), to_regclass('staging.movies_tonight')"
            assert conn.execute(views).fetchone() == (None, None)
            conn.execute("update ops.structure set checksum = checksum || ' again'")


def test_views_of_an_earlier_version_go_and_those_whose_columns_changed_are_made_anew(warehouse):
    with connect(warehouse) as conn:
        conn.execute("drop view staging.movies_typed cascade")
        conn.execute("create view staging.movies_typed as select 1::bigint as slice_id, 2::bigint as release_year")
        conn.execute("create view staging.movies_judged as select * from staging.movies_typed")
        conn.execute("create view staging.judged as select * from staging.movies_judged")
        conn.execute("create procedure ops.build_judges() language sql as 'select 1'")
        conn.execute("update ops.structure set checksum = 'of an older checkout'")
    assert structure.migrate(warehouse) is True
    with connect(warehouse) as conn:
        assert conn.execute("select to_regclass('staging.judged'), to_regproc('ops.build_judges')").fetchone() == (
            None,
            None,
        )
        views = conn.execute("select table_name from information_schema.views where table_schema = 'staging'")
        names = {name for (name,) in views}
    tables = {path.stem for path in (SQL / "staging").glob("*.sql")}
    assert {f"{table}_{kind}" for table in tables for kind in ("typed", "checked")} <= names
    assert not {name for name in names if name.endswith("judged")}


def test_a_structure_that_newer_code_made_is_refused_and_left_as_it_is(warehouse):
    assert recorded_version(warehouse) == structure.STRUCTURE_VERSION
    with connect(warehouse) as conn:
        conn.execute(
            "insert into ops.structure (checksum, version, applied_at) values ('newer', %s, now() + interval '1 s')",
            [structure.STRUCTURE_VERSION + 1],
        )
    for check in (structure.migrate, structure.require_known_structure):
        with pytest.raises(
            ConfigError,
            match=f"to structure {structure.STRUCTURE_VERSION + 1}; .* up to {structure.STRUCTURE_VERSION}: ",
        ):
            check(warehouse)
    assert recorded_version(warehouse) == structure.STRUCTURE_VERSION + 1


def test_what_goes_or_gets_other_parameters_counts_the_version_up():
    going = re.compile(
        r"\bdrop (?:function|procedure|view|table|schema)[^;]+;|\balter table[^;]+\b(?:rename|drop column)[^;]+;"
    )
    found = {
        " ".join(statement.split())
        for path in (SQL / "ddl").glob("*.sql")
        for statement in going.findall(path.read_text(encoding="utf-8"))
    }
    digest = hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:16]
    # Earlier code fails on what has gone: where these differ, one more in STRUCTURE_VERSION, and both belong here.
    assert (structure.STRUCTURE_VERSION, digest) == (3, "f43a34b85852d9fe")


def test_a_structure_from_before_there_were_versions_is_known(warehouse):
    with connect(warehouse) as conn:
        conn.execute("alter table ops.structure drop column version")
        conn.execute("update ops.structure set checksum = 'of an older checkout'")
    structure.require_known_structure(warehouse)
    assert structure.migrate(warehouse) is True
    assert recorded_version(warehouse) == structure.STRUCTURE_VERSION


def recorded_version(warehouse):
    with connect(warehouse) as conn:
        return conn.execute("select version from ops.structure order by applied_at desc limit 1").fetchone()[0]
