"""The real MovieLens 1M: long histories, on which matrices that small data never spoils have to be inverted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.ease import EASE
from movierec.rankers.reranking.hybrid import Hybrid

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "ml-1m"  # beside the project
USERS, K = 6_040, 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"MovieLens 1M is not in {FOLDER}"),
]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    ratings = pd.read_csv(
        FOLDER / "ratings.dat.gz", sep="::", engine="python", names=["user_id", "movie_id", "rating", "seconds"]
    )
    movies = pd.read_csv(
        FOLDER / "movies.dat", sep="::", engine="python", encoding="latin-1", names=["movie_id", "name", "genres"]
    )
    titles = movies["name"].str.extract(r"^(?P<title>.*) \((?P<release_year>\d{4})\)$")
    genres = movies.assign(genre=movies["genres"].str.split("|")).explode("genre")
    return Dataset.of(
        {
            "ratings": ratings.assign(rated_at=pd.to_datetime(ratings["seconds"], unit="s", utc=True)),
            "movies": titles.assign(movie_id=movies["movie_id"], release_year=titles["release_year"].astype("Int64")),
            "genres": genres[["movie_id", "genre"]],
        }
    )


@pytest.fixture(scope="module")
def features(dataset: Dataset) -> MovieFeatures:
    return MovieFeatures.build(dataset)


def assert_whole_lists(ranker: Ranker, dataset: Dataset) -> None:
    lists = ranker.recommend(dataset.ratings["user_id"].unique(), K)
    assert lists["user_id"].value_counts().eq(K).all()
    assert lists["user_id"].nunique() == USERS
    assert np.isfinite(lists["score"]).all()
    assert not lists.duplicated(["user_id", "movie_id"]).any()
    assert lists.merge(dataset.ratings, on=["user_id", "movie_id"]).empty


def test_ease_of_near_pairs_is_fitted_as_it_is_configured(
    dataset: Dataset, features: MovieFeatures, caplog: pytest.LogCaptureFixture
) -> None:
    ease = EASE(near_share=0.6, regularisation=400, max_movies=8_000).fit(dataset, features)
    assert len(dataset.ratings) > 900_000
    assert np.isfinite(ease.weights_).all()
    assert "cannot be solved" not in caplog.text
    assert_whole_lists(ease, dataset)


def test_a_hybrid_of_few_trees_needs_to_leave_no_base_ranker_out(dataset: Dataset, features: MovieFeatures) -> None:
    hybrid = Hybrid(rounds=5, training_users=300).fit(dataset, features)
    assert not hybrid.left_out
    assert hybrid.model_ is not None
    assert_whole_lists(hybrid, dataset)
