import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.user_knn import UserKNN

START = pd.Timestamp("1998-01-01", tz="UTC")
# Users 1 and 2 share two movies, users 1 and 3 one; 2 leads to movie 3, 3 to movie 4.
PAIRS = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 4)]
FIRST, SECOND = 2 / (np.sqrt(2 * 3) + 1), 1 / (np.sqrt(2 * 2) + 1)


def rated(dataset: Dataset, pairs: list[tuple[int, int]]) -> Dataset:
    frame = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    return dataset.with_ratings(frame.assign(rating=5.0, rated_at=START))


def test_a_movie_scores_the_similarities_of_the_neighbours_who_rated_it(
    dataset: Dataset, features: MovieFeatures
) -> None:
    scores = UserKNN(shrinkage=1).fit(rated(dataset, PAIRS), features).scores(np.array([0]))[0]
    np.testing.assert_allclose(scores[:4], [FIRST, FIRST + SECOND, FIRST, SECOND], rtol=1e-6)


def test_only_the_nearest_are_asked(dataset: Dataset, features: MovieFeatures) -> None:
    scores = UserKNN(neighbours=1, shrinkage=1).fit(rated(dataset, PAIRS), features).scores(np.array([0]))[0]
    np.testing.assert_allclose(scores[:3], [FIRST, FIRST, FIRST], rtol=1e-6)
    assert scores[3] < 0


def test_somebody_folded_in_finds_the_same_neighbours(dataset: Dataset, features: MovieFeatures) -> None:
    knn = UserKNN(shrinkage=1).fit(rated(dataset, PAIRS), features)
    others = knn.fold_in(rated(dataset, [(9, 1), (9, 2)])).scores(np.array([0]))[0]
    twin = 2 / (2 + 1)  # user 1, who rated the same two, is now a neighbour too
    np.testing.assert_allclose(others[:4], [FIRST + twin, FIRST + SECOND + twin, FIRST, SECOND], rtol=1e-6)


def test_a_user_alone_has_no_neighbour_and_gets_popular_movies(dataset: Dataset, features: MovieFeatures) -> None:
    knn = UserKNN().fit(rated(dataset, [(1, 1)]), features)
    assert (knn.scores(np.array([0])) <= 0).all()


@pytest.mark.parametrize("user", [1, 21])
def test_a_loaded_model_finds_the_same_neighbours(user: int, dataset: Dataset, features: MovieFeatures) -> None:
    knn = UserKNN().fit(dataset, features)
    again = UserKNN()
    again.training_history_ = again.history_ = knn.training_history_
    again._from_arrays({}, None)
    np.testing.assert_array_equal(again.scores(np.array([user])), knn.scores(np.array([user])))


def test_a_movie_adds_what_it_has_in_common_with_the_neighbours_who_rated_the_target(
    dataset: Dataset, features: MovieFeatures
) -> None:
    knn = UserKNN(shrinkage=1).fit(rated(dataset, PAIRS), features)
    own, targets = np.array([0, 1]), np.array([2, 3])
    found = next(iter(knn.contributions(np.array([0]), [own], [targets])))
    # User 2 shares both movies and leads to movie 3, user 3 shares the second one alone and leads to movie 4.
    np.testing.assert_allclose(found, [[FIRST / 2, 0], [FIRST / 2, SECOND]], rtol=1e-6)
