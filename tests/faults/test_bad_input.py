"""Input that is wrong, odd or contradictory, followed from its source to core, where it ends in the stated way."""

import pytest

from movierec.db import connect
from movierec.errors import SourceError
from movierec.ingestion.batch import accept_batch, find_batch, open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract_source
from movierec.ingestion.stage import stage
from movierec.sources.source import Origin
from tests.faults.datasets import FIRST_SECOND, Rows, clean, write_csv
from tests.night import endpoint, ingest

TIME = str(FIRST_SECOND)
MOVIES = [("1", "Heat (1995)", "Action"), ("2", "Gigi (1958)", "Comedy"), ("3", "Psycho (1960)", "Horror")]


def write(folder, ratings=(("10", "1", "3", TIME),), movies=MOVIES, **tables):
    return write_csv(folder, Rows(ratings=list(ratings), movies=list(movies), **tables))


def ratings(conn):
    return conn.execute("select user_id, movie_id, rating from core.ratings order by 1, 2").fetchall()


def ask(app, *statements):
    with connect(app) as other:
        for statement in statements:
            other.execute(statement)


def test_where_sources_disagree_the_files_are_believed_and_the_others_remembered(conn, app, tmp_path):
    ask(
        app,
        "create table movies (movie_id bigint, title text, release_year integer, genres text)",
        "insert into movies values (1, 'Heated', 1996, 'War'), (4, 'Alien', 1979, 'Horror')",
    )
    ingest(conn, app, write(tmp_path))
    titles = conn.execute("select movie_id, title, release_year from core.movies where movie_id in (1, 4) order by 1")
    assert titles.fetchall() == [(1, "Heat", 1995), (4, "Alien", 1979)]
    assert conn.execute("select * from core.movie_disagreement order by attribute").fetchall() == [
        (1, "release_year", {"movielens": "1995", "app": "1996"}, "1995"),
        (1, "title", {"movielens": "Heat", "app": "Heated"}, "Heat"),
    ]
    assert conn.execute("select genre from core.movie_genre where movie_id = 1").fetchall() == [("Action",)]


def test_two_ids_that_links_join_are_one_movie_with_one_rating_per_viewer(conn, app, tmp_path):
    links = [("1", "0000007", "5"), ("3", "0000007", "5"), ("2", "0000008", "")]
    given = [("10", "1", "3", TIME), ("10", "3", "5", str(FIRST_SECOND + 1)), ("11", "3", "2", TIME)]
    ingest(conn, app, write(tmp_path, given, links=links), "first")
    assert conn.execute("select * from core.movie_alias").fetchall() == [(3, 1)]
    assert ratings(conn) == [(10, 1, 5.0), (11, 1, 2.0)]
    assert conn.execute("select array_agg(movie_id order by movie_id) from core.movies").fetchone() == ([1, 2],)
    ingest(conn, app, write(tmp_path, given, links=links[:1]), "second")
    assert ratings(conn) == [(10, 1, 3.0), (10, 3, 5.0), (11, 3, 2.0)]


def test_an_alias_never_leads_to_another_alias(conn, app, tmp_path):
    movies = [(str(movie), f"Film {movie} (1990)", "Drama") for movie in (5, 10, 12, 20)]
    links = [("10", "0000001", "1"), ("20", "0000001", "2"), ("5", "", "2"), ("12", "", "1")]
    given = [("1", movie, "4", TIME) for movie, *_ in movies]
    ingest(conn, app, write(tmp_path, given, movies, links=links))
    chained = "select * from core.movie_alias as one inner join core.movie_alias as two on one.movie_id = two.alias_id"
    assert conn.execute(chained).fetchall() == []
    assert conn.execute("select * from core.movie_alias").fetchall() == [(20, 10)]
    assert ratings(conn) == [(1, 5, 4.0), (1, 10, 4.0), (1, 12, 4.0)]


def test_a_movie_without_genre_or_year_is_a_movie(conn, app, tmp_path):
    ingest(conn, app, write(tmp_path, movies=[("1", "Babel", "(no genres listed)"), ("2", "2046", "")]))
    assert conn.execute("select movie_id, title, release_year from core.movies order by 1").fetchall() == [
        (1, "Babel", None),
        (2, "2046", None),
    ]
    assert conn.execute("select count(*) from core.movie_genre").fetchone() == (0,)


def test_orphans_come_by_themselves_once_when_their_movie_arrives(conn, app, tmp_path):
    given = [("10", "1", "3", TIME), ("10", "9", "4", TIME), ("11", "9", "5", TIME), ("11", "9", "5", TIME)]
    ingest(conn, app, write(tmp_path, given), "first")
    assert ratings(conn) == [(10, 1, 3.0)]
    movies = [*MOVIES, ("9", "Alien (1979)", "Horror")]
    for night in ("second", "third"):
        ingest(conn, app, write(tmp_path, given, movies), night)
        assert ratings(conn) == [(10, 1, 3.0), (10, 9, 4.0), (11, 9, 5.0)]
        assert conn.execute("select status, count(*) from quarantine.row group by 1").fetchall() == [("replayed", 3)]
        assert conn.execute("select count(*) from staging.ratings where movie_id = 9").fetchone() == (3,)


def test_what_was_replayed_goes_when_the_source_takes_it_back(conn, app, tmp_path):
    given = [("10", "1", "3", TIME), ("10", "9", "4", TIME)]
    movies = [*MOVIES, ("9", "Alien (1979)", "Horror")]
    ingest(conn, app, write(tmp_path, given), "first")
    ingest(conn, app, write(tmp_path, given, movies), "second")
    ingest(conn, app, write(tmp_path, given[:1], movies), "third")
    assert ratings(conn) == [(10, 1, 3.0)]


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_viewer_with_a_hundred_thousand_ratings_is_kept_whole(conn, app, tmp_path, count):
    movies = [(str(movie), f"Film {movie} (1990)", "Drama") for movie in range(1, count + 1)]
    given = [("10", movie, "4", TIME) for movie, *_ in movies]
    ingest(conn, app, write(tmp_path, given, movies))
    assert conn.execute("select count(*), min(rating), max(rating) from core.ratings").fetchone() == (count, 4, 4)


def test_all_equal_ratings_are_ratings(conn, app, tmp_path):
    rows = clean(1, ratings=300)
    ingest(conn, app, write(tmp_path, [(*row[:2], "3", TIME) for row in rows.ratings], rows.movies))
    assert conn.execute("select count(*), avg(rating), count(distinct rated_at) from core.ratings").fetchone() == (
        300,
        3,
        1,
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([("10", "1", "3", TIME)] * 3, (3.0,)),
        ([("10", "1", "3", TIME), ("10", "1", "5", str(FIRST_SECOND + 1)), ("10", "1", "1", TIME)], (5.0,)),
        ([("10", "1", "3", TIME), ("10", "1", "4", TIME), ("10", "1", "2", TIME)], (4.0,)),
        ([("10", "1", "3", TIME), ("10", "1", "4", TIME + "001")], (4.0,)),
    ],
    ids=["exact duplicates", "the latest wins", "at the same second the higher wins", "a millisecond later"],
)
def test_of_duplicates_one_counts_and_all_are_kept(conn, app, tmp_path, given, kept):
    ingest(conn, app, write(tmp_path, given))
    assert conn.execute("select rating from core.ratings").fetchall() == [kept]
    assert conn.execute("select count(*) from staging.ratings").fetchone() == (len(given),)


def test_at_the_same_second_an_event_of_the_application_goes_before_the_file(conn, app, tmp_path):
    ask(
        app,
        "insert into feedback_event (user_id, movie_id, kind, value, created_at) "
        f"values (10, 1, 'rating', 1.5, to_timestamp({TIME}))",
    )
    ingest(conn, app, write(tmp_path))
    assert ratings(conn) == [(10, 1, 1.5)]


HEADER = "userId,movieId,rating,timestamp"
LINE = "10,1,3,1000000000"
MANY = "\r\n".join([f"{user},1,good,1000000000" for user in range(1, 40)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "userId,movieId,timestamp\r\n10,1,1000000000\r\n",
            "column rating is missing; seen: userId, movieId, timestamp",
        ),
        (
            "userId,movieId,score,timestamp\r\n" + LINE + "\r\n",
            "column rating is missing; seen: userId, movieId, score",
        ),
        (f"{HEADER}\r\n{MANY}\r\n", "column rating is retyped; seen: 'good'"),
        ("", "is empty"),
    ],
    ids=["removed", "renamed", "retyped", "empty"],
)
def test_a_broken_contract_stops_its_source_alone(conn, app, tmp_path, text, message):
    ingest(conn, app, write(tmp_path), "first")
    (tmp_path / "ratings.csv").write_text(text)
    ask(
        app,
        "insert into feedback_event (user_id, movie_id, kind, value, created_at) "
        "values (11, 2, 'rating', 4, '2020-01-01')",
    )
    batch_id = open_batch(conn, "second", str(tmp_path))
    origin = Origin(str(tmp_path), tmp_path / "cache", {}, {"app": "app"}, lambda _: endpoint(app))
    with pytest.raises(SourceError, match=message) as raised:
        extract_source(conn, batch_id, "movielens", lambda _: origin)
    assert "ratings.csv" in str(raised.value)
    extract_source(conn, batch_id, "app", lambda _: origin)
    stage(conn, batch_id)
    build_core(conn, batch_id)
    accept_batch(conn, batch_id, keep_nights=14)
    assert ratings(conn) == [(10, 1, 3.0), (11, 2, 4.0)]
    told = "select source, status, message from ops.batch_source where batch_id = %s order by source"
    assert conn.execute(told, [batch_id]).fetchall() == [
        ("app", "delivered", None),
        ("movielens", "failed", str(raised.value)),
    ]
    assert find_batch(conn, batch_id)["status"] == "accepted"


def test_a_new_column_is_kept_and_reported_and_the_order_does_not_matter(conn, app, tmp_path):
    write(tmp_path)
    (tmp_path / "ratings.csv").write_text("timestamp,rating,device,movieId,userId\r\n1000000000,3,tv,1,10\r\n")
    ingest(conn, app, tmp_path)
    assert ratings(conn) == [(10, 1, 3.0)]
    assert conn.execute("select extra from raw.ratings").fetchall() == [({"device": "tv"},)]
    assert conn.execute("select new_columns from ops.slice where table_name = 'ratings'").fetchall() == [(["device"],)]


def test_a_file_that_came_again_with_few_changes_touches_these_alone(conn, app, tmp_path):
    rows = clean(2)
    ingest(conn, app, write(tmp_path, rows.ratings, rows.movies), "first")
    changed = [(*row[:2], "0.5", row[3]) for row in rows.ratings[:3]]
    changed += [*rows.ratings[5:], ("500", "1", "4", TIME)]
    movies = [("1", "Another film (1980)", "War"), *rows.movies[1:]]
    batch_id = ingest(conn, app, write(tmp_path, changed, movies), "second", accept=False)
    touched = conn.execute(
        "select count(*) from core.ratings where xmin = (select max(xmin::text::bigint)::text::xid from core.ratings)"
    ).fetchone()
    assert touched == (4,)
    assert conn.execute("select count(*) from core.ratings").fetchone() == (1999,)
    assert set(build_core(conn, batch_id).values()) == {0}


def test_a_part_of_the_ratings_comes_and_goes_with_its_file(conn, app, tmp_path):
    folder = write(tmp_path)
    ingest(conn, app, folder, "first")
    part = folder / "ratings-2.csv"
    part.write_text(f"{HEADER}\r\n10,2,4,1000000000\r\n10,1,5,999999999\r\n")
    ingest(conn, app, folder, "second")
    assert ratings(conn) == [(10, 1, 3.0), (10, 2, 4.0)]
    part.unlink()
    ingest(conn, app, folder, "third")
    assert ratings(conn) == [(10, 1, 3.0)]


def test_another_scale_is_mapped_and_whole_stars_stay_whole_stars(conn, app, tmp_path):
    stars = [(str(user), "1", str(1 + user % 5), TIME) for user in range(1, 101)]
    ingest(conn, app, write(tmp_path, stars), "stars")
    assert conn.execute("select array_agg(distinct rating order by rating) from core.ratings").fetchone() == (
        [1, 2, 3, 4, 5],
    )
    points = [(str(user), "1", str(1 + user % 10), TIME) for user in range(1, 101)]
    points += [(str(user), "2", "9", TIME) for user in range(1, 101)] + [("7", "3", "11", TIME), ("7", "3", "0", TIME)]
    ingest(conn, app, write(tmp_path, points), "points")
    assert conn.execute("select array_agg(distinct rating order by rating) from core.ratings").fetchone() == (
        [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5],
    )
    assert conn.execute("select broken_rules from quarantine.row").fetchall() == [(["rating"],)] * 2


def test_a_gap_of_one_night_in_a_source_changes_nothing(conn, app, tmp_path):
    folder = write(tmp_path)
    ask(app, "insert into user_profile values ('7', '30', 'M', 'writer', '12345')")
    ingest(conn, app, folder, "first")
    ingest(conn, app, folder, "second", sources=["movielens"])
    assert conn.execute("select user_id, age from core.users order by 1").fetchall() == [(7, 30), (10, None)]


CREDITS = "movieId,released,title,actors,director,genres,imdbRating\n"


def test_scraped_credits_are_repaired_or_rejected(conn, app, tmp_path):
    lines = [
        "1,1995-12-15,Heat,Al Pacino|Robert De Niro|RenÃ©e Zellweger,Michael Mann,Action,8.3",
        "2,1958-05-15,Gigi,Leslie Caron,1958-05-15,Comedy,6.6",
        "3,Psycho,1960-09-08,Alfred Hitchcock,Janet Leigh|Anthony Perkins,Horror,8.5",
        "9,1999-01-01,Nobody knows it,Somebody,Someone,Drama,5",
        "x,1999-01-01,Film,Somebody,Someone,Drama,5",
        "1,1995-12-15,Heat,Al Pacino,Michael Mann,Action,8.3,surplus",
        "2,1958-05-15,Gigi,https://example.org/actors,Vincente Minnelli,Comedy,6.6",
        "3,1960-09-08,Psycho,8.5,Alfred Hitchcock,Horror,8.5",
    ]
    credits = tmp_path / "credits.csv"
    credits.write_text(CREDITS + "\n".join(lines) + "\n")
    folder = write(tmp_path / "set")
    ingest(conn, app, folder, sources=["movielens", "credits"], locations={"credits": str(credits)})
    assert conn.execute("select name from core.person order by name").fetchall() == [
        ("Al Pacino",),
        ("Michael Mann",),
        ("Renée Zellweger",),
        ("Robert De Niro",),
    ]
    broken = "select position, broken_rules from quarantine.row where table_name = 'credits' order by position"
    assert conn.execute(broken).fetchall() == [
        (2, ["aligned"]),
        (3, ["released"]),
        (5, ["movie_id"]),
        (6, ["columns"]),
        (7, ["aligned"]),
        (8, ["aligned"]),
    ]
