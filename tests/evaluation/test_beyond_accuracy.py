from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from movierec.evaluation.beyond_accuracy import coverage, diversity, first_k, gini, novelty
from movierec.features.content import MovieFeatures

from .lists import LISTS, random_lists

USERS = np.array([1, 2, 3, 4])
MOVIES = np.array([10, 20, 30, 40, 50, 60])


def features(rows: np.ndarray, movie_ids: np.ndarray = MOVIES) -> MovieFeatures:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    matrix = sparse.csr_matrix(rows / np.where(lengths > 0, lengths, 1))
    return MovieFeatures(movie_ids, matrix, np.zeros((len(rows), 0), np.float32))


def test_novelty_is_the_mean_information_in_bits() -> None:
    raters = np.array([8, 4, 2, 1, 0, 16])  # of 16 users
    bits = novelty(LISTS, USERS, MOVIES, raters, 16)
    assert bits[0] == pytest.approx((1 + 4 + 2 + 3) / 4)  # movies 10, 40, 20, 30: -log2 of 1/2, 1/16, 1/4, 1/8
    assert bits[1] == pytest.approx((2 + 1 + 4) / 3)  # nobody rated 50: as if one user had
    assert bits[2] == 0  # everybody knows 60
    assert np.isnan(bits[3])


def test_diversity_is_one_minus_the_mean_similarity_of_pairs() -> None:
    rows = np.array([[1.0, 0], [1, 0], [0, 1], [1, 1], [0, 0], [1, 0]])
    found = diversity(LISTS, USERS, features(rows))
    # movies 10, 40, 20, 30: cosines of 10-40, 10-20, 10-30, 40-20, 40-30, 20-30
    half = np.sqrt(1 / 2)
    assert found[0] == pytest.approx(1 - (half + 1 + 0 + half + half + 0) / 6)
    assert found[1] == pytest.approx(1 - (1 + 0 + 0) / 3)  # 50 has no features: unlike everything
    assert np.isnan(found[2:]).all()  # one movie has no pair


def test_diversity_is_empty_where_nothing_is_known_of_two_movies_of_a_list() -> None:
    assert np.isnan(diversity(LISTS, USERS, features(np.zeros((6, 2))))).all()
    one_known = np.array([[0.0, 0], [0, 0], [1, 0], [0, 0], [0, 0], [0, 0]])
    assert np.isnan(diversity(LISTS, USERS, features(one_known))).all()


def test_diversity_is_the_average_over_all_pairs_of_random_lists() -> None:
    rng = np.random.default_rng(0)
    table = features(rng.random((60, 8)) * (rng.random((60, 8)) < 0.4), np.arange(60))
    lists = random_lists(0)
    users = np.unique(lists["user_id"])
    similar = (table.matrix @ table.matrix.T).toarray()
    found = diversity(lists, users, table)
    for user, value in zip(users, found, strict=True):
        pairs = [similar[pair] for pair in combinations(lists.loc[lists["user_id"] == user, "movie_id"], 2)]
        expected = 1 - np.mean(pairs) if pairs else np.nan
        assert value == pytest.approx(expected, nan_ok=True)


def test_coverage_is_the_share_of_the_catalogue() -> None:
    assert coverage(LISTS, 10) == 6 / 10
    assert coverage(first_k(LISTS, 1), 10) == 3 / 10


def test_gini_is_zero_for_equals_and_near_one_for_a_single_movie() -> None:
    assert gini(pd.DataFrame({"movie_id": [1, 2, 3, 4]}), 4) == pytest.approx(0)
    assert gini(pd.DataFrame({"movie_id": [1, 1, 1]}), 4) == pytest.approx((4 - 1) / 4)
    assert gini(pd.DataFrame({"movie_id": []}), 4) == 0


def test_gini_is_half_the_mean_difference_over_the_mean() -> None:
    lists = random_lists(1)
    counts = lists["movie_id"].value_counts().reindex(range(80), fill_value=0).to_numpy()
    differences = np.abs(counts[:, None] - counts[None, :]).mean()
    assert gini(lists, 80) == pytest.approx(differences / (2 * counts.mean()))
