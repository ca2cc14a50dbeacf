"""Bounds of times and years: the same in SQL and in Python."""

import numpy as np
import pytest

from movierec.comparison.facts_files import BOUNDS
from movierec.comparison.timestamps import EARLIEST, MAX_BLUNT_SHARE, UNITS, is_blunt


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
