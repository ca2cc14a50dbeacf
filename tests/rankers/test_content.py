import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.rankers.content import Content, collaborative_vectors, predicted_vectors
from tests.rankers.conftest import MOVIES, START, USERS


@pytest.fixture(scope="module")
def dataset_with_new(dataset: Dataset) -> Dataset:
    """Two movies that nobody rated: 101 is like what the first twenty users rate, 102 like the others' movies."""
    movies = pd.DataFrame({"movie_id": [101, 102], "title": ["New one", "New two"], "release_year": 1990})
    genres = pd.DataFrame({"movie_id": [101, 102], "genre": ["Comedy", "Drama"]})
    tables = {name: getattr(dataset, name) for name in ("ratings", "users", "people", "countries")}
    return Dataset.of(
        {
            **tables,
            "movies": pd.concat([dataset.movies, movies]),
            "genres": pd.concat([dataset.genres, genres]),
        }
    )


@pytest.fixture(scope="module")
def ranker(dataset_with_new: Dataset) -> Content:
    return Content().fit(dataset_with_new, MovieFeatures.build(dataset_with_new))


def test_a_new_movie_is_recommended_to_those_who_like_its_kind(ranker: Content) -> None:
    lists = ranker.recommend(range(1, USERS + 1), MOVIES)
    rank = lists.set_index(["user_id", "movie_id"])["rank"].unstack()
    first = rank.index <= USERS // 2
    assert (rank.loc[first, 101] < rank.loc[first, 102]).all()
    assert (rank.loc[~first, 102] < rank.loc[~first, 101]).all()
    assert lists.loc[lists["rank"] <= 10, "movie_id"].isin([101, 102]).any()


def test_without_ratings_of_its_own_a_movie_is_where_its_content_says(ranker: Content) -> None:
    comedies, dramas = np.arange(1, MOVIES, 2), np.arange(0, MOVIES, 2)
    weights = ranker.item_weights(np.arange(MOVIES), np.array([MOVIES, MOVIES + 1]))
    assert weights[comedies, 0].min() > weights[dramas, 0].max()
    assert weights[dramas, 1].min() > weights[comedies, 1].max()


def test_nothing_known_about_movies_leaves_what_their_raters_say(bare: Dataset) -> None:
    movies = bare.movies.assign(title="", release_year=pd.NA)
    facts = Dataset.of({"ratings": bare.ratings, "movies": movies})
    lists = Content().fit(facts, MovieFeatures.build(facts)).recommend([1], 5)
    assert (lists["movie_id"] % 2 == 0).all()


def test_a_movie_about_which_nothing_at_all_is_known_follows_by_popularity(dataset: Dataset) -> None:
    movies = pd.DataFrame({"movie_id": [1, 2, 3], "title": "", "release_year": pd.NA})
    rows = [(1, 1, 5.0), (2, 2, 5.0), (3, 2, 5.0)]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"]).assign(rated_at=START)
    facts = Dataset.of({"ratings": ratings, "movies": movies})
    assert Content().fit(facts, MovieFeatures.build(facts)).recommend([1], 3)["movie_id"].tolist() == [2, 3]


def test_a_dislike_is_no_taste_and_a_like_is(dataset: Dataset) -> None:
    feedback = pd.DataFrame(
        {"user_id": [98, 99], "movie_id": [2, 2], "rating": np.nan, "weight": [0.0, 1.0], "rated_at": START}
    )
    known = dataset.with_ratings(pd.concat([dataset.ratings.assign(weight=np.nan), feedback]))
    ranker = Content(popularity_weight=0.01).fit(known, MovieFeatures.build(known))
    lists = ranker.recommend([98, 99], 5)
    assert (lists.loc[lists["user_id"] == 99, "movie_id"] % 2 == 0).all()
    assert lists.loc[lists["user_id"] == 98, "score"].max() <= 0.01


def test_the_regression_is_the_ridge_solution(dataset: Dataset) -> None:
    terms = MovieFeatures.build(dataset).matrix
    rng = np.random.default_rng(1)
    vectors, trust = rng.normal(size=(MOVIES, 3)).astype(np.float32), rng.uniform(0.2, 1, MOVIES)
    trust[5] = 0
    known = trust > 0
    X = terms[known].toarray().astype(float)
    A = np.linalg.solve(X @ X.T + np.diag(0.5 / trust[known]), vectors[known])
    np.testing.assert_allclose(predicted_vectors(terms, vectors, trust, 0.5), terms @ (X.T @ A), atol=2e-4)


def test_those_who_share_raters_are_in_one_place(dataset: Dataset) -> None:
    vectors = collaborative_vectors(History.of(dataset), 2)
    alike = vectors @ vectors.T
    even = np.arange(1, MOVIES, 2)
    assert alike[np.ix_(even, even)].min() > 0.9
    assert abs(alike[np.ix_(even, even - 1)]).max() < 0.1


def test_a_user_of_another_dataset_is_recommended_to_by_the_same_model(dataset: Dataset, ranker: Content) -> None:
    guest = pd.DataFrame({"user_id": [500], "movie_id": [4], "rating": [5.0], "rated_at": START})
    known = Dataset.of(
        {
            "ratings": guest,
            "movies": pd.DataFrame(
                {"movie_id": ranker.training_history_.movie_ids, "title": "", "release_year": pd.NA}
            ),
            "users": empty("users"),
        }
    )
    assert (ranker.fold_in(known).recommend([500], 5)["movie_id"].isin([*range(2, MOVIES + 1, 2), 101])).all()
