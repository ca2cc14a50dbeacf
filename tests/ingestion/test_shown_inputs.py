"""Inputs as people bring them, through all of ingestion with its gates; skipped where they are not at hand."""

import os
import re
from pathlib import Path

import pytest

from movierec.comparison.inputs import Files, read_inputs
from movierec.errors import MovierecError
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.quality import sentences
from movierec.quality.gate import check
from movierec.sources.registry import SOURCES
from movierec.sources.source import Origin

CASES = Path(os.environ.get("SHOWN_INPUTS", Path(__file__).resolve().parents[3] / "shared" / "cases"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not on this machine")]


class Night:
    """One night on a case: what the database holds, and every sentence that was said."""

    def __init__(self, conn, tmp_path: Path, case: str) -> None:
        self.conn = conn
        self.error = ""
        folder = CASES / case
        data = next((folder / name for name in ("data",) if (folder / name).is_dir()), None)
        data = data or next(path for path in folder.iterdir() if path.name.startswith("data."))
        locations = {"events": str(folder / "events")} if (folder / "events").is_dir() else {}
        origin = Origin(str(data), tmp_path / "cache", locations, {}, lambda _: None)
        self.batch_id = open_batch(conn, "night", str(data))
        for source in ("movielens", *locations):
            try:
                extract(conn, self.batch_id, source, SOURCES.create(source, origin))
            except MovierecError as error:
                self.error += f"{error}\n"
        try:
            for gate, step in (("raw", None), ("staging", stage), ("core", build_core)):
                if step:
                    step(conn, self.batch_id)
                check(conn, gate, self.batch_id, tmp_path / "quality")
            accept_batch(conn, self.batch_id, keep_nights=14)
        except MovierecError as error:
            self.error += f"{error}\n"

    def value(self, statement: str) -> object:
        return self.conn.execute(statement).fetchone()[0]

    def said(self) -> str:
        said = sentences.scales(self.conn, self.batch_id) + sentences.warnings(self.conn, self.batch_id)
        return "\n".join([*said, self.error])


@pytest.fixture
def night(conn, tmp_path):
    return lambda case: Night(conn, tmp_path, case)


def test_ages_as_floats(night):
    done = night("age-floats")
    assert not done.error
    assert done.value("select count(*) from core.users where age = 24") == 8


def test_minus_one_is_seen_and_not_rated(night):
    done = night("anime-minus-one")
    assert not done.error
    assert done.value("select count(*) from staging.ratings where rating < 0.5") == 0
    wrong = (
        "select count(*) from raw.ratings inner join staging.ratings as typed using (slice_id, position) "
        "where ratings.rating = '8' and typed.rating <> 4"
    )
    assert done.value(wrong) == 0
    assert done.value("select count(*) from core.ratings") > 0
    assert "-1" in done.said()


def test_ids_are_compared_over_all_files():
    folder = CASES / "ev-leading-zeros-mixed" / "eval"
    inputs = read_inputs(Files(folder / "train.csv", folder / "test.csv"), 4.0, "auto", True)
    # the viewer whose id has letters is in the test alone
    (told,) = [note for note in inputs.notes if "newcomer" in note]
    assert told.startswith("1 evaluated users")


def test_other_files_in_the_events_folder_are_named(night):
    said = night("events-other-files").said()
    assert "feedback.csv" in said
    assert "ratings-movies.json" in said


def test_decimal_commas(night):
    done = night("excel-eu")
    if done.error:
        assert "decimal comma" in done.error
    else:
        assert done.value("select count(*) from core.ratings") == 3000
        assert done.value("select count(*) from core.ratings where rating = 4.5") > 0


def test_years_as_floats(night):
    done = night("float-year")
    assert not done.error
    assert done.value("select release_year from core.movies where movie_id = 1") == 1995


def test_genres_of_two_words(night):
    done = night("genres-two-words")
    assert not done.error
    found = {genre for (genre,) in done.conn.execute("select genre from core.movie_genre")}
    assert {"Action & Adventure", "Martial Arts", "Slice Of Life"} <= {genre.title() for genre in found}
    assert done.value("select max(n) from (select count(*) as n from core.movie_genre group by movie_id)") == 1


def test_hetrec(night):
    done = night("hetrec")
    if done.error:
        assert re.search(r"\bid\b", done.error)
    else:
        assert done.value("select title from core.movies where movie_id = 1") == "Toy Story"
        assert done.value("select max(rated_at) < '2020-01-01' from core.ratings")
        assert done.value("select count(*) from core.ratings") > 1000


def test_indexes_of_pandas_are_new_columns(night):
    done = night("pandas-unnamed")
    assert not done.error
    assert "Unnamed: 0.1" in done.said()
    assert done.value("select count(*) from core.ratings") > 2000


def test_parquet(night):
    done = night("parquet")
    assert not done.error
    assert done.value("select count(*) from core.ratings") > 100


def test_quoted_ratings_of_ten(night):
    done = night("quoted-ten")
    assert not done.error
    assert done.value("select count(*) from core.ratings where rating > 5 or rating < 0.5") == 0
    assert (
        done.value(
            "select rating from core.ratings inner join staging.ratings using (user_id, movie_id, rating) "
            "where movie_id = 120735 and user_id = 1"
        )
        == 4.5
    )


def test_tar_gz(night):
    done = night("tar-gz")
    assert not done.error
    assert done.value("select count(*) from core.ratings") > 1000


def test_dates_of_the_united_states(night):
    done = night("us-dates")
    assert not done.error
    assert str(done.value("select release_date from core.movies where movie_id = 1")) == "1995-10-30"
    assert done.value("select release_year from core.movies where movie_id = 1") == 1995


def test_a_users_file_of_another_meaning_stops_nothing(night):
    done = night("users-txt-pipes")
    assert not done.error
    assert done.value("select count(*) from core.ratings") > 1000
    assert "users.txt" in done.said()
    assert "viewer0@example.org" not in done.said()
    assert "Viewer Number" not in done.said()


def test_spreadsheets_get_a_sentence(night):
    done = night("xlsx")
    assert "spreadsheet" in done.error
