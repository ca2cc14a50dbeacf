"""What holds for a foreign database of either make."""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from movierec.errors import ConfigError, SourceError
from movierec.sources.databases.tables import DatabaseTables
from movierec.sources.source import Endpoint, Notes
from tests import mariadb as maria
from tests.sources.landing import InMemoryState, Landed, land

Run = Callable[..., Any]


@pytest.fixture(params=["postgres", "mysql"])
def store(request: pytest.FixtureRequest) -> Endpoint:
    """Return an empty database of an application, once of each make."""
    if request.param == "mysql":
        shop: Endpoint = request.getfixturevalue("shop")
        return shop
    conninfo = request.getfixturevalue("copy_of")("app")
    with psycopg.connect(conninfo) as conn:
        conn.execute("drop table user_profile, feedback_event")
    at = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return Endpoint("postgres", at["host"], int(at["port"]), at["user"], "", at["dbname"])


@pytest.fixture
def run(store: Endpoint) -> Run:
    """Run statements in it."""

    def statements(*texts: str) -> None:
        if store.kind == "mysql":
            maria.run(store, *texts)
            return
        with psycopg.connect(host=store.host, port=store.port, user=store.login, dbname=store.database) as conn:
            for text in texts:
                conn.execute(text)

    return statements


@pytest.fixture
def night(store: Endpoint, app: str) -> Iterator[Callable[..., dict[str, Landed]]]:
    """Land everything, remembering what was landed before."""
    state = InMemoryState()
    yield lambda **options: land(app, DatabaseTables(store, **options), state)


RATINGS = "create table ratings (user_id int, movie_id int, rating decimal(3, 1), rated_at {}, updated_at {})"
STAMPED = RATINGS.format("bigint", "timestamp(6) null")


def rating(user_id: int, stars: float, changed: str) -> str:
    value = "null" if changed == "null" else f"'{changed}'"
    return f"insert into ratings values ({user_id}, 7, {stars}, 978300000, {value})"


def users(landed: Landed) -> list[str]:
    return sorted(str(row["user_id"]) for row in landed.rows)


def test_a_first_night_reads_everything(run: Run, night: Run) -> None:
    run(STAMPED, rating(1, 4.5, "2024-01-01 00:00:00"))
    ratings = night()["ratings"]
    assert ratings.piece.mode == "whole"
    (row,) = ratings.rows
    assert (row["user_id"], row["rating"], row["rated_at"]) == ("1", "4.5", "978300000")
    assert ratings.notes.new_columns == []


def test_later_nights_read_what_changed_and_the_overlap(run: Run, night: Run) -> None:
    run(STAMPED, rating(1, 1, "2024-01-01 00:00:00"), rating(2, 2, "2024-01-02 00:00:00.123456"))
    night()
    run(rating(3, 3, "2024-01-01 23:10:00"), rating(4, 4, "2024-01-03 00:00:00"), rating(5, 5, "2024-01-01 22:00:00"))
    ratings = night()["ratings"]
    assert (ratings.piece.mode, users(ratings)) == ("changes", ["2", "3", "4"])
    assert users(night()["ratings"]) == ["4"]
    assert users(night(overlap=25 * 3600)["ratings"]) == ["2", "3", "4"]


def test_an_update_arrives_and_a_deleted_row_is_no_longer_among_the_keys(run: Run, night: Run) -> None:
    run(STAMPED, *(rating(user, 1, "2024-01-01 00:00:00") for user in (1, 2, 3)), rating(9, 1, "2024-02-01 00:00:00"))
    night()
    run(
        "update ratings set rating = 5, updated_at = '2024-02-02 00:00:00' where user_id = 2",
        "delete from ratings where user_id = 1",
    )
    ratings = night()["ratings"]
    assert sorted((row["user_id"], row["rating"]) for row in ratings.rows) == [("2", "5.0"), ("9", "1.0")]
    assert sorted(ratings.keys or [], key=str) == [{"user_id": user, "movie_id": "7"} for user in ("2", "3", "9")]


def test_full_reads_everything_again(run: Run, night: Run) -> None:
    run(STAMPED, rating(1, 1, "2024-01-01 00:00:00"), rating(2, 2, "2024-03-01 00:00:00"))
    night()
    ratings = night(is_full=True)["ratings"]
    assert (ratings.piece.mode, users(ratings), ratings.piece.keys) == ("whole", ["1", "2"], None)
    assert ratings.notes.watermark is not None


def test_a_stamp_in_the_far_future_hides_nothing(run: Run, night: Run) -> None:
    run(RATINGS.format("bigint", "date"), rating(1, 1, "9999-01-01"), rating(2, 2, "2024-01-01"))
    night()
    run(rating(3, 3, "2024-01-02"))
    assert users(night()["ratings"]) == ["1", "2", "3"]
    assert users(night()["ratings"]) == ["1", "3"]


def test_a_row_without_a_stamp_is_always_read(run: Run, night: Run) -> None:
    run(STAMPED, rating(1, 1, "null"), rating(2, 2, "2024-01-01 00:00:00"), rating(3, 3, "2024-02-01 00:00:00"))
    night()
    assert users(night()["ratings"]) == ["1", "3"]


def test_an_emptied_table_keeps_its_watermark(run: Run, night: Run) -> None:
    run(STAMPED, rating(1, 1, "2024-01-01 00:00:00"))
    before = night()["ratings"].notes.watermark
    run("delete from ratings")
    ratings = night()["ratings"]
    assert (ratings.rows, ratings.keys, ratings.notes.watermark) == ([], [], before)


@pytest.mark.parametrize("per_second", [1, 1_000, 1_000_000])
def test_whole_numbers_since_1970_are_a_watermark_too(per_second: int, run: Run, night: Run) -> None:
    start = 1_700_000_000
    run("create table ratings (movie_id int, user_id int, rating decimal(2, 1), timestamp bigint)")
    moments = [start, start + 4_000, start + 5_000, start * 10]
    rows = ", ".join(f"(1, {user}, 3, {moment * per_second})" for user, moment in enumerate(moments))
    run(f"insert into ratings values {rows}")
    night()
    run(f"insert into ratings values (1, 8, 4, {(start + 9_000) * per_second})")
    ratings = night()["ratings"]
    assert (ratings.piece.mode, users(ratings)) == ("changes", ["1", "2", "3", "8"])


def test_an_update_that_leaves_no_trace_in_the_time_of_rating_arrives(run: Run, night: Run) -> None:
    run("create table ratings (user_id int, movie_id int, rating decimal(2, 1), rated_at timestamp null)")
    run(*(f"insert into ratings values ({day}, 7, 3, '2024-01-0{day} 00:00:00')" for day in (1, 2, 3)))
    night()
    assert (night()["ratings"].piece.mode, users(night()["ratings"])) == ("changes", ["3"])
    run("update ratings set rating = 1 where user_id = 1")
    ratings = night()["ratings"]
    assert (ratings.piece.mode, [row["rating"] for row in ratings.rows if row["user_id"] == "1"]) == ("whole", ["1.0"])
    assert night()["ratings"].piece.mode == "changes"


def test_a_column_added_later_makes_the_table_be_read_whole(run: Run, night: Run) -> None:
    run(STAMPED, rating(1, 1, "2024-01-01 00:00:00"), rating(2, 2, "2024-03-01 00:00:00"))
    night()
    run("alter table ratings add column device varchar(9) default 'tv'")
    ratings = night()["ratings"]
    assert (ratings.piece.mode, users(ratings), ratings.notes.new_columns) == ("whole", ["1", "2"], ["device"])
    assert night()["ratings"].piece.mode == "changes"


def test_a_text_that_tells_the_time_is_no_watermark(run: Run, night: Run) -> None:
    run(RATINGS.format("bigint", "varchar(20)"), rating(1, 1, "13/12/2023"))
    night()
    assert night()["ratings"].piece.mode == "whole"


@pytest.mark.parametrize(
    ("column", "marked", "alive"),
    [("deleted_at timestamp null", "'2024-01-01 00:00:00'", "null"), ("is_deleted boolean", "true", "false")],
)
def test_a_row_marked_as_deleted_arrives_as_deleted(column: str, marked: str, alive: str, run: Run, night: Run) -> None:
    run(
        f"create table movies (movie_id int, title varchar(20), {column}, updated_at timestamp null)",
        f"insert into movies values (1, 'Heat', {marked}, '2024-01-01'), (2, 'Se7en', {alive}, '2024-01-01')",
        "insert into movies values (3, 'Alien', null, '2024-01-01')",
    )
    movies = night()["movies"]
    assert [row["movie_id"] for row in movies.rows if row.get("is_deleted")] == ["1"]
    assert movies.notes.new_columns == []
    assert night()["movies"].keys == [{"movie_id": "2"}, {"movie_id": "3"}]


def test_a_missing_column_stops_the_source(run: Run, night: Run) -> None:
    run("create table ratings (user_id int, film int, rating int, rated_at int)")
    with pytest.raises(SourceError, match="table ratings: column movie_id is missing; seen: user_id, film, rating"):
        night()


def test_a_retyped_column_stops_the_source(run: Run, night: Run) -> None:
    run("create table links (movie_id varchar(9), imdb_id varchar(9))")
    run(*(f"insert into links values ('m{n}', 'tt{n}')" for n in range(25)))
    with pytest.raises(SourceError, match="table links: column movie_id is retyped; seen: 'm0'"):
        night()


def test_reordered_and_renamed_columns_are_found(run: Run, night: Run) -> None:
    run("create table links (imdbId varchar(9), item_id int)", "insert into links values ('tt1', 5)")
    assert night()["links"].rows == [{"movie_id": "5", "imdb_id": "tt1"}]


def test_a_database_without_any_table_that_is_wanted_is_named(run: Run, night: Run, store: Endpoint) -> None:
    run("create table orders (id int)")
    expected = f"database {store.database} has no table to read; seen: orders; allowed: movies, links, credits"
    with pytest.raises(SourceError, match=expected):
        night()


def test_a_table_that_is_gone_stops_the_source(run: Run, night: Run) -> None:
    run("create table movies (movie_id int, title text)", STAMPED)
    night()
    run("drop table ratings")
    with pytest.raises(SourceError, match="table ratings is gone; seen: movies"):
        night()


def test_another_kind_of_database_is_refused(store: Endpoint) -> None:
    with pytest.raises(ConfigError, match="kind 'sqlite' is unknown; allowed: postgres"):
        list(DatabaseTables(replace(store, kind="sqlite")).pieces(InMemoryState()))


def test_many_rows_pass_through_in_constant_memory(run: Run, store: Endpoint) -> None:
    digits = "(select 0 as n union all select 1 union all select 2 union all select 3 union all select 4) as"
    cross = " cross join ".join(f"{digits} d{power}" for power in range(7))
    number = " + ".join(f"d{power}.n * {5**power}" for power in range(7))
    run("create table ratings (user_id int, movie_id int, rating int, rated_at int, note text)")
    run(f"insert into ratings select {number}, 1, 3, 978300000, repeat('x', 200) from {cross}")
    lines = 0
    for piece in DatabaseTables(store).pieces(InMemoryState()):
        tracemalloc.start()
        for chunk in piece.read(Notes()):
            lines += chunk.data.count(b"\n")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert lines == 5**7
    assert peak < 12e6, f"{peak / 1e6:.1f} MB for about {lines * 250 / 1e6:.0f} MB of rows"
