import numpy as np
import pandas as pd
import pytest

from movierec.dataset import Dataset, empty
from movierec.evidence import evidence
from movierec.features.content import MovieFeatures
from movierec.rankers import RANKERS, create


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Users 1 to 8 rate 10, 20 and 30; user 9 likes 10, less so 20, and has not seen 30; 40 is alone."""
    rows = [(user, movie, 5.0) for user in range(1, 9) for movie in (10, 20, 30)]
    ratings = pd.DataFrame(
        [*rows, (9, 10, 5.0), (9, 20, 2.0), (10, 40, 3.0)], columns=["user_id", "movie_id", "rating"]
    )
    movies = pd.DataFrame({"movie_id": [10, 20, 30, 40], "title": None, "release_year": pd.NA})
    nothing = {table: empty(table) for table in ("users", "genres", "people", "countries")}
    return Dataset(ratings=ratings.assign(rated_at=pd.Timestamp("1998-01-01", tz="UTC")), movies=movies, **nothing)


def because(dataset: Dataset, ranker: str, *pairs: tuple[int, int]) -> list[int | None]:
    fitted = create(ranker).fit(dataset, MovieFeatures.build(dataset))
    frame = pd.DataFrame(pairs, columns=["user_id", "movie_id"], index=range(5, 5 + len(pairs)))
    found = evidence(frame, dataset, fitted)
    assert str(found["because_movie_id"].dtype) == "Int64"
    pd.testing.assert_frame_equal(found[["user_id", "movie_id"]], frame)
    return [None if pd.isna(value) else int(value) for value in found["because_movie_id"]]


@pytest.mark.parametrize("ranker", ["ease", "item_knn", "hybrid"])
def test_the_liked_movie_is_named_and_not_the_disliked_one(dataset: Dataset, ranker: str) -> None:
    assert because(dataset, ranker, (9, 30)) == [10]


@pytest.mark.parametrize("ranker", ["ease", "item_knn", "hybrid"])
def test_nothing_is_named_where_nothing_contributed(dataset: Dataset, ranker: str) -> None:
    assert because(dataset, ranker, (10, 30), (9, 30), (9, 40), (10_000, 30)) == [None, 10, None, None]


@pytest.mark.parametrize("ranker", ["ease", "item_knn", "hybrid"])
def test_the_best_of_a_harsh_viewers_low_ratings_was_not_liked(dataset: Dataset, ranker: str) -> None:
    harsh = pd.DataFrame([(11, 10, 2.0), (11, 20, 1.0)], columns=["user_id", "movie_id", "rating"])
    rated_at = pd.Timestamp("1998-01-01", tz="UTC")
    facts = dataset.with_ratings(pd.concat([dataset.ratings, harsh.assign(rated_at=rated_at)]))
    assert because(facts, ranker, (11, 30), (9, 30)) == [None, 10]


def test_a_ranker_without_pairs_of_movies_has_no_evidence(dataset: Dataset) -> None:
    assert because(dataset, "popularity", (9, 30)) == [None]


def test_no_recommendations_give_no_rows(dataset: Dataset) -> None:
    assert because(dataset, "ease") == []


@pytest.mark.parametrize("ranker", sorted(RANKERS))
def test_whatever_is_named_was_liked(dataset: Dataset, ranker: str) -> None:
    fitted = create(ranker).fit(dataset, MovieFeatures.build(dataset))
    found = evidence(fitted.recommend(range(1, 11), 4), dataset, fitted).dropna(subset="because_movie_id")
    rated = found.merge(dataset.ratings, left_on=["user_id", "because_movie_id"], right_on=["user_id", "movie_id"])
    means = dataset.ratings.groupby("user_id")["rating"].mean()
    assert len(rated) == len(found)
    assert (rated["rating"] >= 4).all()
    assert (rated["rating"].to_numpy() >= means.loc[rated["user_id"]].to_numpy()).all()
    assert np.isfinite(found["score"]).all()
