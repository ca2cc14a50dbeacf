from pathlib import Path

import pandas as pd
import pytest
from upath import UPath

from movierec.data.dataset import SCHEMA, Dataset, empty
from movierec.errors import ModelError

MOMENT = pd.Timestamp("1998-01-01", tz="UTC")


def tables() -> dict[str, pd.DataFrame]:
    return {
        "ratings": pd.DataFrame({"user_id": [2, 1], "movie_id": [10, 10], "rating": [4, 5], "rated_at": MOMENT}),
        "movies": pd.DataFrame({"movie_id": [20, 10], "title": ["Heat", "Alien"], "release_year": [None, 1979]}),
        "users": pd.DataFrame({"user_id": [1], "age": [None], "gender": [None], "occupation": ["writer"]}),
        "genres": pd.DataFrame({"movie_id": [10], "genre": ["Horror"]}),
        "people": pd.DataFrame({"movie_id": [10], "person_id": ["m.1"], "role": ["actor"]}),
        "countries": empty("countries"),
    }


def test_frames_come_out_typed_and_sorted() -> None:
    dataset = Dataset(**tables())
    assert dataset.ratings["user_id"].tolist() == [1, 2]
    for name, schema in SCHEMA.items():
        assert {column: str(kind) for column, kind in getattr(dataset, name).dtypes.items()} == schema


def test_other_columns_are_left_out() -> None:
    extra = tables()
    extra["movies"]["poster"] = "url"
    assert list(Dataset(**extra).movies.columns) == list(SCHEMA["movies"])


def test_saved_tables_come_back_and_equal_facts_are_equal_bytes(tmp_path: Path) -> None:
    reversed_rows = {name: frame.iloc[::-1] for name, frame in tables().items()}
    for name, given in (("one", tables()), ("two", reversed_rows)):
        Dataset(**given).save(UPath(tmp_path) / name)
    loaded = Dataset.load(UPath(tmp_path) / "one")
    for name in SCHEMA:
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(Dataset(**tables()), name))
        assert (tmp_path / "one" / f"{name}.parquet").read_bytes() == (
            tmp_path / "two" / f"{name}.parquet"
        ).read_bytes()


def test_a_snapshot_of_before_there_was_a_genome_is_read(tmp_path: Path) -> None:
    Dataset(**tables()).save(UPath(tmp_path))
    (tmp_path / "genome.parquet").unlink()
    assert Dataset.load(UPath(tmp_path)).fingerprint == Dataset(**tables()).fingerprint


def test_all_tables_may_be_empty(tmp_path: Path) -> None:
    dataset = Dataset(**{name: empty(name) for name in SCHEMA})
    dataset.save(UPath(tmp_path))
    loaded = Dataset.load(UPath(tmp_path))
    assert all(getattr(loaded, name).empty for name in SCHEMA)


def test_other_ratings_leave_the_facts_alone() -> None:
    dataset = Dataset(**tables())
    other = dataset.with_ratings(dataset.ratings.head(1))
    assert len(other.ratings) == 1
    pd.testing.assert_frame_equal(other.movies, dataset.movies)


def test_other_ratings_are_brought_to_the_same_form_as_those_of_a_new_dataset() -> None:
    dataset = Dataset(**tables())
    before = dataset.fingerprint
    ratings = dataset.ratings[::-1].assign(rating=[3, 5]).drop(columns="weight")
    other = dataset.with_ratings(ratings)
    pd.testing.assert_frame_equal(other.ratings, Dataset(**{**tables(), "ratings": ratings}).ratings)
    assert other.fingerprint == Dataset(**{**tables(), "ratings": ratings, "tags": other.tags}).fingerprint != before
    assert dataset.fingerprint == before
    with pytest.raises(ModelError, match="1 rated movies, such as 77"):
        dataset.with_ratings(ratings.assign(movie_id=[10, 77]))


@pytest.mark.parametrize("name", ["ratings", "movies"])
def test_rows_that_are_equal_in_all_are_refused_wherever_they_stand(name: str) -> None:
    for rows in ([0, 0, 1], [0, 1, 0], [1, 0, 0]):
        with pytest.raises(ModelError, match=f"table '{name}' repeats 1 keys"):
            Dataset(**{**tables(), name: tables()[name].iloc[rows]})


def test_a_missing_column_is_named() -> None:
    broken = tables() | {"movies": tables()["movies"].drop(columns="title")}
    with pytest.raises(ModelError, match=r"table 'movies' lacks \['title'\]"):
        Dataset(**broken)


def test_a_wrong_type_is_named() -> None:
    broken = tables() | {"ratings": tables()["ratings"].assign(rating="good")}
    with pytest.raises(ModelError, match="table 'ratings' has a wrong type"):
        Dataset(**broken)


def test_a_rating_of_an_unknown_movie_is_refused() -> None:
    broken = tables() | {"ratings": tables()["ratings"].assign(movie_id=[10, 77])}
    with pytest.raises(ModelError, match="1 rated movies, such as 77"):
        Dataset(**broken)


def test_a_user_rates_a_movie_once() -> None:
    broken = tables() | {"ratings": tables()["ratings"].assign(user_id=1)}
    with pytest.raises(ModelError, match="table 'ratings' repeats 1 keys"):
        Dataset(**broken)


def test_a_rating_without_a_value_is_refused() -> None:
    broken = tables() | {"ratings": tables()["ratings"].assign(rating=[float("nan"), 4.0])}
    with pytest.raises(ModelError, match="1 ratings lack a value or a time"):
        Dataset(**broken)


def test_an_unknown_role_is_refused() -> None:
    broken = tables() | {"people": tables()["people"].assign(role="gaffer")}
    with pytest.raises(ModelError, match=r"roles \['gaffer'\]; allowed are \['actor', 'director', 'writer'\]"):
        Dataset(**broken)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ratings\.parquet is missing"):
        Dataset.load(UPath(tmp_path))


def test_trouble_that_another_try_may_solve_comes_through(tmp_path: Path) -> None:
    Dataset(**tables()).save(UPath(tmp_path))
    (tmp_path / "genres.parquet").unlink()
    (tmp_path / "genres.parquet").mkdir()
    with pytest.raises(IsADirectoryError):
        Dataset.load(UPath(tmp_path))
