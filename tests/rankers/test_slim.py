import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.slim import SLIM


def dense(slim: SLIM) -> tuple[np.ndarray, np.ndarray]:
    return slim.history_.signal_matrix.toarray().astype(np.float64), slim.weights_.toarray()


def test_every_movie_is_an_elastic_net_on_the_others(dataset: Dataset, features: MovieFeatures) -> None:
    slim = SLIM(l1=0.5, l2=4.0).fit(dataset, features)
    X, W = dense(slim)
    # scikit-learn's loss is ours divided by the number of rows
    net = {"alpha": (0.5 + 4.0) / len(X), "l1_ratio": 0.5 / (0.5 + 4.0), "positive": True, "fit_intercept": False}
    for movie in range(0, X.shape[1], 6):
        others = np.delete(np.arange(X.shape[1]), movie)
        expected = ElasticNet(**net, tol=1e-6).fit(X[:, others], X[:, movie]).coef_
        np.testing.assert_allclose(W[others, movie], expected, atol=5e-3)


def test_one_pair_of_movies_has_the_weight_that_arithmetic_gives(dataset: Dataset, features: MovieFeatures) -> None:
    pairs = pd.DataFrame([(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)], columns=["user_id", "movie_id"])
    facts = dataset.with_ratings(pairs.assign(rating=5.0, rated_at=pd.Timestamp("1998-01-01", tz="UTC")))
    W = SLIM(l1=0.5, l2=1.0).fit(facts, features).weights_.toarray()
    assert W[0, 1] == pytest.approx((2 - 0.5) / (3 + 1))  # movie 1 has three raters, two of them in common
    assert W[1, 0] == pytest.approx((2 - 0.5) / (2 + 1))
    assert np.count_nonzero(W) == 2


def test_no_movie_speaks_for_itself_and_none_against_another(dataset: Dataset, features: MovieFeatures) -> None:
    _, W = dense(SLIM(l1=0.1, l2=1.0).fit(dataset, features))
    assert not np.diag(W).any()
    assert (W >= 0).all()


def test_rarely_rated_movies_are_left_out_when_the_model_may_not_grow(
    dataset: Dataset, features: MovieFeatures
) -> None:
    slim = SLIM(l1=0.1, max_movies=5).fit(dataset, features)
    most = np.argsort(-slim.history_.counts, kind="stable")[:5]
    assert set(np.concatenate(slim.weights_.nonzero())) <= set(most)


def test_penalties_that_are_none_are_refused(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match=r"penalties 0 and 1; both must be larger than 0"):
        SLIM(l1=0, l2=1).fit(dataset, features)
