"""What becomes of a batch: on its way, stopped by a gate, accepted, kept or pruned."""

from datetime import UTC, datetime

import pytest

from movierec.db import run_sql
from movierec.errors import QualityError
from movierec.ingestion.batch import accept_batch, find_batch, open_batch
from movierec.ingestion.core import build_core, core_as_of
from movierec.quality.gate import check
from tests import movielens
from tests.night import ingest, staged


def status(conn, batch_id):
    found = conn.execute("select status, accepted_at is not null from ops.batch where batch_id = %s", [batch_id])
    return found.fetchone()


def batch_in_core(conn):
    return conn.execute("select batch_id from ops.shown_batch where schema_name = 'core'").fetchone()


def test_a_backfill_takes_no_kept_batch_the_place(conn, app, tmp_path):
    def night(number, as_of=None):
        folder = movielens.write(tmp_path / str(number), inter=[f"10\t1\t5\t88125094{number}"])
        return ingest(conn, app, folder, f"night {number}", as_of=as_of)

    latest = [night(number) for number in range(3)]
    backfills = [night(number, datetime(1998, 1, number, tzinfo=UTC)) for number in range(3, 6)]
    accept_batch(conn, backfills[-1], keep_nights=3)
    pruned = conn.execute("select batch_id from ops.batch where is_pruned order by batch_id").fetchall()
    assert pruned == [(batch_id,) for batch_id in backfills[:2]]
    for batch_id in (*latest, backfills[-1]):
        with core_as_of(conn, batch_id):
            assert conn.execute("select count(*) from ratings").fetchone() == (1,)


def test_the_indexes_know_where_the_slices_of_an_accepted_batch_lie(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    unknown = "select brin_summarize_new_values(%s)"
    for index in ("raw.ratings_slice", "staging.ratings_slice"):
        assert conn.execute(unknown, [index]).fetchone() == (0,)


def stop_at_gate(conn, gate, batch_id, folder):
    with pytest.raises(QualityError, match=f"gate {gate} stops batch {batch_id}"):
        check(conn, gate, batch_id, folder)


def test_a_batch_that_an_early_gate_stops_is_refused_until_it_passes(conn, app, tmp_path):
    batch_id = staged(conn, app, movielens.write(tmp_path / "data", inter=[*movielens.FILES["inter"] * 10, *["x"] * 5]))
    stop_at_gate(conn, "staging", batch_id, tmp_path / "quality")
    assert status(conn, batch_id) == ("refused", False)
    conn.execute("update ops.batch set accept_volume_change = true")
    check(conn, "staging", batch_id, tmp_path / "quality")
    assert status(conn, batch_id) == ("open", False)
    conn.execute("delete from raw.ratings")
    stop_at_gate(conn, "staging", batch_id, tmp_path / "quality")
    assert status(conn, batch_id) == ("refused", False)
    assert batch_in_core(conn) is None


def test_an_accepted_batch_that_is_built_again_has_to_pass_its_gate_again(conn, app, tmp_path):
    good = ingest(conn, app, movielens.write(tmp_path / "good"), "good")
    last = ingest(conn, app, movielens.write(tmp_path / "last"), "last")
    assert status(conn, last) == ("accepted", True)
    build_core(conn, last)
    assert status(conn, last) == ("built", False)
    conn.execute("update core.ratings set rating = 7")
    conn.commit()
    stop_at_gate(conn, "core", last, tmp_path / "quality")
    assert status(conn, last) == ("refused", False)
    assert batch_in_core(conn) == (good,)


def test_a_build_that_fails_leaves_no_batch_accepted(conn, app, tmp_path):
    batch_id = ingest(conn, app, movielens.write(tmp_path))
    conn.execute("update ops.slice set staged_at = null where table_name = 'ratings'")
    conn.commit()
    with pytest.raises(Exception, match="slices that are not staged"):
        build_core(conn, batch_id)
    conn.rollback()
    assert find_batch(conn, batch_id)["status"] == "open"


def test_showing_an_accepted_batch_again_leaves_it_accepted(conn, app, tmp_path):
    batch_id = ingest(conn, app, movielens.write(tmp_path))
    conn.execute("delete from ops.shown_batch")
    conn.commit()
    with core_as_of(conn, batch_id):
        pass
    assert status(conn, batch_id) == ("accepted", True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://host/set.zip?token=s3cret#sha256=00", "https://host/set.zip"),
        ("/data/who?/set", "/data/who?/set"),
    ],
)
def test_a_token_in_a_datasets_address_is_kept_nowhere(conn, caplog, given, kept):
    with caplog.at_level("INFO"):
        batch_id = open_batch(conn, "night", given)
    assert find_batch(conn, batch_id)["dataset"] == kept
    assert "s3cret" not in caplog.text


def test_tokens_that_were_kept_before_go_with_the_next_structure(conn):
    batch_id = open_batch(conn, "night", "/data")
    conn.execute("update ops.batch set dataset = 'https://me:pass@host/a@b/set.zip?token=s3cret#sha256=00'")
    run_sql(conn, "ddl/ops")
    assert find_batch(conn, batch_id)["dataset"] == "https://host/a@b/set.zip"
    conn.execute("update ops.batch set dataset = '/data/what?'")
    run_sql(conn, "ddl/ops")
    assert find_batch(conn, batch_id)["dataset"] == "/data/what?"
