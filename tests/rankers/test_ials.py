import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.kernels.als import solve
from movierec.kernels.parallel import over_rows, sparse_rows
from movierec.rankers.ials import IALS

USERS, MOVIES, FACTORS = 12, 20, 6
CONFIDENCE = sparse.random(USERS, MOVIES, 0.3, format="csr", dtype=np.float32, random_state=4) * np.float32(10)
Y = np.random.default_rng(5).standard_normal((MOVIES, FACTORS)).astype(np.float32)


def direct(ridge: float) -> np.ndarray:
    """Solve the normal equations of every user as Hu, Koren and Volinsky write them down."""
    solutions = []
    for c in CONFIDENCE.toarray().astype(np.float64):
        A = Y.T @ np.diag(1 + c) @ Y + ridge * np.eye(FACTORS)
        solutions.append(np.linalg.solve(A, Y.T @ np.where(c > 0, 1 + c, 0)))
    return np.array(solutions)


def error_after(steps: int) -> float:
    X = np.zeros((USERS, FACTORS), np.float32)
    over_rows(solve, USERS, sparse_rows(CONFIDENCE), Y, Y.T @ Y, np.full(USERS, 2, np.float32), steps, X)
    return float(np.abs(X - direct(2)).max())


def test_the_more_steps_the_nearer_is_the_direct_solution() -> None:
    errors = [error_after(steps) for steps in (1, 3, 20)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-5


def test_scores_are_products_with_the_direct_solution(dataset: Dataset, features: MovieFeatures) -> None:
    ials = IALS(factors=8, regularisation=2.0, alpha=5.0, scaling=0.5).fit(dataset, features)
    signal, Y = ials.history_.signal_matrix[3].toarray()[0].astype(np.float64), ials.factors_
    ridge = 2.0 * np.sqrt(1 + 5 * signal.sum() / len(signal))
    A = Y.T @ np.diag(1 + 5 * signal) @ Y + ridge * np.eye(8)
    x = np.linalg.solve(A, Y.T @ np.where(signal > 0, 1 + 5 * signal, 0))
    np.testing.assert_allclose(ials.scores(np.array([3]))[0], Y @ x, atol=1e-4)


def loss(ials: IALS) -> float:
    """The sum that is minimised, for ν = 0."""
    c = ials.alpha * ials.history_.signal_matrix.toarray().astype(np.float64)
    Y = ials.factors_.astype(np.float64)
    X = np.array([np.linalg.solve(Y.T @ np.diag(1 + u) @ Y + np.eye(len(Y[0])), Y.T @ ((1 + u) * (u > 0))) for u in c])
    return float(((1 + c) * ((c > 0) - X @ Y.T) ** 2).sum() + (X**2).sum() + (Y**2).sum())


def test_every_epoch_brings_the_loss_down(dataset: Dataset, features: MovieFeatures) -> None:
    settings = {"factors": 4, "regularisation": 1.0, "alpha": 2.0, "scaling": 0.0}
    losses = [loss(IALS(**settings, epochs=epochs).fit(dataset, features)) for epochs in (1, 3, 10)]
    assert losses[0] > losses[1] > losses[2]


def test_the_seed_decides(dataset: Dataset, features: MovieFeatures) -> None:
    one, again, other = (IALS(seed=seed).fit(dataset, features).factors_ for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_the_number_of_threads_changes_nothing(
    threads: str, dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = IALS().fit(dataset, features).factors_
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    np.testing.assert_array_equal(IALS().fit(dataset, features).factors_, expected)


def test_movies_that_nobody_rated_score_zero(dataset: Dataset, features: MovieFeatures) -> None:
    few = dataset.with_ratings(dataset.ratings[dataset.ratings["movie_id"] <= 6])
    ials = IALS().fit(few, features)
    assert not ials.scores(np.arange(5))[:, 6:].any()


def test_who_is_folded_in_gets_what_the_same_history_got_before(dataset: Dataset, features: MovieFeatures) -> None:
    ials = IALS().fit(dataset, features)
    renamed = dataset.with_ratings(dataset.ratings.assign(user_id=dataset.ratings["user_id"] + 1000))
    folded = ials.fold_in(renamed).recommend([1004], 5)
    pd.testing.assert_frame_equal(folded[["movie_id", "score"]], ials.recommend([4], 5)[["movie_id", "score"]])


def test_what_says_nothing_is_not_wanted(dataset: Dataset, features: MovieFeatures) -> None:
    silent = dataset.ratings.assign(weight=np.float32(0))
    silent.loc[silent["movie_id"] == 2, "rating"] = np.nan
    ials = IALS(epochs=30).fit(dataset.with_ratings(silent), features)
    assert abs(ials.scores(np.arange(20))[:, 1]).max() < 1e-3


def test_a_movie_adds_to_a_score_what_the_score_of_nothing_else_wanted_would_be(
    dataset: Dataset, features: MovieFeatures
) -> None:
    """As Hu, Koren and Volinsky explain it: y_jᵀ W yᵢ (1 + cᵢ), written out."""
    ials = IALS(factors=8, regularisation=2.0, alpha=5.0, scaling=0.5).fit(dataset, features)
    signal, Y = ials.history_.signal_matrix[3].toarray()[0].astype(np.float64), ials.factors_.astype(np.float64)
    W = np.linalg.inv(Y.T @ np.diag(1 + 5 * signal) @ Y + 2.0 * np.sqrt(1 + 5 * signal.sum() / 30) * np.eye(8))
    own, targets = np.flatnonzero(signal)[2:5], np.array([0, 7, 29])
    found = next(iter(ials.contributions(np.array([3]), [own], [targets])))
    expected = [[Y[j] @ W @ Y[i] * (1 + 5 * signal[i]) for j in targets] for i in own]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
