import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.ease import EASE, NEAR_SCALE_RATINGS


def closed_form(X: np.ndarray, regularisation: float) -> np.ndarray:
    P = np.linalg.inv(X.T @ X + regularisation * np.eye(X.shape[1]))
    return np.eye(X.shape[1]) - P / np.diag(P)


def test_ease_is_the_closed_form(dataset: Dataset, features: MovieFeatures) -> None:
    ease = EASE(regularisation=10.0).fit(dataset, features)
    B = closed_form(ease.history_.signal_matrix.toarray().astype(np.float64), 10.0)
    np.testing.assert_allclose(ease.weights_, B, atol=1e-5)
    np.testing.assert_allclose(ease.item_weights(np.arange(30), np.arange(30)), B, atol=1e-5)


def test_ease_is_the_closed_form_over_many_tiles() -> None:
    generator = np.random.default_rng(3)
    pairs = np.unique(generator.integers(0, [400, 150], (6000, 2)), axis=0)
    ratings = pd.DataFrame(pairs + 1, columns=["user_id", "movie_id"]).assign(
        rating=generator.integers(1, 6, len(pairs)), rated_at=pd.Timestamp("1998-01-01", tz="UTC")
    )
    movies = pd.DataFrame({"movie_id": np.arange(1, 151), "title": "a film", "release_year": 1990})
    dataset = Dataset.of({"ratings": ratings, "movies": movies})
    ease = EASE(regularisation=20.0).fit(dataset, MovieFeatures.build(dataset))
    B = closed_form(ease.history_.signal_matrix.toarray().astype(np.float64), 20.0)
    np.testing.assert_allclose(ease.weights_, B, atol=1e-5)


def pairwise(users: int, movies: int) -> Dataset:
    """Everybody rates all movies in an order of their own, in which two and two always come together."""
    rng = np.random.default_rng(1)
    orders = [rng.permutation(movies // 2)[:, None] * 2 + rng.permutation(2) for _ in range(users)]
    ratings = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(1, users + 1), movies),
            "movie_id": np.concatenate([order.ravel() for order in orders]) + 1,
            "rating": 5.0,
            "rated_at": pd.Timestamp("1998-01-01", tz="UTC")
            + pd.to_timedelta(np.tile(np.arange(movies), users), unit="min"),
        }
    )
    catalogue = pd.DataFrame({"movie_id": np.arange(1, movies + 1), "title": "a film", "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": catalogue})


def test_near_pairs_of_long_histories_can_be_inverted() -> None:
    # Without its diagonal, or scaled up to what it replaces, K is not positive definite here.
    dataset = pairwise(users=400, movies=600)
    ease = EASE(regularisation=50.0, near_share=0.6).fit(dataset, MovieFeatures.build(dataset))
    partner = np.arange(600) ^ 1
    others = np.delete(ease.weights_[0], [0, 1])
    assert np.isfinite(ease.weights_).all()
    assert ease.weights_[np.arange(600), partner].min() > 10 * np.abs(others).max()


@pytest.mark.parametrize("near_share", [0.3, 1.0])
def test_near_pairs_are_weighed_against_all_pairs(near_share: float) -> None:
    dataset = pairwise(users=30, movies=12)
    ease = EASE(regularisation=3.0, near_share=near_share).fit(dataset, MovieFeatures.build(dataset))
    X = ease.history_.signal_matrix.toarray().astype(np.float64)
    moments = dataset.ratings.pivot_table(index="user_id", columns="movie_id", values="rated_at", aggfunc="first")
    place = moments.rank(axis=1).to_numpy()
    K = np.exp(-np.abs(place[:, :, None] - place[:, None, :]) / NEAR_SCALE_RATINGS).sum(axis=0)
    P = np.linalg.inv((1 - near_share) * X.T @ X + near_share * K + 3.0 * np.eye(12))
    np.testing.assert_allclose(ease.weights_, np.eye(12) - P / np.diag(P), atol=1e-4)


def test_a_matrix_that_rounding_spoils_gets_more_regularisation(caplog: pytest.LogCaptureFixture) -> None:
    ratings = pairwise(users=3000, movies=60)
    ease = EASE(regularisation=1e-6).fit(ratings, MovieFeatures.build(ratings))
    assert np.isfinite(ease.weights_).all()
    assert "EASE cannot be solved with the regularisation 1e-06" in caplog.text


def test_rarely_rated_movies_follow_by_popularity_when_the_model_may_not_grow(
    dataset: Dataset, features: MovieFeatures
) -> None:
    ease = EASE(max_movies=3).fit(dataset, features)
    most = np.sort(np.argsort(-ease.history_.counts, kind="stable")[:3])
    assert ease.weights_.shape == (3, 3)
    scores = ease.scores(np.arange(40))
    rest = np.setdiff1d(np.arange(30), most)
    assert (scores[:, rest].max(axis=1) <= scores[:, most].min(axis=1)).all()
    order = np.lexsort((rest, -ease.history_.counts[rest]))
    assert (np.diff(scores[:, rest[order]], axis=1) <= 0).all()


def test_movies_that_nobody_rated_take_no_part(dataset: Dataset, features: MovieFeatures) -> None:
    few = dataset.with_ratings(dataset.ratings[dataset.ratings["movie_id"] <= 6])
    ease = EASE().fit(few, features)
    assert ease.weights_.shape == (6, 6)
    assert not ease.item_weights(np.arange(30), np.arange(30))[6:].any()


@pytest.mark.parametrize("regularisation", [0.0, -1.0])
def test_ease_without_regularisation_says_what_is_needed(
    regularisation: float, dataset: Dataset, features: MovieFeatures
) -> None:
    with pytest.raises(ModelError, match=f"{regularisation}; it must be larger than 0"):
        EASE(regularisation=regularisation).fit(dataset, features)


def test_who_is_folded_in_gets_what_the_same_history_got_before(dataset: Dataset, features: MovieFeatures) -> None:
    ease = EASE().fit(dataset, features)
    renamed = dataset.with_ratings(dataset.ratings.assign(user_id=dataset.ratings["user_id"] + 1000))
    folded = ease.fold_in(renamed).recommend([1004], 5)
    assert folded[["movie_id", "score"]].equals(ease.recommend([4], 5)[["movie_id", "score"]])


@pytest.mark.parametrize(("users", "ridge"), [(9, 200.0), (100, 500.0), (400, 1_000.0)])
def test_the_ridge_grows_with_the_ratings_of_a_movie_within_bounds(users: int, ridge: float) -> None:
    dataset = pairwise(users, movies=20)
    features = MovieFeatures.build(dataset)
    weights = EASE().fit(dataset, features).weights_
    np.testing.assert_array_equal(weights, EASE(regularisation=ridge).fit(dataset, features).weights_)
