"""Files as programs write them: the right values in staging and core, or a sentence that says what to do."""

import json

import pytest

from movierec.db import connect, run_sql
from movierec.errors import SourceError
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.incoming_events import read_incoming
from movierec.ingestion.source_scale import settle_scale
from movierec.ingestion.stage import stage
from movierec.quality import sentences
from movierec.rating_scale import RatingScale
from movierec.sources.credits import Credits
from movierec.sources.databases.tables import DatabaseTables
from movierec.sources.events_folder import EventsFolder
from movierec.sources.movielens import MovieLens
from tests.night import endpoint

MOVIES = "movieId,title,genres\n" + "".join(f"{movie},Film {movie} (1999),Drama\n" for movie in range(41))
TIME = 964_982_703


def ratings(values, first_user=1, header="userId,movieId,rating,timestamp"):
    """Return a file in which each value is the rating of one viewer and movie."""
    rows = (f"{first_user + at // 40},{at % 40 + 1},{value},{TIME + at}" for at, value in enumerate(values))
    return "\n".join([header, *rows, ""])


def night(conn, folder, declared=None, exclude=(), run_id="night", others=None, **files):
    """Write files (a dot in a name is written `_dot_`), take all through a night and return its batch."""
    folder.mkdir(exist_ok=True)
    for name, text in {"movies_dot_csv": MOVIES, **files}.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / name.replace("_dot_", ".")).write_bytes(data)
    batch_id = open_batch(conn, run_id, str(folder))
    extract(conn, batch_id, "movielens", MovieLens(str(folder), folder, exclude), declared=declared)
    for name, source in (others or {}).items():
        extract(conn, batch_id, name, source)
    stage(conn, batch_id)
    build_core(conn, batch_id)
    accept_batch(conn, batch_id, keep_nights=14)
    return batch_id


def value(conn, statement):
    return conn.execute(statement).fetchone()[0]


def sentences_of(conn, batch_id):
    return "\n".join(sentences.scales(conn, batch_id) + sentences.warnings(conn, batch_id))


MOMENT = "2024-01-05T14:15:00Z"
TEN = [value % 10 + 1 for value in range(400)]


# --- one scale for a source


def test_parts_of_a_source_have_one_scale(conn, tmp_path):
    low = [value % 5 + 1 for value in range(10)]
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings(TEN), **{"ratings-2025_dot_csv": ratings(low, 100)})
    assert (
        value(
            conn,
            "select count(*) from staging.ratings where slice_id = (select max(slice_id) from ops.slice "
            "where piece = 'ratings-2025.csv') and rating = 2.5",
        )
        == 2
    )
    assert "Ratings of movielens go from 1 to 10 (inferred, certain; 410 ratings)" in sentences_of(conn, batch_id)


def test_ratings_are_tallied_alike_on_their_way_in_and_in_raw(conn, tmp_path):
    values = [*TEN, "7.0", "1e1", "", '"4"', "8 stars", '"3,500000001"', "7.00000000000"]
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings(values))
    tallied = "select value, rows from ops.rating_tally where slice_id = %s order by value"
    (slice_id,) = conn.execute("select slice_id from ops.slice where table_name = 'ratings'").fetchone()
    on_their_way = conn.execute(tallied, [slice_id]).fetchall()
    assert (7, 42) in on_their_way
    conn.execute("delete from ops.rating_tally")
    settle_scale(conn, batch_id, "movielens", None)
    assert conn.execute(tallied, [slice_id]).fetchall() == on_their_way


def test_an_event_is_tallied_as_a_rating_wherever_it_is_staged_as_one(conn, tmp_path):
    written = zip(("rating", " Rating\t", "rating\u00a0", "like"), (1, 4, 5, 3), strict=True)
    events = [
        {"event_id": str(number), "user_id": 1, "movie_id": number, "kind": kind, "value": number, "created_at": MOMENT}
        for kind, number in written
    ]
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.ndjson").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    sources = {"events": EventsFolder(tmp_path / "events")}
    night(conn, tmp_path / "data", others=sources, ratings_dot_csv=ratings(TEN))
    tallied = "select value from ops.rating_tally join ops.slice using (slice_id) where table_name = 'feedback_event'"
    assert conn.execute(f"{tallied} order by value").fetchall() == [(1,), (4,), (5,)]
    assert value(conn, "select count(*) from staging.feedback_event where kind = 'rating'") == 3


def feedback(folder, *events):
    """Return the source of a folder with a file of events (user, movie, kind, value)."""
    names = ("event_id", "user_id", "movie_id", "kind", "value", "created_at")
    rows = [dict(zip(names, (f"e{at}", *event, MOMENT), strict=True)) for at, event in enumerate(events)]
    folder.mkdir()
    (folder / "a.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return {"events": EventsFolder(folder)}


def test_ratings_among_events_have_a_scale_of_their_own(conn, tmp_path):
    rated = [(101 + at // 40, at % 40 + 1, "rating", at % 10 + 1) for at in range(400)]
    others = feedback(tmp_path / "events", *rated)
    batch_id = night(conn, tmp_path / "data", others=others, ratings_dot_csv=ratings([1, 2, 3, 4, 5] * 80))
    found = "select array_agg(rating order by movie_id) from core.ratings where user_id = {} and movie_id in (1, 8)"
    assert value(conn, found.format(101)) == [0.5, 4]
    assert value(conn, found.format(1)) == [1, 3]
    assert "Ratings of events go from 1 to 10 (inferred, certain; 400 ratings)" in sentences_of(conn, batch_id)


def test_events_of_a_kind_that_nobody_knows_are_named(conn, tmp_path):
    seen = [(1, movie, "watchlist" if movie % 10 == 7 else "view", None) for movie in range(1, 41)]
    others = feedback(tmp_path / "events", *seen)
    batch_id = night(conn, tmp_path / "data", others=others, ratings_dot_csv=ratings([3, 4]))
    assert value(conn, "select count(*) from core.events") == 36
    (told,) = [each for each in sentences.warnings(conn, batch_id) if "the rule kind" in each]
    assert told.startswith("events: 4 of 40 rows of events (feedback_event) are rejected")
    assert told.endswith("kind is view, click, like, dislike, dismiss or rating; row 3:7 holds 'watchlist'")


def test_ratings_of_a_forgotten_viewer_are_not_tallied(conn, tmp_path):
    conn.execute("call ops.refuse_user(1, 'tester')")
    night(conn, tmp_path, ratings_dot_csv=ratings(TEN))
    assert value(conn, "select sum(rows) from ops.rating_tally") == len(TEN) - 40


def test_parts_on_different_scales_are_refused_with_both_names(conn, tmp_path):
    five = [value % 5 + 1 for value in range(400)]
    with pytest.raises(SourceError, match=r"different scales: in ratings-2025.csv they go from 1 to 5.*in ratings.csv"):
        night(conn, tmp_path, ratings_dot_csv=ratings(TEN), **{"ratings-2025_dot_csv": ratings(five, 100)})
    assert value(conn, "select count(*) from raw.ratings") == 0


def test_quoted_titles_with_commas_do_not_shift_the_scale(conn, tmp_path):
    rows = "".join(f'{at // 40 + 1},"Film, the {at}",{at % 40 + 1},{at % 10 + 1},{TIME + at}\n' for at in range(400))
    night(conn, tmp_path, ratings_dot_csv=f"userId,title,movieId,rating,timestamp\n{rows}")
    assert value(conn, "select max(rating) from core.ratings") == 5
    assert value(conn, "select rating from core.ratings where user_id = 1 and movie_id = 8") == 4


def test_a_declared_scale_holds(conn, tmp_path):
    values = [value % 13 + 1 for value in range(400)]
    batch_id = night(conn, tmp_path, RatingScale(1, 13), ratings_dot_csv=ratings(values))
    assert value(conn, "select rating from core.ratings where user_id = 1 and movie_id = 7") == 2.75
    assert "from 1 to 13 (declared; 400 ratings)" in sentences_of(conn, batch_id)


def test_ratings_off_a_declared_scale_are_refused_by_name_and_value(conn, tmp_path):
    with pytest.raises(SourceError, match=r"ratings.csv: 200 of 400 ratings lie off the scale from 1 to 5 \(declared"):
        night(conn, tmp_path, RatingScale(1, 5), ratings_dot_csv=ratings(TEN))


def test_a_doubtful_scale_is_refused_with_declarations(conn, tmp_path):
    with pytest.raises(SourceError, match=r"ratings.csv: .* cannot be told.*'0-10' or '1-10 unrated 0'.*_RATING_SCALE"):
        night(conn, tmp_path, ratings_dot_csv=ratings([*TEN, *[0] * 100]))


@pytest.mark.parametrize(("mark", "declared"), [(-1, None), (0, RatingScale(1, 10, (0,)))])
def test_what_is_seen_and_not_rated_becomes_a_view(conn, tmp_path, mark, declared):
    batch_id = night(conn, tmp_path, declared, ratings_dot_csv=ratings([*[mark] * 40, *TEN]))
    assert value(conn, "select count(*) from core.ratings") == 400
    assert value(conn, "select count(*) from core.events where kind = 'view' and value is null") == 40
    assert value(conn, "select sum(staging_rows + quarantine_rows - raw_rows) from ops.slice") == 0
    assert f"{mark} is not rated" in sentences_of(conn, batch_id)
    assert "40 rows are seen and not rated" in sentences_of(conn, batch_id)


def test_a_scale_is_kept_from_night_to_night(conn, tmp_path):
    night(conn, tmp_path, ratings_dot_csv=ratings(TEN))
    few = {"ratings-2025_dot_csv": ratings([3, 4, 5], 100)}
    batch_id = night(conn, tmp_path, run_id="second", ratings_dot_csv=ratings(TEN), **few)
    assert "go from 1 to 10 (kept" in sentences_of(conn, batch_id)
    assert value(conn, "select max(rating) from core.ratings where user_id = 100") == 2.5


def test_ratings_that_no_longer_reach_beyond_five_are_refused(conn, tmp_path):
    night(conn, tmp_path, ratings_dot_csv=ratings(TEN))
    five = ratings([value % 5 + 1 for value in range(400)])
    with pytest.raises(SourceError, match=r"speak for a scale from 0.5 to 5.*until now movielens had 1 to 10.*or 1-10"):
        night(conn, tmp_path, run_id="second", ratings_dot_csv=five)


def test_a_larger_scale_in_the_same_place_is_taken_and_told(conn, tmp_path):
    night(conn, tmp_path, ratings_dot_csv=ratings([value % 5 + 1 for value in range(400)]))
    batch_id = night(conn, tmp_path, run_id="second", ratings_dot_csv=ratings(TEN))
    assert value(conn, "select max(rating) from core.ratings") == 5
    assert "the scale of the ratings was 0.5 to 5 and is now 1 to 10" in sentences_of(conn, batch_id)


def test_ratings_that_were_staged_are_staged_again_on_a_declared_scale(conn, tmp_path):
    night(conn, tmp_path, ratings_dot_csv=ratings(TEN))
    night(conn, tmp_path, RatingScale(0, 10), run_id="second", ratings_dot_csv=ratings(TEN))
    assert value(conn, "select min(rating) from core.ratings") == pytest.approx(0.95)
    assert value(conn, "select count(distinct slice_id) from staging.ratings") == 1


def test_an_application_of_ten_points_has_its_own_scale(conn, app, tmp_path):
    with connect(app) as shop:
        shop.execute("create table ratings (user_id bigint, movie_id bigint, rating numeric, rated_at timestamptz)")
        shop.execute(
            "insert into ratings select 100 + n, 1 + mod(n, 5), 1 + mod(n, 10), '2010-01-01' "
            "from generate_series(0, 99) as n"
        )
        say = (
            "insert into feedback_event (user_id, movie_id, kind, value, created_at) values (%s, %s, 'rating', %s, %s)"
        )
        shop.execute(say, [70, 1, 8, "2011-01-01"])
    night(conn, tmp_path, ratings_dot_csv=ratings([value % 5 + 1 for value in range(400)]))
    batch_id = open_batch(conn, "second", str(tmp_path))
    source = DatabaseTables(endpoint(app))
    extract(conn, batch_id, "movielens", MovieLens(str(tmp_path), tmp_path))
    extract(conn, batch_id, "app", source)
    stage(conn, batch_id)
    build_core(conn, batch_id)
    accept_batch(conn, batch_id, keep_nights=14)
    assert conn.execute("select rating from core.ratings where user_id in (70, 109) order by user_id").fetchall() == [
        (4,),
        (5,),
    ]
    assert value(conn, "select max(rating) from core.ratings where user_id < 70") == 5
    assert "Ratings of app go from 1 to 10 (inferred, certain; 101 ratings)" in sentences_of(conn, batch_id)
    with connect(app) as shop:
        shop.execute(say, [70, 2, 6, "2011-01-02"])
    read_incoming(conn, "app", source)
    assert value(conn, "select value from serving.incoming_event where movie_id = 2") == 3


# --- parts of one dataset


def test_parts_that_contradict_each_other_are_refused(conn, tmp_path):
    stranger = [(value + 2) % 5 + 1 for value in range(400)]
    five = [value % 5 + 1 for value in range(400)]
    with pytest.raises(
        SourceError, match=r"not parts of one dataset: of 400 .* 400 of them with another rating, and 10"
    ):
        night(conn, tmp_path, ratings_dot_csv=ratings(five), **{"ratings-b_dot_csv": ratings(stranger)})


def test_a_small_copy_with_the_same_viewers_is_refused_and_may_be_left_out(conn, tmp_path):
    files = {"ratings_dot_csv": ratings([3, 4] * 200), "ratings_small_dot_csv": ratings([2, 3] * 10)}
    with pytest.raises(SourceError, match=r"MOVIEREC_EXCLUDE=ratings_small.csv"):
        night(conn, tmp_path, **files)
    batch_id = night(conn, tmp_path, exclude=("*_small.csv",), run_id="second", **files)
    assert value(conn, "select count(*) from core.ratings") == 400
    assert "ratings_small.csv is not read: MOVIEREC_EXCLUDE leaves it out" in sentences_of(conn, batch_id)


def test_parts_are_compared_however_their_ids_are_written(conn, tmp_path):
    rows = (f"{at // 40 + 1}.0,{at % 40 + 1:05},{(at + 2) % 5 + 1},{TIME + at}\n" for at in range(400))
    stranger = "userId,movieId,rating,timestamp\n" + "".join(rows)
    with pytest.raises(SourceError, match=r"not parts of one dataset: of 400 .* 400 of them with another rating"):
        night(
            *(conn, tmp_path),
            ratings_dot_csv=ratings([value % 5 + 1 for value in range(400)]),
            **{"ratings-b_dot_csv": stranger},
        )


def test_parts_that_call_the_same_movies_otherwise_are_refused_or_told(conn, tmp_path):
    other = "movieId,title,genres\n" + "".join(f"{movie}.0,Book {movie},Novel\n" for movie in range(1, 31))
    files = {"ratings_dot_csv": ratings([3, 4]), "movies-b_dot_csv": other}
    with pytest.raises(SourceError, match=r"movies-b.csv .*different titles to 30 of the 30 movies .*EXCLUDE=movies"):
        night(conn, tmp_path, **files)
    files["movies-b_dot_csv"] = "movieId,title,genres\n1,film 1,Drama\n2,Another,Drama\n3,Film 3 (1999),War\n"
    text = sentences_of(conn, night(conn, tmp_path, run_id="second", **files))
    assert "give different titles to 1 of the 3 movies that stand in both; the last one counts" in text


def test_later_parts_may_rate_again(conn, tmp_path):
    later = ratings([(value + 1) % 5 + 1 for value in range(80)]).replace(str(TIME)[:5], "97498")
    night(
        conn, tmp_path, ratings_dot_csv=ratings([value % 5 + 1 for value in range(400)]), **{"ratings-2_dot_csv": later}
    )
    assert value(conn, "select count(*) from core.ratings") == 400


# --- numbers and dates


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("24", 24), ("24.0", 24), ("24,0", 24), ("862.0", 862), ("1,234,567", 1234567), ("1.234.567", 1234567)),
        *(("1 234", 1234), ("9.64982703E+08", 964982703), ("9.64982703e8", 964982703), ("-1.0", -1), ("0", 0)),
        *(("9,64982703E+08", 964982703), ("9,65E+08", None)),
        *(("9.65E8", None), ("9.6507014E8", 965070140), ("9.65069225E11", 965069225000)),
        *(("9.65E+08", None), ("1E5", None), ("24.5", None), ("24,5", None), ("1.234", None), ("", None), ("x", None)),
        *(("99999999999999999999", None), ("1_0", None), ("0x1", None)),
        *(("1.000", None), ("862.000", None), ("1.000.000", 1000000), ("1862.000", 1862), ("0.000", 0), ("1.00", 1)),
        *(("\u00a07\u00a0", 7), ("7\t", 7), ("\ufeff24.0", 24)),
    ],
)
def test_whole_numbers_as_programs_write_them(conn, text, number):
    assert conn.execute("select ops.as_bigint(v) from (select %s::text as v offset 0)", [text]).fetchone() == (number,)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("4.5", 4.5), ("4,5", 4.5), ("0,5", 0.5), (",5", 0.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("5", 5)),
        *(("4,500", None), ("4,5,6", None), ("1e400", None), ("nan", None), ("2e0", 2)),
        *(("4,5\u00a0", 4.5), ("\t4.5\r", 4.5), ("4. 5", None)),
    ],
)
def test_numbers_with_a_comma(conn, text, number):
    assert conn.execute("select ops.as_number(v) from (select %s::text as v offset 0)", [text]).fetchone() == (number,)


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("2000-07-30 18:45:03", None, "2000-07-30 18:45:03+00"),
        ("2000/07/30", None, "2000-07-30 00:00:00+00"),
        ("30 Jul 2000", None, "2000-07-30 00:00:00+00"),
        ("July 30, 2000", None, "2000-07-30 00:00:00+00"),
        ("30.07.2000", "dmy", "2000-07-30 00:00:00+00"),
        ("07/30/2000 18:45", "mdy", "2000-07-30 18:45:00+00"),
        ("07/30/2000", "dmy", None),
        ("07/08/2000", "unknown", None),
        ("07/08/2000", None, None),
        ("964982703.0", None, "2000-07-30 18:45:03+00"),
        ("9.64982703E+08", None, "2000-07-30 18:45:03+00"),
        ("9.65E+08", None, None),
        ("964982703000", None, "2000-07-30 18:45:03+00"),
        ("964982703000000000", None, "2000-07-30 18:45:03+00"),
        ("964,982,703", None, "2000-07-30 18:45:03+00"),
        ("964.982.703", None, "2000-07-30 18:45:03+00"),
        ("964 982 703", None, "2000-07-30 18:45:03+00"),
        ("20240105T101500Z", None, "2024-01-05 10:15:00+00"),
        ("20240105T1215+0200", None, "2024-01-05 10:15:00+00"),
        ("20240105T101500,250-03", None, "2024-01-05 13:15:00.25+00"),
        ("20240105", None, "2024-01-05 00:00:00+00"),
        ("20240105101500", None, "2024-01-05 10:15:00+00"),
        ("20241305T101500Z", None, None),
        ("630985563034567890", None, "2000-07-07 08:45:03.457+00"),
        ("2000-7-3 8:05", None, "2000-07-03 08:05:00+00"),
        ("7/30/2000 6:45:03 PM", "mdy", "2000-07-30 18:45:03+00"),
        ("30 Jul 2000 18:45 +02:00", None, "2000-07-30 16:45:00+00"),
        ("30 Jul 2000 18:45 IST", None, None),
        ("2000-07-30 18:45:03 CST", None, None),
    ],
)
def test_moments(conn, text, order, moment):
    assert conn.execute("select ops.as_time(%s, %s)::text", [text, order]).fetchone() == (moment,)


def dated(*dates):
    rows = "".join(f"{movie},Film {movie},{date},Drama\n" for movie, date in enumerate(dates, start=1))
    return f"movieId,title,release_date,genres\n{rows}"


@pytest.mark.parametrize(
    ("dates", "first", "sentence"),
    [
        (("10/30/1995", "02/03/1996"), "1995-10-30", "10/30/1995 are read with the month first"),
        (("30.10.1995", "02.03.1996"), "1995-10-30", "30.10.1995 are read with the day first"),
        (("01/02/1995", "02/03/1996"), None, "no row settles which: they are not read"),
        (("10/30/1995", "30/10/1996"), None, "some dates have the day first and some the month"),
    ],
)
def test_the_order_of_a_date_is_that_of_its_column(conn, tmp_path, dates, first, sentence):
    batch_id = night(conn, tmp_path, movies_dot_csv=dated(*dates), ratings_dot_csv=ratings([3, 4]))
    found = conn.execute("select release_date::text, release_year from core.movies where movie_id = 1").fetchone()
    assert found == (first, 1995)
    assert sentence in sentences_of(conn, batch_id)


def test_the_order_of_dates_that_one_part_settles_holds_for_the_others(conn, tmp_path):
    header = "userId,movieId,rating,timestamp\n"
    first = header + "".join(f"1,{day},4,{day}/07/2000\n" for day in range(13, 30))
    second = header + "".join(f"2,{day},4,{day:02}/07/2000\n" for day in range(1, 9))
    said_of = sentences_of(conn, night(conn, tmp_path, ratings_1_dot_csv=first, ratings_2_dot_csv=second))
    assert (
        "ratings_2.csv: dates such as 08/07/2000 are read with the day first, as other parts of the table show"
        in said_of
    )
    assert "ratings_1.csv: dates such as 29/07/2000 are read with the day first, which fits every row" in said_of
    assert value(conn, "select array_agg(distinct extract(month from rated_at)) from core.ratings") == [7]
    assert value(conn, "select count(*) from core.ratings") == 25


def test_a_row_that_comes_again_is_read_as_its_file_was(conn, tmp_path):
    rows = "".join(f"1,{day},4,{day}/07/2000\n" for day in range(13, 30)) + "2,77,5,03/08/2000\n"
    files = {"ratings_dot_csv": f"userId,movieId,rating,timestamp\n{rows}"}
    night(conn, tmp_path, **files)
    assert value(conn, "select broken_rules from quarantine.row") == ["movie_known"]
    batch_id = night(conn, tmp_path, run_id="next", movies_dot_csv=f"{MOVIES}77,Heat (1995),Crime\n", **files)
    assert str(value(conn, "select rated_at from core.ratings where movie_id = 77")) == "2000-08-03 00:00:00+00:00"
    assert "replay" not in sentences_of(conn, batch_id)


def test_ratings_and_events_of_moments_in_the_basic_format_of_iso_8601(conn, tmp_path):
    moments = ("20240105T101500Z", "20240105T111500", "20240105T141500+0200", "20240105131500")
    rows = "".join(f"7,{movie},4,{moment}\n" for movie, moment in enumerate(moments, start=1))
    (tmp_path / "events").mkdir()
    event = {"event_id": "e1", "user_id": 7, "movie_id": 9, "kind": "like", "created_at": "20240105T141500Z"}
    (tmp_path / "events" / "a.ndjson").write_text(f"{json.dumps(event)}\n")
    events = {"events": EventsFolder(tmp_path / "events")}
    files = {"ratings_dot_csv": f"userId,movieId,rating,timestamp\n{rows}"}
    night(conn, tmp_path / "data", others=events, **files)
    rated = "select array_agg(to_char(rated_at, 'DD HH24:MI') order by movie_id) from core.ratings"
    assert value(conn, rated) == ["05 10:15", "05 11:15", "05 12:15", "05 13:15"]
    assert value(conn, "select occurred_at::text from core.events") == "2024-01-05 14:15:00+00"


def test_a_movie_may_be_called_like_a_missing_value(conn, tmp_path):
    names = ["nan", "NA", "null", "None", "NULL", "NaN"]
    rows = "".join(f"{movie},{title},Drama\n" for movie, title in enumerate(names, start=1))
    night(conn, tmp_path, movies_dot_csv=f"movieId,title,genres\n{rows}", ratings_dot_csv=ratings([3, 4]))
    assert value(conn, "select array_agg(title order by movie_id) from core.movies") == names


def test_a_release_date_of_a_month_or_a_year_gives_the_year_and_no_day(conn, tmp_path):
    dates = ("1995-07", "1995", "1995.0", "1995-07-00", "1995/7", "19950715", "1995-13", "1066")
    night(conn, tmp_path, movies_dot_csv=dated(*dates), ratings_dot_csv=ratings([3, 4]))
    found = conn.execute("select release_year, release_date::text from core.movies order by movie_id").fetchall()
    assert found == [*[(1995, None)] * 5, (1995, "1995-07-15"), (None, None), (None, None)]
    warned = "select array_agg(position order by position) from staging.movies_checked"
    assert value(conn, f"{warned} where 'release_date' = any(warned_rules)") == [7, 8]


def test_credits_of_which_only_the_year_is_known_keep_their_people(conn, tmp_path):
    lines = "1,1995-07,Michael Mann,Al Pacino\n2,1996,Joel Coen,Frances McDormand\n3,soon,Nobody,Nobody Else\n"
    (tmp_path / "credits.csv").write_text(f"movieId,released,director,actors\n{lines}")
    credits = {"credits": Credits(str(tmp_path / "credits.csv"), tmp_path)}
    movies = "movieId,title,genres\n1,Heat,Crime\n2,Fargo,Crime\n3,Soon,Drama\n"
    night(conn, tmp_path / "data", others=credits, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    found = "select movie_id, release_year, release_date from core.movies order by movie_id"
    assert conn.execute(found).fetchall() == [(1, 1995, None), (2, 1996, None), (3, None, None)]
    people = "select array_agg(name order by name) from core.person"
    assert value(conn, people) == ["Al Pacino", "Frances McDormand", "Joel Coen", "Michael Mann"]
    assert value(conn, "select broken_rules from quarantine.row") == ["released"]


def test_a_key_with_two_values_in_a_line_of_json_goes_to_quarantine(conn, tmp_path):
    rows = [{"userId": at // 40 + 1, "movieId": at % 40 + 1, "rating": 4, "timestamp": TIME + at} for at in range(400)]
    lines = [json.dumps(row) for row in rows]
    lines[7] = lines[7][:-1] + ', "rating": 4}'
    lines[8] = lines[8][:-1] + ', "rating": 1}'
    event = '{"event_id": "e%s", "user_id": 1, "movie_id": 3, "kind": "like", "created_at": 1700000000%s}'
    events = (event % (1, ""), event % (2, ', "kind": "dislike"'), event % (3, ', "kind": "like"'))
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.ndjson").write_text("\n".join([*events, ""]))
    sources = {"events": EventsFolder(tmp_path / "events")}
    night(conn, tmp_path / "data", others=sources, ratings_dot_jsonl="\n".join(lines))
    assert value(conn, "select count(*) from core.ratings") == 399
    assert conn.execute("select event_id, kind from core.events order by 1").fetchall() == [
        ("e1", "like"),
        ("e3", "like"),
    ]
    found = "select table_name, position, broken_rules [1] from quarantine.row order by table_name"
    assert conn.execute(found).fetchall() == [("feedback_event", 2, "repeated"), ("ratings", 9, "columns")]
    (why,) = conn.execute("select reasons from quarantine.row where table_name = 'ratings'").fetchone()
    assert any("as JSON it gives no key two values" in sentence for sentence in why)


def test_numbers_as_pandas_and_a_german_excel_write_them(conn, tmp_path):
    night(
        conn,
        tmp_path,
        movies_dot_csv="movieId;title;year;genres\n1.0;Toy Story;1995.0;Comedy\n2.0;Heat;;Crime\n",
        ratings_dot_csv="userId;movieId;rating;timestamp\n7.0;1.0;4,5;964982703.0\n0;2;4;964982703\n",
        links_dot_csv="movieId,imdbId,tmdbId\n1,114709.0,862.0\n",
        users_dot_csv="userId,age,gender\n7,24.0,F\n",
    )
    assert conn.execute("select user_id, movie_id, rating from core.ratings order by 1").fetchall() == [
        (0, 2, 4),
        (7, 1, 4.5),
    ]
    found = "select release_year, imdb_id, tmdb_id from core.movies where movie_id = 1"
    assert conn.execute(found).fetchone() == (1995, "tt0114709", 862)
    assert value(conn, "select age from core.users where user_id = 7") == 24


@pytest.mark.parametrize(
    ("text", "imdb_id"),
    [
        *(("114709", "tt0114709"), ("tt0114709", "tt0114709"), ("0114709", "tt0114709"), ("114709.0", "tt0114709")),
        *(("12345678", "tt12345678"), ("tt12345678", "tt12345678"), ("12345678.0", "tt12345678"), ("1", "tt0000001")),
        *(("x", None), ("", None), ("tt", None), ("tttt1", None), ("12345678901", None), ("-1", None)),
    ],
)
def test_ids_of_imdb_have_seven_digits_or_more(conn, text, imdb_id):
    assert conn.execute("select ops.as_imdb_id(v) from (select %s::text as v offset 0)", [text]).fetchone() == (
        imdb_id,
    )


def test_movies_whose_ids_at_imdb_begin_alike_stay_two(conn, tmp_path):
    links = "movieId,imdbId,tmdbId\n1,12345678,1\n2,12345679,2\n"
    night(conn, tmp_path, ratings_dot_csv=ratings([3, 4]), links_dot_csv=links)
    found = conn.execute("select movie_id, imdb_id from core.movies where movie_id in (1, 2) order by 1").fetchall()
    assert found == [(1, "tt12345678"), (2, "tt12345679")]


def test_ids_of_imdb_that_were_cut_are_staged_again(conn, tmp_path):
    links = "movieId,imdbId,tmdbId\n1,12345678,1\n2,114709,2\n"
    night(conn, tmp_path, ratings_dot_csv=ratings([3, 4]), links_dot_csv=links)
    staged = "select count(*) from ops.slice where staged_at is not null"
    before = value(conn, staged)
    run_sql(conn, "ddl/stage_again")
    assert value(conn, staged) == before
    conn.execute("update staging.links set imdb_id = left(imdb_id, 9)")
    run_sql(conn, "ddl/stage_again")
    assert value(conn, staged) == before - 1
    night(conn, tmp_path, run_id="second", ratings_dot_csv=ratings([3, 4]), links_dot_csv=links)
    assert value(conn, "select imdb_id from core.movies where movie_id = 1") == "tt12345678"


def test_codes_of_occupations_and_postcodes_as_floats(conn, tmp_path):
    users = "userId,age,gender,occupation,zip\n1,24.0,F,12.0,55117.0\n2,,M,4,55117-1234\n"
    night(conn, tmp_path, ratings_dot_csv=ratings([3, 4]), users_dot_csv=users)
    found = conn.execute(
        "select age, occupation, postcode from core.users where user_id < 3 order by user_id"
    ).fetchall()
    assert found == [(24, "programmer", "55117"), (None, "student", "55117")]


# --- ids


def test_broken_rows_are_found_wherever_they_stand(conn, tmp_path):
    broken = {0, 63, *range(128, 192), 200, 318, 319}
    night(conn, tmp_path, ratings_dot_csv=ratings(["?" if at in broken else 4 for at in range(320)]))
    found = conn.execute("select position - 1 from quarantine.row order by position").fetchall()
    assert found == [(at,) for at in sorted(broken)]
    assert value(conn, "select staging_rows from ops.slice where table_name = 'ratings'") == 320 - len(broken)


def test_a_table_as_psql_prints_it_is_read_and_what_is_no_row_of_it_named(conn, tmp_path):
    rows = "".join(f" {1 + at // 40:>7} | {at % 40 + 1:>8} | {at % 5 + 1:>6} | {TIME + at} \n" for at in range(80))
    names = " user_id | movie_id | rating | rated_at  \n---------+----------+--------+-----------\n"
    batch_id = night(conn, tmp_path, ratings_dot_txt=f"{names}{rows}(80 rows)\n\n")
    assert value(conn, "select count(*) from core.ratings") == 80
    told = sentences_of(conn, batch_id)
    assert "2 of 82 rows of ratings.txt (ratings) are rejected, against the rule columns" in told


def test_zero_is_an_id(conn, tmp_path):
    night(conn, tmp_path, ratings_dot_csv="userId,movieId,rating,timestamp\n0,0,5,964982703\n")
    assert conn.execute("select user_id, movie_id from core.ratings").fetchall() == [(0, 0)]


def test_words_for_what_is_missing_are_no_facts(conn, tmp_path):
    night(
        conn,
        tmp_path,
        ratings_dot_csv=ratings([3, 4]),
        movies_dot_csv="movieId,title,year,release_date,genres\n1,NaN,N/A,1995-07,Drama\n2,Film,.,<NA>,Drama\n",
        users_dot_csv="userId,age,gender,occupation,zip\n1,NA,F,none,nan\n2,31,NaN,NULL,?\n",
        links_dot_csv="movieId,imdbId,tmdbId\n1,114709,NA\n2,null,155\n",
        credits_dot_csv="movieId,director,actors\n1,N/A,nan\n2,Ann Lee,None\n",
    )
    assert conn.execute("select age, gender, occupation, postcode from core.users order by user_id").fetchall() == [
        (None, "F", "none", None),
        (31, None, None, None),
    ]
    movies = "select title, release_year, imdb_id, tmdb_id from core.movies order by movie_id"
    assert conn.execute(movies).fetchall() == [("NaN", 1995, "tt0114709", None), ("Film", None, None, 155)]
    assert conn.execute("select name from core.person").fetchall() == [("Ann Lee",)]
    assert value(conn, "select count(*) from quarantine.row") == 0


def test_what_was_taken_for_a_fact_before_it_was_known_to_be_missing_is_staged_again(conn, tmp_path):
    files = {
        "ratings_dot_csv": ratings([3, 4]),
        "credits_dot_csv": "movieId,director,actors\n1,N/A,Bo Li|N/A\n",
        "users_dot_csv": "userId,age,gender\n1,NA,F\n",
        "links_dot_csv": "movieId,imdbId,tmdbId\n1,114709,862\n",
    }
    night(conn, tmp_path, **files)
    assert conn.execute("select name from core.person").fetchall() == [("Bo Li",)]
    again = "select array_agg(table_name order by table_name) from ops.slice where staged_at is null"
    run_sql(conn, "ddl/stage_again")
    assert value(conn, again) is None
    # as it was staged before
    conn.execute("update staging.credits set directors = 'N/A'")
    conn.execute(
        "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record) "
        "select slice_id, position, batch_id, source, 'user_profile', '{age}', '{}', to_jsonb(user_profile) "
        "from raw.user_profile inner join ops.slice using (slice_id)"
    )
    conn.execute("delete from staging.user_profile")
    conn.execute("update ops.slice set staging_rows = 0, quarantine_rows = 1 where table_name = 'user_profile'")
    run_sql(conn, "ddl/stage_again")
    assert value(conn, again) == ["credits", "user_profile"]
    night(conn, tmp_path, run_id="second", **files)
    assert conn.execute("select name from core.person").fetchall() == [("Bo Li",)]
    assert value(conn, "select gender from core.users where user_id = 1") == "F"
    assert value(conn, "select count(*) from quarantine.row") == 0


def test_people_in_lists_are_people_and_commas_between_names_are_told(conn, tmp_path):
    batch_id = night(
        conn,
        tmp_path,
        ratings_dot_csv=ratings([3, 4]),
        credits_dot_csv="movieId,director,actors\n"
        """1,['Ann Lee'],"['Bo Li', ""Cy O'Wu""]"\n"""
        """2,"[{'name': 'Di Xu'}]","Ed Yi, Flo Zu"\n"""
        '3,Gil Ax,"Hal Bo, Jr.|Ida Co"\n',
    )
    names = conn.execute("select name from core.person order by name").fetchall()
    assert [name for (name,) in names] == [
        *("Ann Lee", "Bo Li", "Cy O'Wu", "Di Xu", "Ed Yi, Flo Zu", "Gil Ax", "Hal Bo, Jr.", "Ida Co")
    ]
    assert "1 of 3 rows of credits.csv (credits) are kept, against the rule name_separators" in sentences_of(
        conn, batch_id
    )


def test_a_viewer_and_a_movie_that_lost_everything_are_reported_however_few_they_are(conn, tmp_path):
    lost = "".join(f"-7,{movie},4,{TIME}\n" for movie in range(1, 7))
    unknown = "".join(f"{user},999,4,{TIME}\n" for user in range(1, 7))
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings([3, 4] * 200) + lost + unknown)
    text = sentences_of(conn, batch_id)
    assert "all 6 ratings of 1 viewers in ratings.csv are rejected, first of all by the rule user_id" in text
    assert "user_id is a whole number from 0 to 9007199254740991 (2^53 - 1)" in text
    assert "all readers of JSON keep; row 2:401 holds '-7'" in text
    assert "all 6 ratings of 1 movies in ratings.csv are rejected, first of all by the rule movie_known" in text


def test_movies_that_links_make_one_are_reported(conn, tmp_path):
    links = "movieId,imdbId,tmdbId\n1,114709,862\n2,114709,862\n3,113497,8844\n777,113497,8844\n"
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings([3, 4] * 200), links_dot_csv=links)
    assert "1 listed movies are another one by their ids at IMDb or TMDB, such as 2, which is 1:" in sentences_of(
        conn, batch_id
    )
    (tmp_path / "links.csv").write_text(links.replace("2,114709", "2,114710").replace("862\n3", "863\n3"))
    assert "are another one" not in sentences_of(
        conn, night(conn, tmp_path, run_id="next", ratings_dot_csv=ratings([3] * 400))
    )


def test_rows_without_a_viewer_are_no_viewer(conn, tmp_path):
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings([3, 4] * 200) + f",1,4,{TIME}\n" * 6)
    text = sentences_of(conn, batch_id)
    assert "6 of 406 rows of ratings.csv (ratings) are rejected, against the rule user_id" in text
    assert "all 6 ratings" not in text


def test_telephone_numbers_of_viewers_are_not_shown(conn, tmp_path):
    rows = "".join(f"+49 171 2345 {movie},{movie},4,{TIME}\n" for movie in range(1, 7))
    text = sentences_of(conn, night(conn, tmp_path, ratings_dot_csv=ratings([3, 4] * 200) + rows))
    assert "against the rule user_id" in text
    assert "171" not in text


def test_numbers_of_viewers_that_json_cannot_keep_are_refused_and_said_to_be_too_long(conn, tmp_path):
    largest = 2**53 - 1
    ids = (largest, largest + 1, 175_928_847_299_117_063)
    rows = "".join(f"{user},{movie},4,{TIME}\n" for user in ids for movie in range(1, 7))
    text = sentences_of(conn, night(conn, tmp_path, ratings_dot_csv=ratings([3, 4] * 200) + rows))
    assert value(conn, "select max(user_id) from core.ratings") == largest
    assert "12 of 418 rows of ratings.csv (ratings) are rejected, against the rule user_id" in text
    assert "all readers of JSON keep; row 2:407 holds 'a number of 16 digits'" in text
    assert "all 12 ratings of 2 viewers in ratings.csv are rejected" in text


def test_texts_that_became_one_viewer_are_reported(conn, tmp_path):
    padded = "".join(f"00{user},{movie},4,{TIME + movie}\n" for user in range(1, 5) for movie in range(1, 9))
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings([3, 4] * 200) + padded)
    text = sentences_of(conn, batch_id)
    assert "in ratings.csv, 14 different texts in user_id became 10 values" in text
    assert "movie_id became" not in text
    assert "moments" not in text


def test_moments_that_have_lost_their_digits_are_reported(conn, tmp_path):
    rows = "".join(
        f"{user},{movie},4,{TIME // 10_000 * 10_000 + 1000 + user * 1000}\n" for user in range(9) for movie in range(9)
    )
    batch_id = night(conn, tmp_path, ratings_dot_csv=f"userId,movieId,rating,timestamp\n{rows}")
    assert "the moments of ratings.csv are whole thousands of seconds" in sentences_of(conn, batch_id)
    assert "9 distinct ones in 81 rows" in sentences_of(conn, batch_id)


def test_whole_days_are_no_lost_digits(conn, tmp_path):
    rows = "".join(f"{user},{movie},4,{86_400 * (11_000 + user * 5)}\n" for user in range(9) for movie in range(9))
    batch_id = night(conn, tmp_path, ratings_dot_csv=f"userId,movieId,rating,timestamp\n{rows}")
    assert "lost" not in sentences_of(conn, batch_id)


# --- optional tables


def test_an_optional_table_of_another_meaning_is_left_out_and_shows_nobody(conn, tmp_path):
    rows = "".join(f"{user}|Jane Doe {user}|jane{user}@example.org|F|2010-09-19|writer\n" for user in range(30))
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings([3, 4]), users_dot_txt=rows)
    text = sentences_of(conn, batch_id)
    assert "users.txt is left out, and with it user_profile" in text
    assert "a whole number, a text, an e-mail address, a text, a date, a text" in text
    assert "Jane" not in text
    assert "example.org" not in text
    assert value(conn, "select count(*) from core.ratings") == 2


@pytest.mark.parametrize("line", ["Jane Doe|Boston|F", "7,jane@example.org,Jane Doe"])
def test_profiles_without_a_header_show_nobody_in_messages(conn, tmp_path, line):
    batch_id = night(conn, tmp_path, ratings_dot_csv=ratings([3, 4]), users_dot_csv=f"{line}\n" * 30)
    text = sentences_of(conn, batch_id)
    assert "users.csv is left out, and with it user_profile" in text
    assert "a text" in text
    assert [word for word in ("Jane", "Boston", "example.org") if word in text] == []


def test_ids_that_are_names_of_people_are_not_shown(conn, tmp_path):
    named = "".join(f"jane{user}@example.org,{user},4,{TIME}\n" for user in range(1, 31))
    with pytest.raises(SourceError, match=r"column user_id is retyped; seen: an e-mail address; allowed"):
        night(conn, tmp_path, ratings_dot_csv=f"userId,movieId,rating,timestamp\n{named}")


def test_ratings_in_a_corner_of_the_declared_scale_are_reported(conn, tmp_path):
    five = ratings([value % 5 + 1 for value in range(400)])
    batch_id = night(conn, tmp_path, RatingScale(0, 100), ratings_dot_csv=five)
    assert "movielens: of the scale from 0 to 100 that is declared, ratings use no more than 1 to 5" in sentences_of(
        conn, batch_id
    )


def test_a_tag_genome_says_what_movies_are_about(conn, tmp_path):
    files = {
        "genome-tags_dot_csv": "tagId,tag\n1,Crime\n2,slow\n",
        "genome-scores_dot_csv": "movieId,tagId,relevance\n1,1,0.975\n1,2,0.25\n77,1,0.5\n",
    }
    night(conn, tmp_path, ratings_dot_csv=ratings([3, 4]), **files)
    found = "select movie_id, tag, relevance from core.genome order by 1, 2"
    assert conn.execute(found).fetchall() == [(1, "crime", 0.975), (1, "slow", 0.25)]
    files["genome-scores_dot_csv"] = "movieId,tagId,relevance\n1,1,0.5\n"
    night(conn, tmp_path, run_id="second", ratings_dot_csv=ratings([3, 4]), **files)
    assert conn.execute(found).fetchall() == [(1, "crime", 0.5)]


# --- quotes


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (r'"He said \"hi\", twice"', 'He said "hi", twice'),
        (r'"\"Quoted\" from the start"', '"Quoted" from the start'),
        (r'"ends with \"it\""', 'ends with "it"'),
        ('"doubled ""quotes"" inside"', 'doubled "quotes" inside'),
        ('The "Best" film', 'The "Best" film'),
    ],
)
def test_quotes_inside_a_title(conn, tmp_path, line, title):
    movies = f"movieId,title,genres\n1,{line},Drama\n2,Heat,Crime\n"
    night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert value(conn, "select title from core.movies where movie_id = 1") == title
    assert value(conn, "select count(*) from staging.movies") == 2


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        (
            '1\t"Good, the Bad"\tWestern\n2\t"Say ""Hi"""\tDrama\n3\tHeat\tCrime\n',
            ["Good, the Bad", 'Say "Hi"', "Heat"],
        ),
        ('1\t"Great Performances" Cats\tMusical\n2\t"Heat"\tCrime\n', ['"Great Performances" Cats', '"Heat"']),
    ],
    ids=["as Excel quotes", "unquoted"],
)
def test_quotes_between_tabs_are_quotes_where_all_lines_make_sense_so(conn, tmp_path, rows, titles):
    tabs = {"films_dot_tsv": f"movieId\ttitle\tgenres\n{rows}"}
    night(conn, tmp_path, exclude=("movies.csv",), ratings_dot_csv=ratings([3, 4]), **tabs)
    assert [title for (title,) in conn.execute("select title from staging.movies order by movie_id")] == titles


def test_values_in_single_quotes_are_refused(conn, tmp_path):
    movies = "movieId,title,genres\n" + "".join(f"{movie},'Film {movie}','Drama'\n" for movie in range(30))
    with pytest.raises(SourceError, match=r"movies.csv: values stand in single quotes.*allowed are double ones"):
        night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))


@pytest.mark.parametrize("first", ["sep=,\r\n", "\n", "\r\n \r\n", "\ufeffsep=,\n"])
def test_blank_lines_and_excels_word_for_the_delimiter_are_no_header(conn, tmp_path, first):
    night(conn, tmp_path, ratings_dot_csv=first + ratings([3, 4]))
    assert value(conn, "select count(*) from core.ratings") == 2


def test_rows_between_which_only_cr_stands_are_rows(conn, tmp_path):
    text = ratings([3, 4] * 20)
    half = len(text) // 2
    night(conn, tmp_path, ratings_dot_csv=text[:half] + text[half:].replace("\n", "\r"))
    assert value(conn, "select count(*) from core.ratings") == 40
    assert value(conn, "select count(*) from quarantine.row") == 0


def test_escapes_in_a_title_are_reported(conn, tmp_path):
    movies = "movieId,title,genres\n1,Tom &amp; Jerry,Comedy\n2,Heat & Dust,Drama\n"
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert "1 of 2 rows of movies.csv (movies) are kept, against the rule escapes" in sentences_of(conn, batch_id)


@pytest.mark.parametrize(
    ("encoding", "titles"),
    [
        ("cp1254", ("Kış Uykusu", "Babam ve Oğlum", "Eşkıya", "İstanbul", "Çöpçüler Kralı")),
        ("cp1250", ("Pelíšky", "Vesničko má středisková", "Želary", "Kuře", "Žert")),
        ("cp1250", ("Popiół i diament", "Człowiek z żelaza", "Ręce do góry", "Ziemia obiecana")),
        ("iso8859_9", ("Ağır Roman", "Şaban", "Sürü", "Yol")),
    ],
)
def test_titles_in_an_encoding_that_is_not_read_are_rejected_as_that(conn, tmp_path, encoding, titles):
    rows = "".join(f"{at},{title},Drama\n" for at, title in enumerate(titles, start=1))
    movies = f"movieId,title,genres\n{rows}".encode(encoding)
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    (found,) = conn.execute("select array_agg(title) from core.movies").fetchone()
    assert set(found or ()) == {title for title in titles if title.isascii()}
    assert "a file in another encoding has to be saved as UTF-8" in sentences_of(conn, batch_id)


def test_a_letter_of_iceland_does_not_make_a_file_of_latin_1_another(conn, tmp_path):
    titles = [*(f"Café {number}" for number in range(30)), "Þrestir"]
    rows = "".join(f"{at},{title},Drama\n" for at, title in enumerate(titles))
    movies = f"movieId,title,genres\n{rows}".encode("latin-1")
    night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert value(conn, "select count(*) from core.movies where title like 'Café %'") == 30
    assert value(conn, "select broken_rules from quarantine.row where table_name = 'movies'") == ["encoding"]


def test_a_quote_that_never_ends_rejects_its_row(conn, tmp_path):
    movies = 'movieId,title,genres\n1,"Toy Story,Comedy\n2,Heat,Crime\n'
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert conn.execute("select broken_rules from quarantine.row where table_name = 'movies'").fetchone()[0] == [
        "quoting",
    ]
    assert "against the rule quoting: quotes pair" in sentences_of(conn, batch_id)


def test_a_value_that_is_too_long_to_be_one_is_named_as_such(conn, tmp_path):
    long = "a line, of many; words\n" * 4_000
    films = "".join(f"{movie},Film {movie},Crime\n" for movie in range(1, 700))
    movies = f'movieId,title,genres\n{films}700,"{long}",Drama\n'
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3]))
    rule = "quotes pair, doubled or behind a backslash inside a value, which has at most 64 KB over several lines"
    assert f"against the rule quoting: {rule}" in sentences_of(conn, batch_id)


def test_a_footer_and_a_header_that_comes_again_are_one_sentence_each(conn, tmp_path):
    header = "userId,movieId,rating,timestamp\n"
    text = ratings([3, 4] * 60) + header + ratings([5, 2] * 60, first_user=500).partition("\n")[2]
    batch_id = night(conn, tmp_path, ratings_dot_csv=f"{text}{header}Total\n(240 rows)\n-- end\n")
    rejected = [each for each in sentences.warnings(conn, batch_id) if "of ratings.csv (ratings) are rejected" in each]
    footer, again = sorted(rejected, key=lambda each: "movie_id" in each)
    assert "3 of 245 rows" in footer
    rule = "has as many fields as the header; as JSON it gives no key two values"
    assert f"against the rule columns and others: {rule}; row " in footer
    assert "2 of 245 rows" in again
    assert "against the rule movie_id and others: movie_id is a whole number" in again
    assert value(conn, "select count(*) from core.ratings") == 240


# --- genres


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        ("Science Fiction", ["Sci-Fi"]),
        ("Martial Arts", ["Martial Arts"]),
        ("Kids & Family", ["Kids & Family"]),
        ("Slice of Life", ["Slice of Life"]),
        ("TV Movie", ["TV Movie"]),
        ("Action & Adventure|Science Fiction", ["Action & Adventure", "Sci-Fi"]),
        ("Animation Children's Comedy", ["Animation", "Children", "Comedy"]),
    ],
)
def test_spaces_separate_genres_only_where_each_word_is_one(conn, written, genres):
    assert conn.execute("select ops.genres(%s)", [written]).fetchone() == (genres,)


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        ("['Animation', 'Comedy']", ["Animation", "Comedy"]),
        ("['Animation' 'Comedy']", ["Animation", "Comedy"]),
        ('["Rock \'n\' Roll", "War"]', ["Rock 'n' Roll", "War"]),
        ("[Drama, War]", ["Drama", "War"]),
        ('{Animation,"Science Fiction"}', ["Animation", "Sci-Fi"]),
        ("{Animation,Comedy}", ["Animation", "Comedy"]),
        ("[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]", ["Animation", "Comedy"]),
        ('[{"id": 28, "name": "Action"}]', ["Action"]),
        ("Drama · Comedy", ["Comedy", "Drama"]),
        ("[]", []),
    ],
)
def test_genres_in_a_list_as_programs_write_it(conn, written, genres):
    assert conn.execute("select ops.genres(ops.from_list(%s))", [written]).fetchone() == (genres,)


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        ("('Animation', 'Comedy')", ["Animation", "Comedy"]),
        ("('Drama',)", ["Drama"]),
        ("frozenset({'Kids & Family', 'War'})", ["Kids & Family", "War"]),
        ("array(['Animation', 'TV Movie'], dtype=object)", ["Animation", "TV Movie"]),
        ('{"id": 18, "name": "Drama"}', ["Drama"]),
        ("Action &amp; Adventure|War", ["Action & Adventure", "War"]),
        ("剧情、喜剧", ["剧情", "喜剧"]),
        ("Drama\nComedy", ["Comedy", "Drama"]),
        ("N/A", []),
    ],
)
def test_genres_as_repr_a_page_and_other_scripts_write_them(conn, written, genres):
    statement = "select ops.genres(ops.from_list(ops.in_brackets(%s)))"
    assert sorted(conn.execute(statement, [written]).fetchone()[0]) == sorted(genres)


@pytest.mark.parametrize("written", ["Kids & Family^TV Movie", "War ~ Drama", "Sci-Fi - Action"])
def test_signs_between_genres_that_separate_nothing_are_named(conn, tmp_path, written):
    movies = f"movieId,title,genres\n1,Ran,{written}\n2,Heat,Crime\n"
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    text = sentences_of(conn, batch_id)
    assert "against the rule genre_separators: one kind of sign separates the genres, and the same in all" in text
    assert f"row 1:1 holds '{written}'" in text


def test_genres_in_a_language_of_marks_reject_their_row(conn, tmp_path):
    movies = "movieId,title,genres\n1,Ran,<genre>War</genre>\n2,Heat,Crime\n"
    night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([4, 3]))
    assert value(conn, "select broken_rules from quarantine.row where table_name = 'movies'") == ["aligned"]


def test_genres_that_nobody_understands_are_reported(conn, tmp_path):
    movies = "movieId,title,genres\n1,Ran,28|12\n2,Heat,(no genres listed)\n"
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert "1 of 2 rows of movies.csv (movies) are kept, against the rule genres" in sentences_of(conn, batch_id)


def test_movies_that_are_described_in_several_ways_are_reported(conn, tmp_path):
    movies = "movieId,title,genres\n1,Ran,War\n1,Ran,Drama\n2,Heat,Crime\n2,Heat,Crime\n"
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert "1 values of movie_id stand in several rows of movies.csv (movies) that differ, 2 rows" in sentences_of(
        conn, batch_id
    )
    assert "several rows" not in sentences_of(
        conn, night(conn, tmp_path, run_id="second", ratings_dot_csv=ratings([3, 4]))
    )


def test_recbole_separates_genres_by_spaces(conn, tmp_path):
    item = "item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tRan\tSamurai War\n"
    inter = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t1\t5\t964982703\n"
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.item").write_text(item)
    (tmp_path / "x" / "a.inter").write_text(inter)
    batch_id = open_batch(conn, "night", str(tmp_path / "x"))
    extract(conn, batch_id, "movielens", MovieLens(str(tmp_path / "x"), tmp_path))
    stage(conn, batch_id)
    build_core(conn, batch_id)
    assert [row for (row,) in conn.execute("select genre from core.movie_genre order by 1")] == ["Samurai", "War"]


def test_several_separators_of_genres_are_named(conn, tmp_path):
    movies = 'movieId,title,genres\n1,Ran,"War|Drama, History"\n2,Heat,Crime\n'
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert "against the rule genre_separators" in sentences_of(conn, batch_id)
    assert "holds 'War|Drama, History'" in sentences_of(conn, batch_id)


def test_rows_in_which_another_sign_separates_genres_are_named_and_divided_rightly(conn, tmp_path):
    rows = ("1,Ran,War|Drama", '2,Heat,"Crime, Drama"', "3,Alien,Horror|Sci-Fi", "4,Big,Comedy", "5,Up,N/A", "6,Akira,")
    movies = "movieId,title,genres\n" + "".join(f"{row}\n" for row in rows)
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    told = [each for each in sentences.warnings(conn, batch_id) if "genre_separators" in each]
    assert len(told) == 1
    assert told[0].startswith("movielens: 1 of 6 rows of movies.csv (movies) are kept, against the rule")
    assert told[0].endswith("row 1:2 holds 'Crime, Drama'")
    found = "select movie_id, array_agg(genre order by genre) from core.movie_genre group by movie_id"
    assert dict(conn.execute(found).fetchall()) == {
        1: ["Drama", "War"],
        2: ["Crime", "Drama"],
        3: ["Horror", "Sci-Fi"],
        4: ["Comedy"],
    }


def test_genres_between_spaces_are_named_where_they_cannot_be_told_apart(conn, tmp_path):
    written = ("Action Comedy", "Drama", "Action Superhero", "Crime Drama Thriller", "(no genres listed)", "War, Drama")
    movies = "movieId\ttitle\tgenres\n" + "".join(f"{at}\tFilm {at}\t{each}\n" for at, each in enumerate(written, 1))
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    told = [each for each in sentences.warnings(conn, batch_id) if "genre_separators" in each]
    assert len(told) == 1
    assert "2 of 6 rows of movies.csv (movies) are kept" in told[0]
    assert told[0].endswith("row 1:3 holds 'Action Superhero'")
    genres = "select array_agg(genre order by genre) from core.movie_genre where movie_id = %s"
    assert conn.execute(genres, [1]).fetchone() == (["Action", "Comedy"],)
    assert conn.execute(genres, [3]).fetchone() == (["Action Superhero"],)


@pytest.mark.parametrize("sign", ["|", ", ", ";", " / ", " · ", " "])
def test_one_sign_between_genres_in_all_rows_is_not_named(conn, tmp_path, sign):
    rows = "".join(f'{movie},Film {movie},"{sign.join(["War", "Drama"][: movie % 3])}"\n' for movie in range(1, 7))
    movies = f"movieId,title,genres\n{rows}"
    batch_id = night(conn, tmp_path, movies_dot_csv=movies, ratings_dot_csv=ratings([3, 4]))
    assert "genre_separators" not in sentences_of(conn, batch_id)
    assert value(conn, "select genre_sign from ops.slice where table_name = 'movies'") == (sign.strip() or " ")


def test_spaces_that_nobody_sees_are_shown_in_messages():
    assert sentences.visible("965069164\u00a0") == r"965069164\xa0"
    assert sentences.visible("\u200bAmélie – été") == r"\u200bAmélie – été"
