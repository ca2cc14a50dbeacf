"""Bounds of times and years: the same in SQL and in Python."""

import numpy as np
import pandas as pd
import pytest

from movierec.comparison.facts_files import BOUNDS, NO_FACT
from movierec.comparison.several_values import SEPARATORS
from movierec.comparison.timestamps import EARLIEST, MAX_BLUNT_SHARE, TICKS, UNITS, is_blunt, is_ticks
from movierec.comparison.written_moments import moments


def test_the_earliest_time_of_feedback_is_the_same_in_sql_and_python(conn):
    assert conn.execute("select ops.earliest_time()").fetchone() == (EARLIEST.to_pydatetime(),)


def test_a_time_is_possible_from_then_until_tomorrow(conn):
    told = conn.execute(
        "select ops.is_possible_time(ops.earliest_time()), ops.is_possible_time(ops.earliest_time() - interval '1 s'),"
        " ops.is_possible_time(now() + interval '23 h'), ops.is_possible_time(now() + interval '25 h')"
    ).fetchone()
    assert told == (True, False, True, False)


def test_the_years_of_movies_are_the_same_in_sql_and_python(conn):
    bounds = conn.execute("select ops.earliest_release_year(), ops.latest_release_year()").fetchone()
    assert bounds == BOUNDS["release_year"]


@pytest.mark.parametrize(("value", "factor"), [(bound / 2, factor) for bound, factor in UNITS if bound < 1e18])
def test_the_unit_of_a_moment_is_told_alike_in_sql_and_python(conn, value, factor):
    (seconds,) = conn.execute("select extract(epoch from ops.as_moment(%s))::double precision", [value]).fetchone()
    assert seconds == pytest.approx(value * factor / 1e6)


def test_moments_without_their_last_digits_are_told_alike_in_sql_and_python(conn):
    assert conn.execute("select ops.max_blunt_share()").fetchone() == (MAX_BLUNT_SHARE,)
    seconds = [0.0, 1e3, 3.6e3, 1.8e4, 964_981_000.0, 964_981_001.0, 964_980_000.0, 964_983_000.5]
    told = conn.execute(
        "select array_agg(ops.is_blunt(seconds::numeric) order by number)"
        " from unnest(%s::double precision[]) with ordinality as moment (seconds, number)",
        [seconds],
    ).fetchone()
    assert told == (is_blunt(np.array(seconds)).tolist(),)
    assert told == ([False, True, False, False, True, False, False, False],)


def test_ticks_are_told_from_nanoseconds_alike_in_sql_and_python(conn):
    numbers = [TICKS[0] - 1e6, TICKS[0], 638_400_000e9, TICKS[1], TICKS[1] + 1e6]
    years = conn.execute(
        "select array_agg(extract(year from ops.as_moment(number))::integer order by position)"
        " from unnest(%s::double precision[]) with ordinality as moment (number, position)",
        [numbers],
    ).fetchone()
    assert years == ([1989, 1990, 2024, 2100, 1990],)
    assert is_ticks(np.array(numbers)).tolist() == [False, True, True, True, False]


def test_a_number_stands_between_more_blanks_than_a_word(conn):
    question = "select ops.as_word(value), ops.as_bigint(value) from unnest(%s::text[]) as cell (value)"
    around_both = [f"{blank}7{blank}" for blank in (" ", "\t", "\r", "\n", "\u00a0")]
    assert set(conn.execute(question, [around_both]).fetchall()) == {("7", 7)}
    around_numbers = [f"{blank}7{blank}" for blank in ("\u202f", "\ufeff")]
    assert conn.execute(question, [around_numbers]).fetchall() == [(text, 7) for text in around_numbers]
    assert conn.execute(question, [[" \u00a0", ""]]).fetchall() == [(None, None)] * 2


def test_words_for_what_is_missing_are_the_same_in_sql_and_python(conn):
    words = [*NO_FACT, *map(str.upper, NO_FACT), "Nana", "", "none of them"]
    known = conn.execute(
        "select array_agg(word) from unnest(%s::text[]) as word where ops.as_known(word) is not null", [words]
    )
    assert known.fetchone() == (["Nana", "none of them"],)


def test_the_signs_between_genres_are_the_same_in_sql_and_python(conn):
    signs = SEPARATORS["genres"]
    written = signs.replace("\n", r"\n").replace("\t", r"\t")
    assert conn.execute("select ops.genre_signs()").fetchone() == (f"[{written}]",)
    asked = [*(f"War {sign} Drama" for sign in signs), "War", "N/A", "Sci-Fi & Fantasy", "Martial Arts", "War drama"]
    told = conn.execute(
        "select array_agg(ops.genre_sign(value) order by position) from unnest(%s::text[]) with ordinality "
        "as genre (value, position)",
        [asked],
    )
    assert told.fetchone() == ([*signs, None, None, None, None, " "],)


WRITTEN = (
    *("2000-07-30 18:45:03", "2000-07-30T18:45:03.250Z", "2000/07/30", "2000-7-3 8:05", "2000.07.30 18:45"),
    *("30 Jul 2000", "30-Jul-2000 18:45", "July 30, 2000", "Sept 3 2000, 6:45 PM", "3 september 2000 12:05 am"),
    *("30 Jul 2000 18:45 +02:00", "30 Jul 2000 18:45 IST", "30 Jux 2000", "2000-07-30 18:45:03 CST"),
    *("20240105", "20240105101500", "20240105T101500,250-03", "20240105T1215+0200", "20241305T101500Z"),
    *("30.07.2000", "07/30/2000 18:45", "7/30/2000 6:45:03 PM", "30-07-2000, 18:45:03 GMT", "07/08/2000T09:10"),
    *("31.02.2000", "07/08/2000", "7/8/00", "30.07.2000x", "soon"),
)


@pytest.mark.parametrize("order", ["dmy", "mdy", "unknown", None])
def test_moments_are_read_alike_in_sql_and_python(conn, order):
    statement = "select ops.as_time(value, %s) from unnest(%s::text[]) with ordinality as cell (value, at) order by at"
    in_sql = [at and at.isoformat() for (at,) in conn.execute(statement, [order, list(WRITTEN)]).fetchall()]
    read = moments(pd.Series(WRITTEN), order)
    assert [None if pd.isna(at) else at.to_pydatetime().isoformat() for at in read] == in_sql
    assert sum(at is not None for at in in_sql) == (19 if order in ("dmy", "mdy") else 15)
