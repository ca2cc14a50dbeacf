import pymysql
import pytest

from movierec.errors import SourceError
from movierec.sources.databases.layout import TableLayout
from movierec.sources.databases.mysql import MysqlDatabase, open_mysql
from movierec.sources.databases.tables import DatabaseTables
from movierec.sources.source import Endpoint, Notes
from movierec.sources.table_contracts import MOVIES
from tests.mariadb import PASSWORD, run
from tests.sources.landing import InMemoryState, land


def test_rows_arrive_as_the_database_prints_them(shop: Endpoint, app: str) -> None:
    title = 'Am\u00e9lie\t"x"\\N\\\n\r\0, \U0001f3ac'
    run(
        shop,
        "create table movies (movie_id bigint unsigned, title varchar(50), release_date date, price decimal(20, 4),"
        " hit tinyint(1), raw binary(3), word varbinary(9), flag bit(4), `o``d%d` double, seen timestamp null)",
        (
            "insert into movies values (18446744073709551615, %s, '0000-00-00', 1.5, 1, x'ff0001', %s, b'101', 0.1,"
            " '2024-01-01 00:00:00')",
            (title, "d\u00e9j\u00e0".encode()),
        ),
    )
    movies = land(app, DatabaseTables(shop), InMemoryState())["movies"]
    values = {"hit": "1", "raw": "\\xff0001", "word": "d\u00e9j\u00e0", "flag": "5", "o`d%d": "0.1"}
    assert movies.rows == [
        {
            "movie_id": "18446744073709551615",
            "title": title.replace("\0", "\\x00"),
            "release_date": "0000-00-00",
            "extra": {"price": "1.5000", "seen": "2024-01-01 00:00:00", **values},
        }
    ]
    assert movies.notes.new_columns == ["price", "hit", "raw", "word", "flag", "o`d%d", "seen"]


def test_columns_in_another_encoding_are_converted(shop: Endpoint, app: str) -> None:
    run(shop, "create table movies (movie_id int, title varchar(9)) character set latin1")
    run(shop, ("insert into movies values (1, %s)", ("Am\u00e9lie",)))
    assert land(app, DatabaseTables(shop), InMemoryState())["movies"].rows == [
        {"movie_id": "1", "title": "Am\u00e9lie"}
    ]


def test_the_server_and_python_write_the_same_lines(shop: Endpoint) -> None:
    text = 'é\t"x"\\N\\\n\r\0, \U0001f3ac'
    run(
        shop,
        'create table movies (movie_id bigint, title varchar(50), release_year int, `a "b"\\\\` decimal(9, 2),'
        " genres text character set latin1, seen datetime(6), price double, updated_at date)",
        (
            "insert into movies values (%s, %s, %s, %s, %s, %s, %s, '2024-01-01')",
            [
                (1, text, None, None, "caf\u00e9", None, None),
                (-2, "", 1999, 1.5, "\\", "2024-01-01 00:00:00.123", 0.1),
                (None, None, 5, 3, None, "0000-00-00", 1e300),
            ],
        ),
    )
    with open_mysql(shop) as database:
        names = dict.fromkeys(database.types("movies"), None)
        names |= {name: name for name in ("movie_id", "title", "release_year", "genres")}
        layout = TableLayout(MOVIES, "here", database.types("movies"), names)
        assert isinstance(database, MysqlDatabase)
        fast, slow = (
            b"".join(chunk.data for chunk in rows(layout, "")) for rows in (database.rows, database._rows_by_value)
        )
    assert fast == slow
    assert fast.count(b"\n") == 3


def test_a_zero_time_of_deletion_means_alive(shop: Endpoint, app: str) -> None:
    run(
        shop,
        "create table movies (movie_id int, title text, deleted_at datetime, is_deleted bit(1))",
        "insert into movies values (1, 'a', '0000-00-00', b'0'), (2, 'b', '0000-00-00', b'1'), (3, 'c', now(), b'0')",
    )
    rows = land(app, DatabaseTables(shop), InMemoryState())["movies"].rows
    assert [row["movie_id"] for row in rows if row.get("is_deleted")] == ["2", "3"]


def test_tables_show_one_moment(shop: Endpoint) -> None:
    run(shop, "create table movies (movie_id int, title text)", "insert into movies values (1, 'Heat')")
    pieces = DatabaseTables(shop).pieces(InMemoryState())
    piece = next(pieces)
    run(shop, "insert into movies values (2, 'late')")
    assert b"".join(chunk.data for chunk in piece.read(Notes())) == b"1\tHeat\n"
    pieces.close()


def test_a_reader_that_stops_early_does_not_read_the_rest(shop: Endpoint) -> None:
    run(shop, "create table movies (movie_id int, title text)")
    run(shop, "insert into movies select seq, repeat('x', 1000) from seq_1_to_50000")
    pieces = DatabaseTables(shop).pieces(InMemoryState())
    chunks = next(pieces).read(Notes())
    next(chunks)
    pieces.close()
    del chunks
    assert run(shop, f"select count(*) from information_schema.processlist where db = '{shop.database}'") == [(1,)]


def test_a_connection_lost_in_mid_read_can_be_tried_again(shop: Endpoint) -> None:
    run(shop, "create table movies (movie_id int, title text)")
    run(shop, "insert into movies select seq, repeat('x', 1000) from seq_1_to_50000")
    pieces = DatabaseTables(shop).pieces(InMemoryState())
    chunks = next(pieces).read(Notes())
    next(chunks)
    ((process,),) = run(
        shop,
        f"select id from information_schema.processlist where id <> connection_id() and db = '{shop.database}'",
    )
    run(shop, f"kill {process}")
    with pytest.raises(pymysql.OperationalError):
        list(chunks)


def test_a_server_that_is_down_can_be_tried_again() -> None:
    with pytest.raises(pymysql.OperationalError) as caught:
        list(DatabaseTables(Endpoint("mysql", "127.0.0.1", 1, "me", "s3cret", "x")).pieces(InMemoryState()))
    assert "s3cret" not in str(caught.value)


def test_a_wrong_password_is_an_error_that_does_not_tell_it(shop: Endpoint) -> None:
    wrong = Endpoint("mysql", shop.host, shop.port, shop.login, "s3cret", shop.database)
    with pytest.raises(SourceError, match="Access denied for user 'shop'") as caught:
        list(DatabaseTables(wrong).pieces(InMemoryState()))
    assert "s3cret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_named(mariadb: Endpoint) -> None:
    missing = Endpoint("mysql", mariadb.host, mariadb.port, mariadb.login, PASSWORD, "nowhere")
    with pytest.raises(SourceError, match="Unknown database 'nowhere'"):
        list(DatabaseTables(missing).pieces(InMemoryState()))
