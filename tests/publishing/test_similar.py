import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.features.content import MovieFeatures
from movierec.publishing.similar import similar_movies


@pytest.fixture
def dataset() -> Dataset:
    """Movies 1 and 2 share their raters, 3 shares a director with nobody rated but 1; 4 has nothing at all."""
    rows = [(user, movie, 5.0) for user in range(1, 9) for movie in (1, 2)] + [(9, 5, 5.0)]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"])
    return Dataset(
        ratings=ratings.assign(rated_at=pd.Timestamp("1998-01-01", tz="UTC")),
        movies=pd.DataFrame({"movie_id": [1, 2, 3, 4, 5], "title": None, "release_year": pd.NA}),
        users=empty("users"),
        genres=empty("genres"),
        people=pd.DataFrame({"movie_id": [1, 3], "person_id": "p1", "role": "director"}),
        countries=empty("countries"),
    )


def similar(dataset: Dataset, k: int) -> pd.DataFrame:
    return similar_movies(dataset, MovieFeatures.build(dataset), k)


def test_every_movie_has_k_others_with_ranks_from_one(dataset: Dataset) -> None:
    lists = similar(dataset, 3)
    assert lists["movie_id"].tolist() == list(np.repeat([1, 2, 3, 4, 5], 3))
    assert lists["rank"].tolist() == [1, 2, 3] * 5
    assert np.isfinite(lists["score"]).all()
    assert (lists["movie_id"] != lists["similar_movie_id"]).all()
    assert not lists.duplicated(["movie_id", "similar_movie_id"]).any()


def test_common_raters_make_movies_similar(dataset: Dataset) -> None:
    first = similar(dataset, 1).set_index("movie_id")
    assert first.loc[2, "similar_movie_id"] == 1
    assert first.loc[2, "score"] == pytest.approx(0.6 * 8 / (8 + 20))


def test_a_movie_nobody_rated_is_answered_by_its_content(dataset: Dataset) -> None:
    first = similar(dataset, 1).set_index("movie_id")
    assert first.loc[3, "similar_movie_id"] == 1
    assert first.loc[3, "score"] == pytest.approx(0.4)


def test_a_movie_about_which_nothing_is_known_is_answered_by_popularity(dataset: Dataset) -> None:
    lists = similar(dataset, 4)
    assert lists.loc[lists["movie_id"] == 4, "similar_movie_id"].tolist() == [1, 2, 5, 3]


def test_a_small_catalogue_gives_all_others(dataset: Dataset) -> None:
    assert len(similar(dataset, 20)) == 5 * 4


def test_no_movies_give_no_rows() -> None:
    nothing = Dataset(**{name: empty(name) for name in ("ratings", "movies", "users", "genres", "people", "countries")})
    lists = similar(nothing, 3)
    assert list(lists.columns) == ["movie_id", "similar_movie_id", "score", "rank"]
    assert lists.empty
