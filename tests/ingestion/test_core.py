from datetime import UTC, datetime

import pytest

from movierec.db import connect
from movierec.errors import ConfigError
from movierec.ingestion.batch import accept_batch
from movierec.ingestion.core import TABLES, build_core, core_as_of, refuse_batch
from tests import movielens
from tests.night import ingest, staged

FINGERPRINT = "select md5(string_agg(fact::text, '|' order by fact::text)) from core.{} as fact"


def fingerprints(conn):
    return {table: conn.execute(FINGERPRINT.format(table)).fetchone() for table in TABLES}


def test_the_article_goes_in_front_of_the_title(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select title, release_year from core.movies order by movie_id").fetchall() == [
        ("Toy Story", 1995),
        ("The Usual Suspects", 1995),
        ("unknown", None),
    ]


def test_people_get_their_role_and_inverse_relations_add_nobody(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select movie_id, person_id, role from core.movie_person order by 1, 3").fetchall() == [
        (1, "m.hanks", "actor"),
        (1, "m.lasseter", "director"),
        (2, "m.mcquarrie", "writer"),
    ]
    assert conn.execute("select * from core.movie_country").fetchall() == [(2, "m.usa")]


def test_genres_are_one_row_each_and_unknown_is_none(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    genres = conn.execute("select movie_id, genre from core.movie_genre order by 1, 2").fetchall()
    assert genres == [(1, "Animation"), (1, "Children"), (1, "Comedy"), (2, "Crime"), (2, "Thriller")]


def test_the_latest_rating_of_a_viewer_wins(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250950", "10\t1\t2\t881250949"]))
    assert conn.execute("select rating from core.ratings").fetchall() == [(5.0,)]


@pytest.mark.parametrize("lines", [("5", "2"), ("2", "5")])
def test_at_the_same_second_the_higher_rating_wins_wherever_it_stands(conn, app, tmp_path, lines):
    ingest(conn, app, movielens.write(tmp_path, inter=[f"10\t1\t{stars}\t881250949" for stars in lines]))
    assert conn.execute("select rating from core.ratings").fetchall() == [(5.0,)]


def test_at_the_same_second_the_application_knows_better_than_the_files(conn, app, tmp_path):
    with connect(app) as other:
        other.execute(
            "insert into feedback_event (user_id, movie_id, kind, value, created_at)"
            " values (10, 1, 'rating', 2, to_timestamp(881250949))"
        )
    ingest(conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250949"]))
    assert conn.execute("select rating from core.ratings").fetchall() == [(2.0,)]


def test_a_rating_event_is_a_rating(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("insert into feedback_event (user_id, movie_id, kind, value) values (12, 2, 'rating', 4.5)")
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select rating from core.ratings where user_id = 12 and movie_id = 2").fetchall() == [(4.5,)]
    assert conn.execute("select kind, value from core.events").fetchall() == [("rating", 4.5)]


def test_viewers_without_a_profile_are_viewers(conn, app, tmp_path):
    with connect(app) as other:
        other.execute(
            "insert into user_profile (user_id, age, gender, occupation, zip_code)"
            " values ('10', '24', 'male', 'Technician', 't8h 1n')"
        )
    ingest(conn, app, movielens.write(tmp_path, user=[]))
    assert conn.execute("select * from core.users order by user_id").fetchall() == [
        (10, 24, "18-24", "M", "technician", "T8H1N"),
        (11, None, None, None, None, None),
    ]


def test_two_equal_nights_leave_equal_tables_and_touch_no_row(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    ingest(conn, app, folder, "first")
    before = fingerprints(conn)
    second = ingest(conn, app, folder, "second")
    assert fingerprints(conn) == before
    assert set(build_core(conn, second).values()) == {0}


def test_only_rows_that_changed_are_touched(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path), "first")
    second = ingest(
        conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250949", "11\t1\t1\t881250951"]), "second"
    )
    assert conn.execute("select user_id, movie_id, rating from core.ratings order by 1, 2").fetchall() == [
        (10, 1, 5.0),
        (11, 1, 1.0),
    ]
    assert build_core(conn, second)["ratings"] == 0


def test_an_earlier_night_is_shown_beside_core_and_never_in_its_place(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    ingest(conn, app, folder, "today")
    before = fingerprints(conn)
    earlier = ingest(conn, app, folder, "backfill", as_of=datetime(1997, 12, 4, 15, 55, 50, tzinfo=UTC))
    assert fingerprints(conn) == before
    with core_as_of(conn, earlier) as schema:
        assert schema == "past"
        assert conn.execute("select user_id, movie_id from ratings").fetchall() == [(10, 1)]


def test_core_moves_on_with_a_newer_night_and_goes_back_when_its_gate_stops_it(conn, app, tmp_path):
    good = ingest(conn, app, movielens.write(tmp_path / "good"), "good")
    before = fingerprints(conn)
    bad = ingest(conn, app, movielens.write(tmp_path / "bad", inter=["10\t1\t1\t881250949"]), "bad", accept=False)
    assert fingerprints(conn)["ratings"] != before["ratings"]
    refuse_batch(conn, bad)
    assert fingerprints(conn) == before
    with core_as_of(conn, good) as schema:
        assert schema == "core"


def test_building_anew_leaves_the_same_rows_as_night_by_night(conn, app, tmp_path):
    for number, stars in enumerate((5, 3, 1)):
        lines = [f"10\t1\t{stars}\t88125095{number}", f"11\t{1 + number % 2}\t4\t881250951"]
        ingest(conn, app, movielens.write(tmp_path / str(number), inter=lines), f"night {number}")
    before = fingerprints(conn)
    ingest(conn, app, tmp_path / "2", "anew", is_full=True)
    assert fingerprints(conn) == before


def test_a_night_that_is_not_staged_cannot_be_built(conn, app, tmp_path):
    batch_id = staged(conn, app, movielens.write(tmp_path))
    conn.execute("update ops.slice set staged_at = null where table_name = 'ratings'")
    conn.commit()
    with pytest.raises(ConfigError, match=f"batch {batch_id} holds 1 slices that are not staged; run stage first"):
        build_core(conn, batch_id)


def test_a_past_night_is_staged_again_where_newer_rules_stage_it_otherwise(conn, app, tmp_path):
    nights = []
    for number in (1, 5):
        folder = movielens.write(tmp_path / str(number), inter=[f"10\t1\t{number}\t88125094{number}"])
        nights.append(ingest(conn, app, folder, f"night {number}"))
    # as structure files mark slices; the earlier night's ratings were staged with another value then
    conn.execute("update staging.ratings set rating = 3 where rating = 1")
    conn.execute("update ops.slice set staged_at = null where table_name = 'ratings'")
    conn.commit()
    for batch_id, schema_name, rating in zip(nights, ("past", "core"), (1, 5), strict=True):
        with core_as_of(conn, batch_id) as schema:
            assert schema == schema_name
            assert conn.execute("select rating from ratings").fetchall() == [(rating,)]
    assert conn.execute("select count(*) from ops.slice where staged_at is null").fetchone() == (0,)


def test_content_that_no_kept_night_sees_is_pruned_and_its_night_says_so(conn, app, tmp_path):
    nights = []
    for number in range(3):
        folder = movielens.write(tmp_path / str(number), inter=[f"10\t1\t5\t88125094{number}", "x"])
        nights.append(ingest(conn, app, folder, f"night {number}"))
    accept_batch(conn, nights[-1], keep_nights=2)
    for table in ("raw.ratings", "staging.ratings", "quarantine.row"):
        kept = conn.execute(
            f"select distinct slice.batch_id from {table} join ops.slice using (slice_id) order by 1"
            if table != "quarantine.row"
            else "select distinct batch_id from quarantine.row order by 1"
        ).fetchall()
        assert kept == [(batch_id,) for batch_id in nights[1:]]
    with pytest.raises(ConfigError, match=f"rows of batch {nights[0]} have been pruned"), core_as_of(conn, nights[0]):
        pass


@pytest.mark.parametrize(
    ("written", "title", "year"),
    [
        ("Matrix, The (1999)", "The Matrix", 1999),
        ("Misérables, Les (1995)", "Les Misérables", 1995),
        ("Avventura, L' (L'avventura) (1960)", "L'Avventura (L'avventura)", 1960),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            "The City of Lost Children (La Cité des enfants perdus)",
            1995,
        ),
        ("AmÃ©lie (2001)", "Amélie", 2001),
        ("Ame\u0301lie (2001)", "Amélie", 2001),
        ("1984", "1984", None),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("  Heat   (1995) ", "Heat", 1995),
        ("<b>Bold</b> & Co (2000)", "<b>Bold</b> & Co", 2000),
        ("=1+1 (2000)", "=1+1", 2000),
        ("שלום (2010)", "שלום", 2010),
        ("(1999)", "(1999)", 1999),
        ("Babylon 5", "Babylon 5", None),
        ("Fairy Tale, A True Story", "Fairy Tale, A True Story", None),
        ("Ârtico, Ão", "Ârtico, Ão", None),
    ],
)
def test_titles_are_conformed(conn, app, tmp_path, written, title, year):
    folder = movielens.write(tmp_path, item=[f"1\t{written}\t\tDrama"], inter=[], link=[], kg=[])
    ingest(conn, app, folder)
    assert conn.execute("select title, release_year from core.movies").fetchall() == [(title, year)]


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("881250949", "1997-12-04 15:55:49+00"),
        ("881250949000", "1997-12-04 15:55:49+00"),
        ("881250949.5", "1997-12-04 15:55:49.5+00"),
        ("1997-12-04T15:55:49Z", "1997-12-04 15:55:49+00"),
        ("1997-12-04 16:55:49+01:00", "1997-12-04 15:55:49+00"),
        ("1997-12-04", "1997-12-04 00:00:00+00"),
    ],
)
def test_times_are_conformed(conn, app, tmp_path, value, at):
    ingest(conn, app, movielens.write(tmp_path, inter=[f"10\t1\t5\t{value}"]))
    assert conn.execute("select rated_at::text from core.ratings").fetchall() == [(at,)]
