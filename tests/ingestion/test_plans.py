"""What is done with rejected rows reads each of them, and of the kept ones, a few times: counted in rows, not timed."""

from tests.plans import believe_empty, most_rows

REJECTED_VIEWERS, OF_EACH, KEPT = 800, 5, 4_000


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
