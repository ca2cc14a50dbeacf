from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from movierec.config import Settings
from movierec.errors import SourceError
from movierec.local import demo_app
from movierec.local.postgres import embedded_server
from movierec.sources.databases.tables import DatabaseTables
from movierec.sources.source import Endpoint, Notes
from tests.sources.landing import InMemoryState, land


@pytest.fixture
def store(copy_of: Callable[[str], str]) -> str:
    conninfo = copy_of("app")
    run(conninfo, "drop table user_profile, feedback_event")
    return conninfo


def run(conninfo: str, *statements: str) -> None:
    with psycopg.connect(conninfo) as conn:
        for statement in statements:
            conn.execute(statement)


def endpoint(conninfo: str) -> Endpoint:
    at = conninfo_to_dict(conninfo)
    return Endpoint(
        "postgres", str(at["host"]), int(at.get("port") or 5432), str(at["user"]), "", str(at["dbname"] or "")
    )


def test_rows_arrive_as_the_database_writes_them(store: str) -> None:
    run(store, "create table movies (movie_id int, title text, genres text)")
    title = 'Am\u00e9lie\t"x"\\N\\\n\r, \U0001f3ac'
    with psycopg.connect(store) as conn:
        conn.execute("insert into movies values (1, %s, null), (2, '', '\\N')", [title])
    (movies,) = land(store, DatabaseTables(endpoint(store)), InMemoryState()).values()
    assert movies.rows == [{"movie_id": "1", "title": title}, {"movie_id": "2", "title": "", "genres": "\\N"}]
    assert (movies.piece.name, movies.piece.mode, movies.piece.keys) == ("table movies", "whole", None)


def test_a_new_column_is_kept_and_reported(store: str) -> None:
    run(
        store,
        'create table movies (title text, "it\'s %s ""new""" bytea, movie_id int, price numeric)',
        "insert into movies values ('Heat', '\\xff00', 6, null)",
    )
    movies = land(store, DatabaseTables(endpoint(store)), InMemoryState())["movies"]
    strange = 'it\'s %s "new"'
    assert movies.rows == [{"movie_id": "6", "title": "Heat", "extra": {strange: "\\xff00", "price": None}}]
    assert movies.notes.new_columns == [strange, "price"]


def test_more_new_columns_than_a_function_takes_arguments(store: str) -> None:
    run(
        store,
        f"create table movies (movie_id int, title text, {', '.join(f'c{n} int default {n}' for n in range(120))})",
    )
    run(store, "insert into movies values (1, 'Heat')")
    (row,) = land(store, DatabaseTables(endpoint(store)), InMemoryState())["movies"].rows
    assert row["extra"] == {f"c{n}": str(n) for n in range(120)}


def test_views_and_the_search_path_count(store: str) -> None:
    run(
        store,
        "create schema store",
        "create view store.links as select 1 as \"movieId\", 'tt1' as imdb_id",
        "create table movies (movie_id int, title text)",
    )
    there = replace(endpoint(store), extra={"options": "-c search_path=store"})
    assert list(land(store, DatabaseTables(there), InMemoryState())) == ["links"]


def test_two_tables_show_one_moment(store: str) -> None:
    run(
        store,
        "create table movies (movie_id int, title text)",
        "insert into movies values (1, 'Heat')",
        "create table tags (user_id int, movie_id int, tag text, tagged_at timestamptz)",
    )
    pieces = iter(DatabaseTables(endpoint(store)).pieces(InMemoryState()))
    next(pieces)
    run(store, "insert into tags values (1, 2, 'late', now())")
    assert list(next(pieces).read(Notes())) == []
    pieces.close()


def test_a_large_table_is_read_in_its_order_wherever_others_are_in_reading_it(store: str) -> None:
    """PostgreSQL lets a reader begin where another one is, so that both take the same blocks from the disk."""
    large = "select id, repeat('x', 1000) from generate_series(1, 20000) as id"  # more than a quarter of its buffers
    run(store, "create table movies (movie_id int, title text)", f"insert into movies {large}")
    with psycopg.connect(store) as other:
        other.execute("declare reader cursor for select movie_id from movies")
        other.execute("move 10000 in reader")
        (movies,) = land(store, DatabaseTables(endpoint(store)), InMemoryState()).values()
    assert [int(row["movie_id"]) for row in movies.rows] == list(range(1, 20_001))


def test_a_refused_table_stops_the_source(store: str) -> None:
    run(store, "create view movies as select 1 / (random() * 0)::int as movie_id, 'x' as title")
    with pytest.raises(SourceError, match="division by zero"):
        land(store, DatabaseTables(endpoint(store)), InMemoryState())


def test_a_server_that_is_down_can_be_tried_again() -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        list(DatabaseTables(Endpoint("postgres", "127.0.0.1", 1, "me", "s3cret", "x")).pieces(InMemoryState()))
    assert "s3cret" not in str(caught.value)


def test_a_connection_lost_in_mid_read_can_be_tried_again(store: str) -> None:
    run(
        store,
        "create table movies (movie_id int, title text)",
        "insert into movies select n, repeat('x', 1000) from generate_series(1, 50000) as n",
    )
    pieces = DatabaseTables(endpoint(store)).pieces(InMemoryState())
    piece = next(pieces)
    chunks = piece.read(Notes())
    next(chunks)
    run(
        store,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
        "and backend_type = 'client backend' and pid <> pg_backend_pid()",  # a vacuum is not ours to end
    )
    with pytest.raises(psycopg.OperationalError):
        list(chunks)


def test_the_demo_application_tells_what_changed(app: str) -> None:
    run(
        app,
        "insert into user_profile values ('1', '24'), ('2', '53')",
        "insert into feedback_event values (7, 1, 2, 'like')",
    )
    run(app, "alter table user_profile disable trigger all", "update user_profile set updated_at = '2024-01-01'")
    run(app, "alter table user_profile enable trigger all", "update user_profile set age = '54' where user_id = '2'")
    state = InMemoryState()
    first = land(app, DatabaseTables(endpoint(app)), state)
    assert [row["event_id"] for row in first["feedback_event"].rows] == ["7"]
    assert first["user_profile"].notes.new_columns == []
    second = land(app, DatabaseTables(endpoint(app)), state)["user_profile"]
    assert [(row["user_id"], row["age"]) for row in second.rows] == [("2", "54")]


def test_a_second_night_reads_the_seeded_profiles_but_the_last_no_second_time(app: str, tmp_path: Path) -> None:
    users = "".join(f"{user}::F::1::10::48067\n" for user in range(1, 10))
    files = {"users.dat": users, "ratings.dat": "1::6::5::978300760\n", "movies.dat": "6::Heat (1995)::Action\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    demo_app.seed(app, tmp_path)
    state = InMemoryState()
    nights = [land(app, DatabaseTables(endpoint(app)), state)["user_profile"].rows for _ in range(2)]
    assert [len(rows) for rows in nights] == [9, 1]


def test_a_database_without_an_encoding_gives_text(server: Settings) -> None:
    with psycopg.connect(embedded_server.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute("create database bytes owner movierec_etl template template0 encoding 'SQL_ASCII' locale 'C'")
    there = embedded_server.conninfo(server, "bytes")
    run(there, "create table movies (movie_id int, title text)")
    run(there, "insert into movies select 1, convert_from(b, 'SQL_ASCII') from (values ('\\x41e9'::bytea)) as v (b)")
    run(there, "insert into movies select 2, convert_from(b, 'SQL_ASCII') from (values ('\\x41c3a9'::bytea)) as v (b)")
    pieces = DatabaseTables(endpoint(there)).pieces(InMemoryState())
    piece = next(pieces)
    assert b"".join(chunk.data for chunk in piece.read(Notes())).decode() == "1\tAé\n2\tAé\n"
    pieces.close()
