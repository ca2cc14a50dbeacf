"""The formulas, on data whose answer can be worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.ease import Ease
from movierec.rankers.followers import Followers
from movierec.rankers.neighbours import cosine, nearest
from movierec.rankers.popularity import Popularity

START = pd.Timestamp("1998-01-01", tz="UTC")


def rated(dataset: Dataset, *events: tuple[int, int, int]) -> Dataset:
    frame = pd.DataFrame(events, columns=["user_id", "movie_id", "day"])
    return dataset.with_ratings(frame.assign(rating=5.0, rated_at=START + pd.to_timedelta(frame["day"], unit="D")))


def test_cosine_is_the_overlap_over_both_lengths() -> None:
    X = sparse.csr_matrix([[1, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=np.float32)
    expected = [[1, 2 / np.sqrt(2 * 3), 0], [2 / np.sqrt(2 * 3), 1, 1 / np.sqrt(3)], [0, 1 / np.sqrt(3), 1]]
    np.testing.assert_allclose(cosine(X, X, 0), expected, rtol=1e-6)


def test_shrinkage_is_added_to_the_lengths() -> None:
    X = sparse.csr_matrix([[1, 1], [1, 1]], dtype=np.float32)
    np.testing.assert_allclose(cosine(X, X, 3)[0, 1], 2 / (2 + 3))


def test_nobody_is_their_own_neighbour() -> None:
    X = sparse.csr_matrix([[1, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=np.float32)
    kept = nearest(X, 1, 0).toarray()
    np.testing.assert_allclose(
        kept, [[0, 2 / np.sqrt(6), 0], [2 / np.sqrt(6), 0, 0], [0, 1 / np.sqrt(3), 0]], rtol=1e-6
    )


def test_ease_is_the_closed_form(dataset: Dataset, features: MovieFeatures) -> None:
    ease = Ease(regularisation=10.0).fit(dataset, features)
    X = ease.history_.wanted.toarray().astype(np.float64)
    P = np.linalg.inv(X.T @ X + 10.0 * np.eye(X.shape[1]))
    B = np.eye(X.shape[1]) - P / np.diag(P)
    np.testing.assert_allclose(ease.weights_, B, atol=1e-5)


def test_ease_leaves_rarely_rated_movies_out_when_it_may_not_grow(dataset: Dataset, features: MovieFeatures) -> None:
    ease = Ease(max_movies=3).fit(dataset, features)
    most = np.sort(np.argsort(-ease.history_.counts, kind="stable")[:3])
    assert ease.weights_.shape == (3, 3)
    assert set(np.flatnonzero(ease.scores(np.arange(40)).any(axis=0))) <= set(most)


def test_ease_without_regularisation_says_what_is_needed(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="must be larger than 0"):
        Ease(regularisation=0.0).fit(rated(dataset, (1, 1, 1)), features)


def test_popularity_halves_what_is_one_half_life_old(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1, 0), (2, 1, 10), (1, 2, 10))
    assert Popularity(half_life_days=10).fit(facts, features).counts_[:3].tolist() == [1.5, 1, 0]
    assert Popularity().fit(facts, features).counts_[:3].tolist() == [2, 1, 0]


def test_followers_have_a_direction(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1, 0), (1, 2, 1), (2, 1, 0), (2, 2, 1))
    weights = Followers().fit(facts, features).weights_
    assert weights[0, 1] == pytest.approx(2 / np.sqrt(2 + 20))
    assert weights[1, 0] == 0
