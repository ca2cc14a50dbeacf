"""Row rules, one by one: what they accept of a typed row, on literal rows."""

import pytest

from movierec.comparison.facts_files import BOUNDS


@pytest.fixture
def broken(conn):
    """Return a function that names the rules that a row of a table breaks, rejecting and warning ones."""
    conn.execute(
        "insert into ops.slice (batch_id, source, table_name, piece, mode, fingerprint, raw_rows)"
        " select 1, 'movielens', table_name, table_name, 'whole', table_name, 1"
        " from (select distinct table_name from ops.row_rule) as ruled"
    )
    conn.execute(
        "insert into staging.movies (slice_id, position, movie_id, title, is_deleted) values (0, 1, 1, 'Heat', false)"
    )

    def rules(table, **row):
        columns = ", ".join(row)
        conn.execute(
            f"insert into raw.{table} (slice_id, position, {columns})"
            f" select slice_id, 1, {', '.join(['%s'] * len(row))} from ops.slice where table_name = %s",
            [*row.values(), table],
        )
        found = conn.execute(f"select broken_rules || warned_rules from staging.{table}_checked").fetchone()[0]
        conn.execute(f"delete from raw.{table}")
        return set(found)

    return rules


RATING = {"user_id": "1", "movie_id": "1", "rating": "4", "rated_at": "881250949"}
PROFILE = {"user_id": "1", "age": "24", "gender": "F", "occupation": "writer", "zip_code": "85711"}
MOVIE = {"movie_id": "1", "title": "Heat (1995)", "genres": "Crime"}
EVENT = {"event_id": "1", "user_id": "1", "movie_id": "1", "kind": "rating", "value": "4", "created_at": "881250949"}


@pytest.mark.parametrize(
    ("table", "row", "changes", "rules"),
    [
        ("ratings", RATING, {}, set()),
        ("ratings", RATING, {"rating": "0.5"}, set()),
        ("ratings", RATING, {"rating": "5.5"}, {"rating"}),
        ("ratings", RATING, {"rating": "0"}, {"rating"}),
        ("ratings", RATING, {"rating": "four"}, {"rating"}),
        ("ratings", RATING, {"user_id": "-1"}, {"user_id"}),
        ("ratings", RATING, {"user_id": "0"}, set()),
        ("ratings", RATING, {"movie_id": "2"}, {"movie_known"}),
        ("ratings", RATING, {"rated_at": "1980-01-01"}, {"rated_at"}),
        ("user_profile", PROFILE, {}, set()),
        ("user_profile", PROFILE, {"age": "121"}, {"age"}),
        ("user_profile", PROFILE, {"age": None, "gender": None}, set()),
        ("user_profile", PROFILE, {"gender": "f3male"}, {"gender", "gender_known"}),
        ("user_profile", PROFILE, {"gender": "woman"}, set()),
        ("user_profile", PROFILE, {"gender": "diverse"}, {"gender_known"}),
        ("movies", MOVIE, {}, set()),
        ("movies", MOVIE, {"title": "Caf\ufffd"}, {"damaged"}),
        ("movies", MOVIE, {"genres": None, "release_year": "1066"}, {"genres", "release_year"}),
        ("feedback_event", EVENT, {}, set()),
        ("feedback_event", EVENT, {"value": "6"}, {"value"}),
        ("feedback_event", EVENT, {"kind": "buy", "value": None}, {"kind"}),
    ],
)
def test_a_row_breaks_the_rules_that_it_should(broken, table, row, changes, rules):
    assert broken(table, **{**row, **changes}) == rules


def test_a_night_takes_the_ages_that_a_comparison_takes(broken):
    low, high = BOUNDS["age"]
    found = {age: broken("user_profile", **{**PROFILE, "age": str(age)}) for age in (low - 1, low, high, high + 1)}
    assert found == {low - 1: {"age"}, low: set(), high: set(), high + 1: {"age"}}


def test_a_rule_and_the_sentence_that_explains_it_stand_together(conn):
    empty = "select count(*) from ops.row_rule where btrim(sentence) = '' or btrim(predicate) = ''"
    assert conn.execute(empty).fetchone() == (0,)
