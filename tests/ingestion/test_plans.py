"""What is done with rejected rows reads each of them, and of the kept ones, a few times: counted in rows, not timed."""

import psycopg

from movierec.db import WORK_MEMORY, run_sql
from movierec.ingestion.slice_loader import SliceLoader
from movierec.quality.measurement import exposed_batch
from movierec.sources.source import Piece
from movierec.sources.table_contracts import RATINGS as RATINGS_CONTRACT
from tests.night import staged
from tests.plans import believe_empty, most_rows, most_rows_of

REJECTED_VIEWERS, OF_EACH, KEPT = 800, 5, 4_000
MOVIES, RATINGS = 3_000, 4_000


def test_the_movie_of_a_rating_is_looked_up_by_its_hash_at_the_gate_too(conn, app, tmp_path):
    # as in MovieLens 20M: links lead to movies, which makes the planner think of many times as many as there are
    movies = range(1, MOVIES + 1)
    written = {
        "movies": ["movieId,title,genres", *(f"{movie},Movie {movie} (1999),Drama" for movie in movies)],
        "links": ["movieId,imdbId,tmdbId", *(f"{movie},{movie:07d},{movie}" for movie in movies)],
        "ratings": [
            "userId,movieId,rating,timestamp",
            *(f"{number % 50 + 1},{number * 7 % MOVIES + 1},4.0,{880_000_000 + number}" for number in range(RATINGS)),
        ],
    }
    for name, lines in written.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    batch_id = staged(conn, app, tmp_path, sources=["movielens"])
    applied = "select count(*) from staging.ratings_checked where is_good"
    with exposed_batch(conn, "staging", batch_id) as url, psycopg.connect(url.replace("+psycopg2", "")) as gate:
        assert gate.execute("show work_mem").fetchone() == (WORK_MEMORY,)  # many more movies need more
        for session in (conn, gate):
            session.execute("set local work_mem = '1MB'")  # what so few movies need, if they are known to be so few
            assert session.execute(applied).fetchone() == (RATINGS,)
            assert most_rows_of(session, applied, {}) <= 5 * (MOVIES + RATINGS)


def test_lost_viewers_are_found_without_comparing_everything_with_everything(conn):
    conn.execute(
        "insert into ops.slice (batch_id, source, table_name, piece, mode, fingerprint, raw_rows)"
        " values (1, 'movielens', 'ratings', 'ratings', 'whole', '', 0)"
    )
    conn.execute(
        "insert into staging.ratings (slice_id, position, user_id, movie_id, rating, is_deleted, rated_at)"
        " select 1, number, mod(number, %(kept)s / 5), number, 4, false, now()"
        " from generate_series(1, %(kept)s) as series (number)",
        {"kept": KEPT},
    )
    # every other viewer of whom rows are rejected has others that are kept
    conn.execute(
        "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record)"
        " select 1, %(kept)s + number, 1, 'movielens', 'ratings', '{rating}', '{}',"
        " jsonb_build_object('user_id', (2 * mod(number, %(viewers)s))::text, 'movie_id', (number / 8)::text)"
        " from generate_series(1, %(viewers)s * %(of_each)s) as series (number)",
        {"kept": KEPT, "viewers": REJECTED_VIEWERS, "of_each": OF_EACH},
    )
    conn.execute("analyze quarantine.row")
    believe_empty(conn, "staging.ratings")
    rejected = REJECTED_VIEWERS * OF_EACH
    assert most_rows(conn, "ops/lost_entities", {"slice_id": 1}) <= 3 * (rejected + KEPT)
    lost = "select rule, entities, rows from ops.lost_entity where column_name = 'user_id'"
    assert conn.execute(lost).fetchall() == [("rating", REJECTED_VIEWERS // 2, rejected // 2)]


def test_keys_that_were_all_read_before_are_not_compared_with_every_row(conn):
    loader = SliceLoader(conn, Piece(RATINGS_CONTRACT, "table ratings", "changes", lambda notes: iter(())), slice_id=2)
    # statistics that know nothing of the slice, as those of a table of which most was loaded by other sources
    conn.execute("insert into raw.ratings (slice_id, position) select 9, n from generate_series(1, 100) as series (n)")
    conn.execute("analyze raw.ratings")
    conn.execute(
        "insert into raw.ratings (slice_id, position, user_id, movie_id)"
        " select 1, n, n::text, '7' from generate_series(1, %s) as series (n)",
        [KEPT],
    )
    keys = "select user_id, movie_id from raw.ratings where slice_id = 1"
    conn.execute(f"create temp table present on commit drop as {keys}")
    statement = loader._late_keys().as_string(conn)
    assert conn.execute(statement, {"slices": [1, 2]}).fetchone() == (False,)
    assert most_rows_of(conn, statement, {"slices": [1, 2]}) <= 5 * KEPT
    conn.execute("insert into present values ('0', '7')")
    assert conn.execute(statement, {"slices": [1, 2]}).fetchone() == (True,)


def test_pruning_reads_the_quarantine_a_few_times_and_kept_slices_not_at_all(conn):
    slices, rejected, replayed, kept, of_each = 100, 4_000, 50, 60_000, 10
    conn.execute(
        "insert into ops.batch (run_id, dataset, as_of)"
        " select 'night ' || number, 'made up', now() + number * interval '1 day' from generate_series(1, 4) as number"
    )
    conn.execute(
        "insert into ops.slice (batch_id, source, table_name, piece, mode, fingerprint, raw_rows)"
        " select 1, 'movielens', 'tags', number::text, 'whole', '', 0 from generate_series(0, %s) as number",
        [slices],
    )
    conn.execute("update ops.batch set started_at = now() - interval '1 month'")
    conn.execute("insert into ops.batch_slice select case slice_id when 1 then 4 else 1 end, slice_id from ops.slice")
    conn.execute(
        "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record,"
        " replayed_slice_id) select 1, number, 1, 'movielens', 'tags', '{tag}', '{}', '{}',"
        " case when number <= %s then 1 + number end from generate_series(1, %s) as number",
        [replayed, rejected],
    )
    conn.execute(
        "insert into raw.tags (slice_id, position)"
        " select case when number <= %(kept)s then 1 else 2 + (number - %(kept)s - 1) / %(of_each)s end, number"
        " from generate_series(1, %(kept)s + %(slices)s * %(of_each)s) as number",
        {"kept": kept, "slices": slices, "of_each": of_each},
    )
    run_sql(conn, "ops/summarize_slices")
    conn.execute("analyze quarantine.row, raw.tags")
    before = rows_read(conn)
    run_sql(conn, "ops/prune_slices", {"batch_id": None, "keep_nights": 2})
    after = rows_read(conn)
    assert after["quarantine.row"] - before["quarantine.row"] <= 3 * rejected
    assert after["raw.tags"] == before["raw.tags"]
    assert conn.execute("select count(*) from raw.tags").fetchone() == (kept,)
    assert conn.execute("select array_agg(slice_id) from ops.slice").fetchone() == ([1],)
    assert conn.execute("select count(*), count(replayed_slice_id) from quarantine.row").fetchone() == (rejected, 0)


def rows_read(conn):
    """Return how many rows of each table the open transaction, and what it has yet to report, read one by one."""
    read = "select schemaname || '.' || relname, seq_tup_read from pg_stat_xact_user_tables"
    return dict(conn.execute(read).fetchall())
