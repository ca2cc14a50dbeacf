import psycopg
from sqlalchemy import create_engine, text

from movierec.db import connect, copy_rows, fetch_frame, run_sql, sqlalchemy_url


def test_values_are_bound_never_formatted_in(conn):
    copy_rows(conn, "raw.ratings", ("slice_id", "position", "user_id"), [(1, 1, "'; drop table raw.ratings; --")])
    assert conn.execute("select user_id from raw.ratings").fetchall() == [("'; drop table raw.ratings; --",)]


def test_a_query_file_gives_a_frame_with_its_columns(conn):
    conn.execute("set search_path to core")
    assert list(fetch_frame(conn, "snapshot/genres").columns) == ["movie_id", "genre"]


def test_a_file_of_several_statements_tells_how_many_rows_the_last_one_touched(conn):
    conn.execute("insert into ml.training (run_id, batch_id, seed) values ('night', 1, 1)")
    conn.execute("insert into ml.trial values (1, 'ease', 1, '{}', 0.1, null, 1.0)")
    assert run_sql(conn, "ml/clear_search", {"training_id": 1, "ranker": "ease"}) == 1
    assert run_sql(conn, "ml/clear_search", {"training_id": 1, "ranker": "ease"}) == 0


def test_the_sqlalchemy_url_reaches_the_same_database(conn):
    with create_engine(sqlalchemy_url(conn)).connect() as other:
        assert other.execute(text("select current_database()")).scalar() == conn.info.dbname


def test_times_are_read_in_utc(warehouse):
    with connect(warehouse) as conn:
        assert conn.execute("show timezone").fetchone() == ("UTC",)


def test_a_dead_server_is_an_error_that_is_worth_a_retry(tmp_path):
    try:
        connect(f"host={tmp_path} dbname=warehouse")
    except psycopg.OperationalError as error:
        assert str(tmp_path) in str(error)
    else:
        raise AssertionError("connected to nothing")
