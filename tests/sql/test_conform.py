"""How words of the sources become the words of core: genres, genders and ages."""

import pytest

from movierec.features.profiles import AGE_BOUNDS
from tests import movielens
from tests.night import ingest


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        ("Action, comedy", ["Action", "Comedy"]),
        ("action|film-noir", ["Action", "Film-Noir"]),
        ("Drama, Reality-TV", ["Drama", "Reality-TV"]),
        ("war , sci fi", ["Sci-Fi", "War"]),
        ("comedy drama", ["Comedy", "Drama"]),
    ],
)
def test_a_genre_in_lower_case_gets_its_capital_and_mixed_case_stays(conn, written, genres):
    assert conn.execute("select ops.genres(%s)", [written]).fetchone() == (genres,)


def test_a_viewer_of_movielens_1m_under_18_keeps_that_age(conn, app, tmp_path):
    (tmp_path / "ratings.dat").write_text("1::1::5::978300760\n2::1::4::978300761\n")
    (tmp_path / "movies.dat").write_text("1::Toy Story (1995)::Comedy\n")
    (tmp_path / "users.dat").write_text("1::F::1::10::48067\n2::M::56::16::70072\n")
    ingest(conn, app, tmp_path)
    assert conn.execute("select user_id, age, age_group from core.users order by user_id").fetchall() == [
        (1, 1, "under 18"),
        (2, 56, "56+"),
    ]


def test_a_bracket_of_core_lies_within_one_of_the_brackets_that_rankers_use(conn):
    named = "select age, ops.age_group(age) from generate_series(1, 120) as age"
    brackets = dict(conn.execute(named).fetchall())
    assert all(brackets[bound - 1] != brackets[bound] for bound in AGE_BOUNDS)


@pytest.mark.parametrize(
    ("gender", "warnings"), [("", 0), ("w", 0), ("woman", 0), ("male", 0), ("F", 0), ("diverse", 1)]
)
def test_a_gender_that_core_knows_is_no_warning(conn, app, tmp_path, gender, warnings):
    ingest(conn, app, movielens.write(tmp_path, user=[f"10\t24\t{gender}\ttechnician\t85711"]))
    counted = "select sum(broken_rows) from ops.rule_count where rule = 'gender_known'"
    assert (conn.execute(counted).fetchone()[0] or 0) == warnings
