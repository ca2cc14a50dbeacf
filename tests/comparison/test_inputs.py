"""What becomes of somebody's files: right data, or one sentence that says what is wrong and where."""

import bz2
import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from movierec.comparison.common_scale import Relevance
from movierec.comparison.inputs import Files, Inputs, read_inputs
from movierec.comparison.protocols import Division
from movierec.data.dataset import SCHEMA
from movierec.errors import ConfigError
from movierec.rating_scale import RatingScale

TRAIN = "user_id,movie_id,rating,timestamp\n1,10,5,100\n1,20,3,200\n2,10,4,300\n"
TEST = "user_id,movie_id,rating,timestamp\n1,30,5,400\n2,20,4,500\n"


def inputs(folder: Path, relevant_from: float | None = 4.0, windows: str = "auto", **texts: str | bytes) -> Inputs:
    paths = {}
    for name, text in {"train": TRAIN, "test": TEST, **texts}.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_inputs(Files(**paths), relevant_from, windows, exclude_seen=True)


def rows(frame: pd.DataFrame) -> list[tuple[int, int, float]]:
    return list(frame[["user_id", "movie_id", "rating"]].itertuples(index=False, name=None))


def test_columns_may_have_the_names_of_movielens_and_recbole(tmp_path: Path) -> None:
    plain = inputs(tmp_path)
    movielens = inputs(tmp_path, train=TRAIN.replace("user_id,movie_id", "userId,movieId"))
    recbole = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + "\n".join(
        line.replace(",", "\t") for line in TRAIN.splitlines()[1:]
    )
    for other in (movielens, inputs(tmp_path, train=recbole), inputs(tmp_path, train=TRAIN.replace(",", ";"))):
        pd.testing.assert_frame_equal(plain.known.ratings, other.known.ratings)


def test_packed_files_bytes_before_the_header_and_quotes_are_welcome(tmp_path: Path) -> None:
    quoted = "\ufeff" + TRAIN.replace("1,10,5,100", '"1","10","5","100"').replace("\n", "\r\n")
    pd.testing.assert_frame_equal(inputs(tmp_path).known.ratings, inputs(tmp_path, train=quoted).known.ratings)
    packed = tmp_path / "train.csv.gz"
    packed.write_bytes(gzip.compress(TRAIN.encode()))
    test = tmp_path / "test.csv"
    unpacked = read_inputs(Files(train=packed, test=test), 4.0, "auto", exclude_seen=True)
    pd.testing.assert_frame_equal(inputs(tmp_path).known.ratings, unpacked.known.ratings)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress, bz2.compress])
def test_what_a_night_decodes_is_decoded(tmp_path: Path, encoding: str, packed: Callable[[bytes], bytes]) -> None:
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    train = TRAIN.replace("\n1,", "\nZoë,").replace("\n2,", "\nRené,").replace("\n", "\r\n")
    test = TEST.replace("\n1,", "\nZoë,").replace("\n2,", "\nRené,")
    movies = 'movie_id,title\n10,"Amélie, ""M"""\n20,Heat\n'
    written = {
        name: packed(mark + text.encode(encoding))
        for name, text in {"train": train, "test": test, "movies": movies}.items()
    }
    found, plain = inputs(tmp_path, **written), inputs(tmp_path, train=train, test=test, movies=movies)
    pd.testing.assert_frame_equal(found.known.ratings, plain.known.ratings)
    assert found.user_names is not None
    assert list(found.user_names) == ["René", "Zoë"]
    assert list(found.known.movies.set_index("movie_id").loc[[10, 20], "title"]) == ['Amélie, "M"', "Heat"]


@pytest.mark.parametrize("text", ["9.65E+08", "9.64983e8", "1E+9", "9,65E+08"])
def test_moments_that_have_lost_their_digits_are_refused(tmp_path: Path, text: str) -> None:
    train = re.sub(",[123]00", f",{text}", TRAIN)
    train = train.replace(",", ";").replace(text.replace(",", ";"), text) if "," in text else train
    with pytest.raises(ConfigError, match=rf"line 2, column timestamp: '{re.escape(text)}' is not allowed.*lost"):
        inputs(tmp_path, train=train)


def test_an_exponent_with_all_digits_is_a_moment(tmp_path: Path) -> None:
    times = inputs(tmp_path, train=TRAIN.replace(",100", ",9.64982703E+08")).known.ratings["rated_at"]
    assert times.max() == pd.Timestamp("2000-07-30 18:45:03", tz="UTC")


def test_moments_that_can_be_no_moments_of_ratings_are_noted(tmp_path: Path) -> None:
    train = TRAIN.replace(",100", ",36738.78").replace(",200", ",36739.5").replace(",300", ",36740")
    assert any("timestamps go from 1970-01-01 to 1970-01-01" in note for note in inputs(tmp_path, train=train).notes)


def test_blunt_moments_are_noted(tmp_path: Path) -> None:
    train = TRAIN.replace(",100", ",964981000").replace(",200", ",964982000").replace(",300", ",964983000")
    assert any("whole thousands of seconds" in note for note in inputs(tmp_path, train=train).notes)


@pytest.mark.parametrize(
    "moments",
    [
        ("1000000000", "1000086400", "1000172800"),
        ("1000000000000", "1000086400000", "1000172800000"),
        ("1000000000000000", "1000086400000000", "1000172800000000"),
        ("2001-09-09T01:46:40Z", "2001-09-10T01:46:40Z", "2001-09-11 01:46:40"),
        ("2001-09-09 01:46:40 UTC", "2001-09-10 01:46:40.000000 UTC", "2001-09-11T01:46:40 GMT"),
        ("2001-09-09T03:46:40+02:00", "2001-09-10T01:46:40.000Z", "2001-09-11T01:46:40+00:00"),
        ("20010909T014640Z", "20010910T034640+0200", "20010911T014640"),
        ("631355968000000000", "631356832000000000", "631357696000000000"),
    ],
    ids=("seconds", "milliseconds", "microseconds", "iso", "iso with UTC", "iso with zones", "iso basic", "ticks"),
)
def test_a_moment_may_be_a_number_or_iso_8601(tmp_path: Path, moments: tuple[str, str, str]) -> None:
    text = TRAIN
    for old, new in zip((",100\n", ",200\n", ",300\n"), moments, strict=True):
        text = text.replace(old, f",{new}\n")
    times = inputs(tmp_path, train=text).known.ratings["rated_at"]
    assert times.tolist() == list(pd.to_datetime([10**9, 10**9 + 86400, 10**9 + 2 * 86400], unit="s", utc=True))


@pytest.mark.parametrize(
    ("moments", "sentence"),
    [
        (("09.09.2001 01:46:40", "10.09.2001 01:46:40", "28.09.2001"), "09.2001 are read with the day first"),
        (("9/9/2001 1:46:40 AM", "9/10/2001 1:46:40 AM", "9/28/2001"), "9/28/2001 are read with the month first"),
        (("9 Sep 2001 01:46:40", "September 10, 2001 01:46:40", "2001-9-28"), ""),
        (("20010909014640", "20010910014640", "20010928"), ""),
    ],
)
def test_dates_are_read_as_in_a_night(tmp_path: Path, moments: tuple[str, str, str], sentence: str) -> None:
    text = TRAIN.replace(",", ";")
    for old, new in zip((";100\n", ";200\n", ";300\n"), moments, strict=True):
        text = text.replace(old, f";{new}\n")
    found = inputs(tmp_path, train=text)
    expected = [10**9, 10**9 + 86_400, pd.Timestamp("2001-09-28").timestamp()]
    assert found.known.ratings["rated_at"].tolist() == list(pd.to_datetime(expected, unit="s", utc=True))
    assert any(sentence in note for note in found.notes)


def test_the_order_of_dates_that_one_file_settles_holds_for_the_others(tmp_path: Path) -> None:
    train = TRAIN.replace(",100", ",01/07/2000").replace(",200", ",30/07/2000").replace(",300", ",02/07/2000")
    found = inputs(tmp_path, train=train, valid="user_id,movie_id,rating,timestamp\n1,40,5,03/08/2000\n")
    assert found.windows == "next"
    assert f"{tmp_path / 'train.csv'}: dates such as 30/07/2000 are read with the day first" in "\n".join(found.notes)
    told = "valid.csv: dates such as 03/08/2000 are read with the day first, as other parts of the table show"
    assert any(told in note for note in found.notes)


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        (("01/07/2000", "02/07/2000", "03/08/2000"), r"train.csv: dates such as .* and no row settles which.*ISO 8601"),
        (("30/07/2000", "07/30/2000", "03/08/2000"), r"train.csv: some dates have the day first and some the month"),
    ],
)
def test_dates_whose_order_nothing_tells_are_refused(
    tmp_path: Path, dates: tuple[str, str, str], sentence: str
) -> None:
    train = TRAIN
    for old, new in zip((",100", ",200", ",300"), dates, strict=True):
        train = train.replace(old, f",{new}")
    with pytest.raises(ConfigError, match=sentence):
        inputs(tmp_path, train=train)


def test_release_dates_are_read_in_the_order_of_their_column(tmp_path: Path) -> None:
    dates = ("02.03.1996", "30.10.1995", "31.02.1995", "10 Nov 1995", "1995-7-5")
    rows = "".join(f"{movie},Film,{date}\n" for movie, date in enumerate(dates, start=10))
    found = inputs(tmp_path, movies=f"movie_id,title,release_date\n{rows}")
    movies = found.known.movies.set_index("movie_id").loc[10:14]
    assert movies["release_year"].tolist() == [1996, 1995, 1995, 1995, 1995]
    days = ["1996-03-02", "1995-10-30", "", "1995-11-10", "1995-07-05"]
    assert movies["release_date"].dt.strftime("%F").fillna("").tolist() == days
    assert any("31.02.1995 are read with the day first" in note for note in found.notes)
    open_order = inputs(tmp_path, movies="movie_id,title,release_date\n10,Film,01/02/1995\n20,Film,02/03/1996\n")
    assert open_order.known.movies["release_date"].isna().all()
    assert open_order.known.movies["release_year"].dropna().tolist() == [1995, 1996]
    assert any("no row settles which: they are not read" in note for note in open_order.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lines_without_a_value_are_no_rows(tmp_path: Path, delimiter: str) -> None:
    blank = delimiter * 3
    written = {
        "train": TRAIN.replace("\n2,", f"\n{blank}\n2,") + f"{blank}\n" * 3,
        "test": TEST + f"{blank}\n  \n",
        "movies": f"movie_id,title,genres,plot\n10,Heat,Crime,\n20,Ran,,\n{blank}\n",
        "users": f"user_id,age,gender,occupation\n1,20,F,\n{blank}\n",
    }
    found = inputs(tmp_path, **{name: text.replace(",", delimiter) for name, text in written.items()})
    pd.testing.assert_frame_equal(found.known.ratings, inputs(tmp_path).known.ratings)
    assert len(found.test) == 2
    assert found.known.movies["title"].dropna().tolist() == ["Heat", "Ran"]
    assert found.known.users["age"].dropna().tolist() == [20]


def test_a_row_that_lacks_its_id_alone_is_still_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train.csv, line 6, column movie_id: '' is not allowed"):
        inputs(tmp_path, train=f"{TRAIN},,,\n1,,5,3\n")
    with pytest.raises(ConfigError, match=r"train.csv, line 6, is not a table: .*Expected 4 columns, got 2"):
        inputs(tmp_path, train=f"{TRAIN},,,\n1,20\n")


@pytest.mark.parametrize(
    "train",
    [
        "user_id,movie_id,rating\n1,10,5\n1,20,3\n",
        TRAIN.replace("00\n", "\n").replace(",1\n", ",\n").replace(",2\n", ",\n").replace(",3\n", ",\n"),
    ],
)
def test_without_timestamps_everything_is_tied_and_windows_are_random(tmp_path: Path, train: str) -> None:
    found = inputs(tmp_path, train=train)
    assert found.known.ratings["rated_at"].nunique() == 1
    assert found.windows == "random"
    assert inputs(tmp_path, windows="time", train=train).windows == "time"


def test_without_ratings_every_row_is_feedback_that_counts(tmp_path: Path) -> None:
    found = inputs(tmp_path, train="user,item\n1,10\n2,20\n", test="user,item\n1,30\n")
    assert found.known.ratings["rating"].isna().all()
    assert found.known.ratings["weight"].tolist() == [1, 1]
    assert len(found.test) == 1


def test_weights_speak_where_there_is_no_rating(tmp_path: Path) -> None:
    found = inputs(tmp_path, train="user_id,movie_id,rating,weight\n1,10,5,\n1,20,,0.25\n")
    assert found.known.ratings["weight"].tolist()[1] == 0.25
    with pytest.raises(
        ConfigError, match=r"line 3, column weight: '2' is not allowed; allowed is a number from 0 to 1"
    ):
        inputs(tmp_path, train="user_id,movie_id,rating,weight\n1,10,,1\n1,20,,2\n")


def test_the_order_times_and_duplicates_of_the_test_change_nothing_that_is_learned_or_asked(tmp_path: Path) -> None:
    first = inputs(tmp_path)
    second = inputs(tmp_path, test="user_id,movie_id,rating,timestamp\n2,20,4,1\n1,30,5,never\n")
    pd.testing.assert_frame_equal(first.test, second.test)
    worse = inputs(tmp_path, test="user_id,movie_id,rating\n1,30,1\n7,77,5\n")
    for name in SCHEMA:
        pd.testing.assert_frame_equal(getattr(first.known, name), getattr(second.known, name))
        pd.testing.assert_frame_equal(getattr(first.known, name), getattr(worse.known, name))
    assert first.windows == worse.windows


def test_of_a_repeated_pair_the_latest_row_counts(tmp_path: Path) -> None:
    found = inputs(tmp_path, train=TRAIN + "1,10,2,50\n2,10,1,300\n")
    assert rows(found.known.ratings) == [(1, 10, 5), (1, 20, 3), (2, 10, 1)]
    assert "the train file repeats 2 pairs of user and movie; the latest row of each counts" in found.notes


def test_a_pair_of_the_test_that_is_known_is_not_asked(tmp_path: Path) -> None:
    found = inputs(tmp_path, test=TEST + "1,10,5,9\n")
    assert rows(found.test) == [(1, 30, 5), (2, 20, 4)]
    assert "1 test rows are left out: their pairs are in the known rows, too" in found.notes
    with_seen = read_inputs(Files(tmp_path / "train.csv", tmp_path / "test.csv"), 4.0, "auto", exclude_seen=False)
    assert (1, 10, 5) in rows(with_seen.test)


def test_validation_rows_are_excluded_and_known_ones_of_them_left_out(tmp_path: Path) -> None:
    found = inputs(tmp_path, valid="user_id,movie_id,rating\n1,40,5\n1,10,5\n2,20,4\n")
    assert found.exclude is not None
    assert found.exclude.to_numpy().tolist() == [[1, 40], [2, 20]]
    assert rows(found.test) == [(1, 30, 5)]


@pytest.mark.parametrize(
    ("valid", "windows"),
    [
        ("1,40,5,201\n1,50,5,202\n2,20,4,300", "time"),
        ("1,40,5,301\n1,50,5,302\n2,20,4,303", "days"),
        ("1,40,5,201\n2,20,4,300", "next"),
        ("1,40,5,150\n2,20,4,301", "random"),
    ],
)
def test_windows_are_cut_as_the_validation_rows_were(tmp_path: Path, valid: str, windows: str) -> None:
    assert inputs(tmp_path, valid=f"user_id,movie_id,rating,timestamp\n{valid}\n").windows == windows


def test_validation_users_who_are_strangers_tell_nothing_of_time(tmp_path: Path) -> None:
    found = inputs(tmp_path, valid="user_id,movie_id,rating,timestamp\n9,40,5,900\n")
    assert found.windows == "random"
    assert any("no validation user has training or fold-in rows" in note for note in found.notes)


@pytest.mark.parametrize(("moment", "windows"), [(900, "next"), (100, "random")])
def test_validation_rows_are_compared_with_fold_in_rows_too(tmp_path: Path, moment: int, windows: str) -> None:
    header = "user_id,movie_id,rating,timestamp\n"
    valid, fold_in = f"{header}9,40,5,{moment}\n", f"{header}9,10,5,500\n"
    assert inputs(tmp_path, valid=valid, fold_in=fold_in).windows == windows


@pytest.mark.parametrize("lacking", ["fold_in", "train"])
def test_times_of_one_of_training_and_fold_in_are_left_out(tmp_path: Path, lacking: str) -> None:
    texts = {"train": TRAIN, "fold_in": "user_id,movie_id,rating,timestamp\n9,10,4,500\n9,10,5,600\n9,20,5,700\n"}
    texts[lacking] = "\n".join(line.rpartition(",")[0] for line in texts[lacking].splitlines()) + "\n"
    found = inputs(tmp_path, **texts)
    assert found.fold_in is not None
    moments = pd.concat([found.known.ratings["rated_at"], found.fold_in["rated_at"]])
    assert moments.nunique() == 1
    assert rows(found.fold_in) == [(9, 10, 5), (9, 20, 5)]  # which row is the latest was told by its time before
    assert found.windows == "random"
    assert any(f"{lacking}.csv has no timestamps: those of the other" in note for note in found.notes)


def test_tuning_is_refused_where_no_validation_user_is_known(tmp_path: Path) -> None:
    strangers = "user_id,movie_id,rating\n9,40,5\n"
    with pytest.raises(ConfigError, match="none of 1 validation users has training or fold-in rows"):
        inputs(tmp_path, valid=strangers).check_tunable()
    inputs(tmp_path, valid=strangers, fold_in="user_id,movie_id,rating\n9,10,5\n").check_tunable()
    inputs(
        tmp_path, valid="user_id,movie_id,rating\n1,40,5\n", fold_in="user_id,movie_id,rating\n9,10,5\n"
    ).check_tunable()


def test_validation_rows_without_moments_do_not_come_after(tmp_path: Path) -> None:
    assert inputs(tmp_path, valid="user_id,movie_id,rating\n1,40,5\n").windows == "random"


def test_movies_that_stand_only_in_the_test_are_told_and_not_learned(tmp_path: Path) -> None:
    found = inputs(tmp_path)
    assert found.known.movies["movie_id"].tolist() == [10, 20]
    assert any(note.startswith("1 of 2 relevant movies are neither rated") for note in found.notes)
    about = inputs(tmp_path, movies="movie_id,title\n30,Heat\n")
    assert about.known.movies["movie_id"].tolist() == [10, 20, 30]
    assert not any("neither" in note for note in about.notes)


def test_strangers_and_users_who_liked_nothing_are_counted(tmp_path: Path) -> None:
    found = inputs(tmp_path, test="user_id,movie_id,rating\n1,30,1\n2,20,5\n9,10,5\n")
    assert "1 users have no relevant test row and are not evaluated" in found.notes
    assert "1 evaluated users have no known rows and get a newcomer's list" in found.notes


def test_movies_and_users_are_described(tmp_path: Path) -> None:
    movies = (
        "movieId,title,genres,directors,release_date,plot\n"
        '10,"Heat, the film (1995)",Crime|Drama,A B|C D,,He robs.\n20,Toys,(no genres listed),,1992-12-18,\n'
    )
    found = inputs(tmp_path, movies=movies, users="user_id,age,gender,zip\n1,30,F,123\n2,old,M,\n").known
    assert found.movies["release_year"].tolist() == [1995, 1992]
    assert found.movies["title"].tolist() == ["Heat, the film (1995)", "Toys"]
    assert found.genres["genre"].tolist() == ["Crime", "Drama"]
    assert found.people["name"].tolist() == ["A B", "C D"]
    assert found.people["billing"].tolist() == [1, 2]
    assert found.users["age"].tolist() == [30, pd.NA]


def test_a_movie_may_be_called_like_a_missing_value(tmp_path: Path) -> None:
    names = ("nan", "NA", "null", "None", "NULL", "NaN", "")
    rows = "".join(f"{movie},{title},NA,NULL\n" for movie, title in enumerate(names, start=10))
    movies = inputs(tmp_path, movies=f"movie_id,title,genres,plot\n{rows}").known.movies.set_index("movie_id")
    assert movies.loc[10:16, "title"].fillna("missing").tolist() == [*names[:-1], "missing"]
    assert movies["plot"].isna().all()
    with pytest.raises(ConfigError, match=r"line 3, column movie_id: 'NA' is not allowed; allowed is an id in every"):
        inputs(tmp_path, movies="movie_id,title\n10,Heat\nNA,Toys\n")


def test_a_release_date_of_a_month_or_a_year_gives_the_year_and_no_day(tmp_path: Path) -> None:
    dates = ("1995-07", "1995", "1995.0", "1995-07-00", "1995-07-15", "19950715", "1995-13", "1066")
    rows = "".join(f"{movie},Film,{date}\n" for movie, date in enumerate(dates, start=10))
    found = inputs(tmp_path, movies=f"movie_id,title,release_date\n{rows}")
    movies = found.known.movies.set_index("movie_id").loc[10:17]
    assert movies["release_year"].tolist() == [1995] * 6 + [pd.NA] * 2
    assert movies["release_date"].dt.strftime("%F").fillna("").tolist() == [*[""] * 4, *["1995-07-15"] * 2, "", ""]
    assert any("2 values of column release_date, such as '1995-13', could not be read" in note for note in found.notes)


def test_a_key_with_two_values_in_a_line_of_json_is_named(tmp_path: Path) -> None:
    rows = TRAIN.splitlines()[1:]
    lines = ['{{"user_id": {}, "movie_id": {}, "rating": {}, "timestamp": {}}}'.format(*row.split(",")) for row in rows]
    plain = inputs(tmp_path, train="\n".join(lines)).known.ratings
    repeated = [lines[0][:-1] + ', "rating": 5}', *lines[1:]]
    pd.testing.assert_frame_equal(inputs(tmp_path, train="\n".join(repeated)).known.ratings, plain)
    contradicted = [lines[0], lines[1][:-1] + ', "rating": 1}', lines[2]]
    with pytest.raises(ConfigError, match=r"train.csv: object 2 is none .* one value for each key"):
        inputs(tmp_path, train="\n".join(contradicted))


def test_writers_countries_and_runtime_are_read_and_other_columns_told(tmp_path: Path) -> None:
    movies = "movie_id,title,writers,countries,runtime_minutes,tags,budget\n10,Heat,E F|G H,France|Italy,170,dark,1\n"
    found = inputs(tmp_path, movies=movies)
    assert found.known.people[["name", "role"]].to_numpy().tolist() == [["E F", "writer"], ["G H", "writer"]]
    assert found.known.countries["country"].tolist() == ["France", "Italy"]
    assert found.known.movies["runtime_minutes"].tolist() == [170, pd.NA]
    assert any(note.endswith("nothing is made of the columns tags, budget") for note in found.notes)


def test_recboles_movies_are_divided_at_spaces(tmp_path: Path) -> None:
    header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"
    found = inputs(tmp_path, movies=f'{header}\n10\t"Heat" up\tunkonwn\tCrime Drama\n')
    assert found.known.genres["genre"].tolist() == ["Crime", "Drama"]
    assert found.known.movies["title"].tolist()[0] == '"Heat" up'
    assert any("1 values of column release_year:token, such as 'unkonwn'" in note for note in found.notes)


def test_text_ids_are_numbered_alike_in_all_files(tmp_path: Path) -> None:
    train = "user_id,movie_id,rating\nann,tt2,5\nbob,tt1,4\n"
    test = "user_id,movie_id,rating\nbob,tt2,5\n"
    found = inputs(tmp_path, train=train, test=test, movies="movie_id,title\ntt1,One\ntt2,Two\n")
    assert found.user_names is not None
    names = {found.user_names[user] for user in found.known.ratings["user_id"]}
    assert names == {"ann", "bob"}
    assert found.known.movies["title"].tolist() == ["One", "Two"]
    assert [found.user_names[user] for user in found.test["user_id"]] == ["bob"]


def test_ids_may_be_any_whole_numbers(tmp_path: Path) -> None:
    found = inputs(
        tmp_path,
        train=f"user_id,movie_id,rating\n-5,{2**40},5\n0.0,7.0,4\n",
        test="user_id,movie_id,rating\n0,7,5\n-5,7,5\n",
    )
    assert rows(found.known.ratings) == [(-5, 2**40, 5), (0, 7, 4)]
    assert rows(found.test) == [(-5, 7, 5)]


def test_ids_of_more_digits_than_a_number_has_are_names(tmp_path: Path) -> None:
    long = "12345678901234567890"
    found = inputs(
        tmp_path, train=f"user_id,movie_id,rating\n{long},1,5\n7,2,4\n", test="user_id,movie_id,rating\n7,1,5\n"
    )
    assert found.user_names is not None
    assert [found.user_names[user] for user in found.test["user_id"]] == ["7"]
    assert any(f"user_id holds numbers that are too long, such as '{long}'" in note for note in found.notes)


def test_ids_that_begin_with_zeros_are_told_to_be_numbers(tmp_path: Path) -> None:
    found = inputs(
        tmp_path, train="user_id,movie_id,rating\n007,10,5\n7,20,4\n0,30,5\n", test="user_id,movie_id\n7,40\n"
    )
    assert found.known.ratings["user_id"].tolist() == [0, 7, 7]
    told = [note for note in found.notes if "begin with 0" in note]
    assert len(told) == 1
    assert (
        "train.csv: 1 ids of column user_id begin with 0, such as 007; they are read as numbers, the same as 7"
        in told[0]
    )


def test_of_a_movie_or_a_user_in_two_spellings_the_first_counts_and_the_file_is_named(tmp_path: Path) -> None:
    movies = "movie_id,title,genres\n10,Heat,Crime\n0010,Ran,War\n10.0,Alien,Horror\n20,Up,Drama\n"
    found = inputs(tmp_path, movies=movies, users="user_id,age\n1,20\n01,30\n")
    assert found.known.movies.set_index("movie_id")["title"].loc[[10, 20]].tolist() == ["Heat", "Up"]
    assert found.known.genres["genre"].tolist() == ["Crime", "Drama"]
    assert found.known.users["age"].tolist() == [20]
    sentence = "movies.csv: 2 rows repeat a movie_id in another spelling, such as '10' and '0010'; the first of each"
    assert any(sentence in note for note in found.notes)
    assert any("users.csv: 1 rows repeat a user_id in another spelling" in note for note in found.notes)


def test_people_in_two_spellings_are_not_shown(tmp_path: Path) -> None:
    train, test = (text.replace("\n1,", "\njane@x.org,") for text in (TRAIN, TEST))
    found = inputs(tmp_path, train=train, test=test, users="user_id,age\n2.0,20\n2,30\njane@x.org,40\n")
    assert any("1 rows repeat a user_id in another spelling" in note for note in found.notes)
    assert not any("jane" in note for note in found.notes)


def test_ids_are_names_in_every_file_where_one_file_holds_a_name(tmp_path: Path) -> None:
    found = inputs(
        tmp_path,
        train="user_id,movie_id,rating\n0001,0000143561,5\n0002,0000143588,4\n",
        test="user_id,movie_id,rating\n0001,B00004CQT3,5\n0002,0000143561,5\n",
    )
    assert found.user_names is None
    assert rows(found.known.ratings) == [(1, 0, 5), (2, 1, 4)]
    assert set(found.test["user_id"]) == {1, 2}
    assert set(found.test["movie_id"]) == {0, 2}


TENS = "user_id,movie_id,rating\n" + "".join(f"{user},{movie},{movie}\n" for user in range(5) for movie in range(1, 11))


def test_all_ratings_tell_the_scale_and_are_put_on_five_stars(tmp_path: Path) -> None:
    found = inputs(tmp_path, train=TENS, test="user_id,movie_id,rating\n1,99,8\n1,98,7\n", movies="movie_id\n98\n99\n")
    assert found.known.ratings["rating"].max() == 5
    assert found.test["rating"].tolist() == [3.5, 4]
    assert any("ratings go from 1 to 10, as all of them tell" in note for note in found.notes)


def test_files_on_different_scales_are_refused_unless_a_threshold_or_the_scale_is_given(tmp_path: Path) -> None:
    fives = "".join(f"{user},{movie},{movie % 5 + 1}\n" for user in range(5) for movie in range(20, 30))
    files = Files(tmp_path / "train.csv", tmp_path / "test.csv")
    files.train.write_text(TENS)
    (tmp_path / "test.csv").write_text(f"user_id,movie_id,rating\n{fives}")
    sentence = r"different scales: in the test file they go from 1 to 5.*; in the train file they go from 1 to 10"
    with pytest.raises(ConfigError, match=rf"{sentence}.*--scale"):
        read_inputs(files, Relevance.DEFAULT, "random", False)
    notes = read_inputs(files, 2.0, "random", False).notes
    assert any(re.search(sentence, note) for note in notes)
    found = read_inputs(files, 4.0, "random", False, scale=RatingScale(1, 10))
    assert not any(re.search(sentence, note) for note in found.notes)


def test_a_declared_scale_holds_and_what_is_not_rated_is_feedback(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TENS + "7,1,0\n")
    (tmp_path / "test.csv").write_text("user_id,movie_id,rating\n1,3,8\n")
    files = Files(tmp_path / "train.csv", tmp_path / "test.csv")
    found = read_inputs(files, 8.0, "random", False, scale=RatingScale(1, 10, (0,)))
    seen = found.known.ratings[found.known.ratings["user_id"] == 7]
    assert seen["rating"].isna().all()
    assert seen["weight"].tolist() == [pytest.approx(0.3)]
    assert found.test["rating"].tolist() == [4]
    with pytest.raises(
        ConfigError, match=r"25 of 52 ratings lie off the scale from 1 to 5|lie off the scale from 1 to 5"
    ):
        read_inputs(files, 4.0, "random", False, scale=RatingScale(1, 5))


def test_a_doubtful_scale_is_refused_unless_a_threshold_is_given(tmp_path: Path) -> None:
    ones = "user_id,movie_id,rating\n" + "".join(f"{user},{movie},1\n" for user in range(5) for movie in range(1, 11))
    (tmp_path / "train.csv").write_text(ones)
    (tmp_path / "test.csv").write_text("user_id,movie_id,rating\n1,99,1\n")
    files = Files(tmp_path / "train.csv", tmp_path / "test.csv")
    with pytest.raises(ConfigError, match=r"cannot be told.*--scale\), or say by --relevant-from"):
        read_inputs(files, Relevance.DEFAULT, "random", False)
    assert read_inputs(files, 1.0, "random", False).known.ratings["rating"].max() == 1


@pytest.mark.parametrize("suffix", ["bz2", "xz", "parquet", "jsonl"])
def test_files_may_be_packed_or_in_another_form(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"user_id": [1, 2], "movie_id": [10, 10], "rating": [5.0, 4.0]})
    path = tmp_path / f"train.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False)
    (tmp_path / "test.csv").write_text("user_id,movie_id,rating\n1,20,5\n")
    found = read_inputs(Files(path, tmp_path / "test.csv"), 4.0, "random", True)
    assert rows(found.known.ratings) == [(1, 10, 5), (2, 10, 4)]


HEADER = "user_id,movie_id,rating,timestamp\n"
BAD_TRAIN = {
    "": "is empty; needed is a header with user_id, movie_id, and rows",
    HEADER: "has a header and no rows",
    "user_id,rating\n1,5\n": "lacks movie_id; its columns are user_id, rating",
    "user_id,userId,movie_id\n1,1,5\n": "the columns user_id and userId both mean user_id",
    HEADER
    + "1,10,5,1\n1,20,good,2\n": "train.csv, line 3, column rating: 'good' is not allowed; allowed is a finite number",
    HEADER + "1,10,5,1\n1,20,,2\n": "train.csv, line 3, column rating: '' is not allowed",
    HEADER + "1,10,nan,1\n": "train.csv, line 2, column rating: 'nan' is not allowed",
    HEADER + "1,10,5,1\n\n1,20,inf,2\n": "train.csv, line 4, column rating: 'inf' is not allowed",
    HEADER + "1,10,-inf,1\n": "train.csv, line 2, column rating: '-inf' is not allowed",
    HEADER + "1,,5,1\n": "train.csv, line 2, column movie_id: '' is not allowed; allowed is an id",
    HEADER + "1,10,5,1\n1,20,5,\n": "line 3, column timestamp: '' is not allowed; allowed is a number of seconds or",
    HEADER + "1,10,5,1\n1,20,5,soon\n": "line 3, column timestamp: 'soon' is not allowed",
    HEADER + "1,10,5,inf\n": "line 2, column timestamp: 'inf' is not allowed",
    HEADER + "1,10,5,2001-09-09\n1,20,5,\n": "line 3, column timestamp: '' is not allowed; allowed is an ISO 8601",
    HEADER + "1,10,5,2001-09-09\n1,20,5,2001-19-09\n": "line 3, column timestamp: '2001-19-09' is not allowed",
    HEADER + "1,10,5,1\n1,20\n": "is not a table: CSV parse error: Expected 4 columns, got 2",
    b"user_id,movie_id,rating\n\xce\xf0,10,5\n": "is not UTF-8 (byte 0xce); save it as UTF-8",
    b"\xff\xfeu\x00s\x00": "lacks user_id and movie_id; its columns are us",
    HEADER + "1,10,5,1\n1,20\n2,30,4,2\n": "train.csv, line 3, is not a table",
    HEADER
    + "1,10,5,1\n1,20,5,1e30\n": "line 3, column timestamp: '1e30' is not allowed; allowed is a number of seconds",
    HEADER + "1,10,٥,1\n1,20,5,2\n": "line 2, column rating: '٥' is not allowed; allowed is a finite number",
    HEADER + "1,10,5,1_000\n": "line 2, column timestamp: '1_000' is not allowed",
    HEADER.replace(",", ";") + "1;10;4,5;1\n1;20;x;2\n": "line 3, column rating: 'x' is not allowed",
    HEADER.replace(",", ";") + "1;10;4,5;1\n1;20;4.5;2\n": "train.csv: numbers of rating, timestamp have a decimal "
    "point in some rows and a decimal comma in others",
    "user_id movie_id rating\n1 10 5\n": "they are separated by spaces: allowed are commas, semicolons, tabs and |",
    "1::10::5::3\n1::20::5::3\n": "they are separated by '::': allowed are commas, semicolons, tabs and |",
}


@pytest.mark.parametrize(("text", "sentence"), BAD_TRAIN.items(), ids=[repr(text)[-30:] for text in BAD_TRAIN])
def test_what_cannot_be_read_is_named_with_file_line_column_and_value(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        inputs(tmp_path, train=text)
    assert sentence in str(refused.value)
    assert "train.csv" in str(refused.value)


BAD_MOVIES = {
    "movie_id,title\n": "has a header and no rows",
    "title,year\nHeat,1995\n": "lacks movie_id",
    "movie_id,title\n,Heat\n": "line 2, column movie_id: '' is not allowed",
    "movie_id,title\n10,Матрица и Брат\n".encode("cp1251"): "not UTF-8",
}


@pytest.mark.parametrize(("text", "sentence"), BAD_MOVIES.items(), ids=range(len(BAD_MOVIES)))
def test_movies_that_cannot_be_read_are_refused(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(ConfigError, match=r"movies\.csv") as refused:
        inputs(tmp_path, movies=text)
    assert sentence in str(refused.value)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.csv.gz"
    for content in (b"no archive", gzip.compress(TRAIN.encode() * 2000)[:-20]):
        path.write_bytes(content)
        (tmp_path / "test.csv").write_text(TEST)
        with pytest.raises(ConfigError, match=r"train\.csv\.gz"):
            read_inputs(Files(path, tmp_path / "test.csv"), 4.0, "auto", exclude_seen=True)


def test_nothing_relevant_is_told_with_the_scale(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no relevant row among 2 .* from 4\.5 on, and ratings go from 1 to 4"):
        inputs(tmp_path, relevant_from=4.5, test="user_id,movie_id,rating\n1,30,1\n2,20,4\n")
    assert len(inputs(tmp_path, relevant_from=None, test="user_id,movie_id,rating\n1,30,1\n2,20,4\n").test) == 2


def test_the_sizes_are_counted(tmp_path: Path) -> None:
    sizes = inputs(tmp_path).sizes()
    assert (sizes["train_rows"], sizes["train_users"], sizes["movies"], sizes["test_rows"]) == (3, 2, 2, 2)
    assert np.all([isinstance(size, int) for size in sizes.values()])


@pytest.mark.parametrize("delimiter", ["\t", "|", ";"])
def test_fields_in_quotes_are_read_whatever_separates_them(tmp_path: Path, delimiter: str) -> None:
    lines = [f'"{line}"'.replace(",", f'"{delimiter}"') for line in TRAIN.splitlines()]
    quoted = inputs(tmp_path, train="\n".join([*lines, ""]))
    pd.testing.assert_frame_equal(inputs(tmp_path).known.ratings, quoted.known.ratings)


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        ("Action & Adventure, Science Fiction", ["Action & Adventure", "Science Fiction"]),
        ("Martial Arts; Drama", ["Drama", "Martial Arts"]),
        ("Comedy/Drama", ["Comedy", "Drama"]),
        ("Action Comedy", ["Action", "Comedy"]),
        ("Martial Arts", ["Martial Arts"]),
        ("['Animation', 'Comedy']", ["Animation", "Comedy"]),
        ("['Animation' 'Comedy']", ["Animation", "Comedy"]),
        ("[{'id': 16, 'name': 'Animation'}]", ["Animation"]),
    ],
)
def test_genres_are_separated_as_in_a_night(tmp_path: Path, written: str, genres: list[str]) -> None:
    found = inputs(tmp_path, movies=f'movie_id,title,genres\n10,Ran,"{written}"\n20,Heat,Crime\n').known.genres
    assert sorted(found.loc[found["movie_id"] == 10, "genre"]) == genres


def test_whole_numbers_with_a_point_are_the_same_ids_among_names(tmp_path: Path) -> None:
    train, test = TRAIN.replace("\n1,", "\n1.0,").replace("\n2,", "\n2.0,"), TEST.replace("\n2,", "\nA5,")
    assert any(
        note.startswith("1 evaluated users have no known rows")
        for note in inputs(tmp_path, train=train, test=test).notes
    )


def test_a_point_before_three_zeros_leaves_an_id_a_name(tmp_path: Path) -> None:
    found = inputs(tmp_path, train=TRAIN.replace(",10,", ",1.000,"), movies="movie_id\n1\n1.000\n20.0\n")
    assert len(found.known.movies) == 3
    assert any(note.startswith("movie_id holds text such as '1.000'") for note in found.notes)


def test_names_that_differ_in_capitals_alone_are_noted(tmp_path: Path) -> None:
    train, test = (
        TRAIN.replace("\n1,", "\nAB,").replace("\n2,", "\nCD,"),
        TEST.replace("\n1,", "\nab,").replace("\n2,", "\nCD,"),
    )
    assert (
        "1 of 3 names of user_id differ from others in capitals alone; they stay different"
        in inputs(tmp_path, train=train, test=test).notes
    )


def test_ids_that_have_lost_digits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"movie_id holds '1.2E\+05': a number that has lost digits"):
        inputs(tmp_path, train=TRAIN.replace(",10,", ",1.2E+05,"))


def test_columns_of_which_nothing_is_made_are_noted(tmp_path: Path) -> None:
    notes = inputs(tmp_path, relevant_from=None, train=TRAIN.replace("rating", "ratting")).notes
    assert any("nothing is made of the columns ratting; it has no column of ratings" in note for note in notes)
    notes = inputs(tmp_path, train=TRAIN.replace("timestamp", "rating_time")).notes
    assert any("it has no column of timestamps; is rating_time meant to be rated_at?" in note for note in notes)


def read_train(folder: Path, name: str, content: bytes, **more: Path) -> Inputs:
    (folder / name).write_bytes(content)
    (folder / "test.csv").write_text(TEST)
    return read_inputs(Files(folder / name, folder / "test.csv", **more), 4.0, "auto", exclude_seen=True)


def in_zip(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("ratings/ratings.csv", content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.csv.zip", in_zip(TRAIN.encode())),
        (
            "train.jsonl.gz",
            gzip.compress(pd.read_csv(io.StringIO(TRAIN)).to_json(orient="records", lines=True).encode(), mtime=0),
        ),
        ("train.parquet.gz", gzip.compress(pd.read_csv(io.StringIO(TRAIN)).to_parquet(), mtime=0)),
        ("train.csv", b"sep=;\r\n" + TRAIN.replace(",", ";").encode()),
        ("train.csv", b"\n\n" + TRAIN.encode()),
        ("train.csv", TRAIN.replace(",", ";").replace(";5;", ";5,0;").encode()),
    ],
)
def test_one_file_in_whatever_packing_or_spelling_is_the_same(tmp_path: Path, name: str, content: bytes) -> None:
    found = read_train(tmp_path, name, content).known.ratings
    pd.testing.assert_frame_equal(found, inputs(tmp_path).known.ratings)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            gzip.compress(gzip.compress(TRAIN.encode(), mtime=0), mtime=0),
            "is packed twice, which is not read; unpack it once",
        ),
        (
            b'{"user_id": {"id": 1}, "movie_id": 2, "rating": 5}\n',
            "user_id holds lists or objects; allowed are numbers",
        ),
        (b"user,item\nNone,1\n", "line 2, column user: 'None' is not allowed; allowed is an id"),
        (b"nutzer,film,wertung\n1,2,3\n", "is nutzer meant to be user_id?; is film meant to be movie_id?"),
    ],
)
def test_what_looks_like_a_table_and_is_none_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_train(tmp_path, "train.csv", content)
    assert sentence in str(refused.value)


def test_each_moment_tells_its_own_unit(tmp_path: Path) -> None:
    train = "user_id,movie_id,rating,timestamp\n1,10,5,964982703\n1,20,3,964982703000\n2,10,4,964982703000000000\n"
    assert inputs(tmp_path, train=train).known.ratings["rated_at"].nunique() == 1


def test_nothing_of_a_person_is_shown(tmp_path: Path) -> None:
    train = "user_id,movie_id,rating\njane@example.org,10,5\nJane Doe,20,3\n"
    (tmp_path / "named.csv").write_text(train)
    (tmp_path / "asked.csv").write_text("user_id,movie_id,rating\nJane Doe,30,5\n")
    found = read_inputs(Files(tmp_path / "named.csv", tmp_path / "asked.csv"), 4.0, "auto", exclude_seen=True)
    users = tmp_path / "users.csv"
    users.write_text("user_id,age,gender\n1,jane@example.org,F\n2,1985,F\n3,30,M\n")
    noted = read_train(tmp_path, "train.csv", TRAIN.encode(), users=users)
    assert noted.known.users["age"].dropna().tolist() == [30]
    users.write_text("user_id,age\n1,30\n2,Jane Doe,Boston\n")
    with pytest.raises(ConfigError, match=r"Expected 2 columns, got 3$") as refused:
        read_train(tmp_path, "train.csv", TRAIN.encode(), users=users)
    text = "\n".join([*found.notes, *noted.notes, str(refused.value)]).replace(str(tmp_path), "")
    assert [word for word in ("jane", "Jane", "example.org", "Boston", "1985") if word in text] == []
    assert "every user_id is taken as a name" in text
    assert "2 values of column age, such as an e-mail address, could not be read" in text


def test_facts_out_of_all_bounds_are_unknown(tmp_path: Path) -> None:
    movies = "movie_id,title,year\n10,Heat,1995\n20,Ran,85\n30,Seven,0\n"
    found = inputs(tmp_path, movies=movies)
    assert found.known.movies.set_index("movie_id")["release_year"].dropna().to_dict() == {10: 1995}
    assert any("2 values of column year, such as '85', could not be read" in note for note in found.notes)


def test_rows_in_which_another_sign_separates_genres_are_noted(tmp_path: Path) -> None:
    rows = '10,Ran,War|Drama\n20,Heat,"Crime, Drama"\n30,Alien,Horror|Sci-Fi\n40,Big,Comedy\n50,Up,\n60,Akira,A ~ B\n'
    found = inputs(tmp_path, movies=f"movie_id,title,genres\n{rows}")
    told = [note for note in found.notes if "one kind of sign between genres" in note]
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path / 'movies.csv'}: 2 of 5 rows of genres do not have one kind of sign")
    assert told[0].endswith("the same in all rows (|, comma, semicolon or slash), such as 'Crime, Drama'")
    assert set(found.known.genres.query("movie_id == 20")["genre"]) == {"Crime", "Drama"}
    alike = inputs(tmp_path, movies="movie_id,title,genres\n10,Ran,\"['War', 'Drama']\"\n20,Heat,Crime|Drama\n")
    assert not any("sign between genres" in note for note in alike.notes)


@pytest.mark.parametrize(
    "genres",
    [
        '"{""Science Fiction"",Drama}"',
        "\"('Science Fiction', 'Drama')\"",
        "\"{'Science Fiction', 'Drama'}\"",
        "\"array(['Science Fiction', 'Drama'], dtype=object)\"",
        '"[Science Fiction, Drama]"',
        "Science Fiction、Drama",
        '"[{""id"": 1, ""name"": ""Science Fiction""}, {""id"": 2, ""name"": ""Drama""}]"',
    ],
)
def test_genres_in_lists_as_programs_write_them(tmp_path: Path, genres: str) -> None:
    movies = f"movie_id,title,genres\n10,Heat,{genres}\n20,Ran,N/A\n30,Seven,28|12\n"
    assert sorted(inputs(tmp_path, movies=movies).known.genres["genre"]) == ["Drama", "Science Fiction"]


def test_ids_are_the_same_however_a_program_separates_thousands(tmp_path: Path) -> None:
    train = HEADER + '"1,001",10,5,1\n"1,002",10,4,2\n'
    found = inputs(tmp_path, train=train, test="user_id,movie_id,rating\n1001,30,5\n1002,20,4\n")
    assert rows(found.known.ratings) == [(1001, 10, 5), (1002, 10, 4)]
    assert found.test["user_id"].tolist() == [1001, 1002]


def test_the_mark_of_an_encoding_within_a_file_belongs_to_no_id(tmp_path: Path) -> None:
    joined = TRAIN + "\ufeff" + "3,20,4,300\n"
    assert rows(inputs(tmp_path, train=joined).known.ratings)[-1] == (3, 20, 4)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "part-00000.csv").write_text(TRAIN)
    with pytest.raises(ConfigError, match=r"is a folder; allowed is a file, or a zip of one"):
        read_inputs(Files(tmp_path, tmp_path / "part-00000.csv"), 4.0, "auto", exclude_seen=True)


def test_a_column_without_a_name_is_noted_by_its_number(tmp_path: Path) -> None:
    indexed = '"","user_id","movie_id","rating"\n"1",1,10,5\n"2",2,10,4\n'
    assert any("the columns column 1" in note for note in inputs(tmp_path, train=indexed).notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_backslashes_that_protect_something_are_taken_off(tmp_path: Path, delimiter: str) -> None:
    lines = (f"movie_id{delimiter}title", f'10{delimiter}Say \\"Hi\\"\\{delimiter} twice', f"20{delimiter}AC\\\\DC", "")
    assert inputs(tmp_path, movies="\n".join(lines)).known.movies["title"].tolist()[:2] == [
        f'Say "Hi"{delimiter} twice',
        "AC\\DC",
    ]
    plain = f"movie_id{delimiter}title\n10{delimiter}C:\\films\n20{delimiter}Ran\n"
    assert inputs(tmp_path, movies=plain).known.movies["title"].tolist()[:2] == ["C:\\films", "Ran"]


def test_quotes_behind_backslashes_and_in_tabs_are_quotes(tmp_path: Path) -> None:
    spark = 'movie_id,title\n10,"He said \\"Hi\\", twice"\n20,Ran\n'
    assert inputs(tmp_path, movies=spark).known.movies["title"].tolist()[:2] == ['He said "Hi", twice', "Ran"]
    excel = 'movie_id\ttitle\n10\t"Good, the ""Bad"""\n20\tRan\n'
    assert inputs(tmp_path, movies=excel).known.movies["title"].tolist()[:2] == ['Good, the "Bad"', "Ran"]


def test_a_scale_that_is_only_likely_is_noted(tmp_path: Path) -> None:
    train = HEADER + "".join(f"{user},{user % 9},{user % 4 + 1},{user}\n" for user in range(40))
    assert any(
        "ratings are likely to be on a scale from 0.5 to 5" in note for note in inputs(tmp_path, train=train).notes
    )


TIED = "user_id,movie_id,rating,timestamp\n1,30,5,100\n1,10,4,100\n1,20,3,100\n2,10,4,100\n2,30,3,100\n2,20,4,100\n"


def test_the_last_rating_of_one_moment_is_that_of_the_last_row(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(TIED)
    for seed in range(5):
        division = Division("leave_one_out", seed)
        found = read_inputs(Files(train=path), None, "auto", exclude_seen=True, division=division)
        assert set(zip(found.test["user_id"], found.test["movie_id"], strict=True)) == {(1, 20), (2, 20)}


def test_histories_have_the_order_of_their_rows_where_the_next_movie_is_asked_for(tmp_path: Path) -> None:
    train = TIED + "1,60,4,90\n"
    valid = "user_id,movie_id,rating,timestamp\n1,40,5,100\n2,40,5,200\n"
    test = "user_id,movie_id\n1,50\n2,50\n"
    found = inputs(tmp_path, train=train, valid=valid, test=test, relevant_from=None)
    assert found.windows == "next"
    ordered = found.known.ratings.sort_values(["user_id", "rated_at"])
    assert ordered["movie_id"].tolist() == [60, 30, 10, 20, 10, 30, 20]
    assert not ordered.duplicated(["user_id", "rated_at"]).any()
    others = inputs(tmp_path, train=train, valid=valid, test=test, relevant_from=None, windows="time")
    assert others.known.ratings["rated_at"].nunique() == 2


def test_rows_of_one_moment_that_are_sorted_by_movie_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    for movies, noted in ((range(12), 1), ([*range(0, 12, 2), *range(11, 0, -2)], 0)):
        rows = [f"{user},{movie},4,100" for user in (1, 2) for movie in movies]
        path.write_text("\n".join(["user_id,movie_id,rating,timestamp", *rows]))
        found = read_inputs(Files(train=path), None, "auto", exclude_seen=True, division=Division("leave_one_out", 1))
        assert sum("are sorted by movie" in note for note in found.notes) == noted


def test_the_few_ratings_off_a_scale_are_noted_and_count_as_its_end(tmp_path: Path) -> None:
    five = HEADER + "".join(f"{user},{user % 9},{user % 5 + 1},{user}\n" for user in range(100)) + "7,20,99,7\n"
    found = inputs(tmp_path, train=five)
    assert found.known.ratings["rating"].max() == 5
    note = "1 of 103 ratings lie off the scale from 0.5 to 5, and count as its nearer end: they go from 99 to 99"
    assert any(each.startswith(note) for each in found.notes)


def test_words_for_what_is_missing_are_no_facts(tmp_path: Path) -> None:
    movies = "movie_id,title,year,director,actors,plot\n10,N/A,.,N/A,nan,?\n20,Ran,NA,A B,None,-\n"
    users = "user_id,age,gender,occupation,zip\n1,NA,F,none,n/a\n2,31,?,NULL,123\n"
    found = inputs(tmp_path, movies=movies, users=users)
    known = found.known
    assert known.movies["title"].tolist()[:2] == ["N/A", "Ran"]
    assert known.people["name"].tolist() == ["A B"]
    assert known.users["gender"].fillna("").tolist() == ["F", ""]
    assert known.users["occupation"].fillna("").tolist() == ["none", ""]
    assert not any("could not be read" in note for note in found.notes)


def test_words_for_what_is_missing_are_no_people_in_a_list(tmp_path: Path) -> None:
    movies = "movie_id,title,director,actors\n10,Heat,N/A|N/A,Bo Li|N/A\n"
    assert inputs(tmp_path, movies=movies).known.people["name"].tolist() == ["Bo Li"]


def test_a_header_below_other_lines_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train.csv lacks user_id and movie_id.*the header \(user_id, movie_id"):
        inputs(tmp_path, train=f"# made by a program\n{TRAIN}")


def test_a_header_that_is_longer_than_csv_allows_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train.csv lacks user_id and movie_id"):
        inputs(tmp_path, train='"' + "x" * 200_000 + '",b\n1,2\n')


def test_names_with_a_comma_between_them_are_noted(tmp_path: Path) -> None:
    movies = 'movie_id,title,director,actors\n10,Heat,"Bo Li, Cy Wu","Al Bo, Jr.|Di Xu"\n20,Ran,A B,C D\n'
    found = inputs(tmp_path, movies=movies)
    assert any("1 names of people hold a comma, such as 'Bo Li, Cy Wu', and stay whole" in note for note in found.notes)


def test_quotes_behind_a_blank_are_quotes(tmp_path: Path) -> None:
    movies = 'movie_id, title, genres\n10, "Heat, the film", "Crime|Drama"\n20, "Ran", "Drama"\n'
    found = inputs(tmp_path, movies=movies).known
    assert found.movies["title"].tolist()[:2] == ["Heat, the film", "Ran"]
    assert found.genres["genre"].tolist() == ["Crime", "Drama", "Drama"]
