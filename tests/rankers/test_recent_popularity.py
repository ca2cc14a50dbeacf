import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.popularity import Popularity
from movierec.rankers.recent_popularity import RecentPopularity

from .test_popularity import rated


def counts(facts: Dataset, features: MovieFeatures, **parameters: float | None) -> np.ndarray:
    plain = {"prior_half_life_days": None, "max_raise": 1.0}
    return RecentPopularity(**{**plain, **parameters}).fit(facts, features).counts_


def test_only_the_window_counts_in_full_and_all_times_as_of_so_many_users(
    dataset: Dataset, features: MovieFeatures
) -> None:
    facts = rated(dataset, (1, 1, 0, 5), (2, 1, 1, 5), (1, 2, 50, 5), (2, 3, 80, 5))
    found = counts(facts, features, window_days=30, prior_users=1)[:4]
    # two users: movie 1 was rated by both long ago, 2 and 3 by one of them within 30 days of the newest rating
    assert found.tolist() == [2 / 2, 1 + 1 / 2, 1 + 1 / 2, 0]


def test_a_rating_of_the_windows_first_moment_is_in_it(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1, 0, 5), (1, 2, 30, 5))
    assert counts(facts, features, window_days=30, prior_users=0.5)[:2].tolist() == [1.5, 1.5]


def test_with_a_half_life_ratings_fade(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1, 0, 5), (1, 2, 20, 5), (1, 3, 40, 5))
    found = counts(facts, features, window_days=None, half_life_days=20, prior_users=1)[:3]
    assert found.tolist() == [1 / 4 + 1, 1 / 2 + 1, 1 + 1]


def test_the_prior_fades_more_slowly_and_so_do_the_users_that_it_is_shared_out_to(
    dataset: Dataset, features: MovieFeatures
) -> None:
    facts = rated(dataset, (1, 1, 0, 5), (2, 2, 100, 5))
    found = counts(facts, features, window_days=10, prior_half_life_days=100, prior_users=3)[:2]
    np.testing.assert_allclose(found, [3 * (1 / 2) / (1 / 2 + 1), 1 + 3 * 1 / (1 / 2 + 1)], rtol=1e-6)


def test_a_movie_of_ten_days_is_compared_by_what_thirty_would_have_brought(
    dataset: Dataset, features: MovieFeatures
) -> None:
    # User 9 only says how old the dataset is. Movie 2 is there for ten of thirty days, movie 1 for all of them.
    facts = rated(dataset, (9, 9, 0, 5), (1, 1, 10, 5), (2, 1, 41, 5), (1, 2, 40, 5), (9, 3, 50, 5))
    parameters = {"window_days": 30, "prior_users": 1e-6}
    np.testing.assert_allclose(counts(facts, features, max_raise=4, **parameters)[:2], [1, 3], rtol=1e-5)
    np.testing.assert_allclose(counts(facts, features, max_raise=2, **parameters)[:2], [1, 2], rtol=1e-5)
    np.testing.assert_allclose(counts(facts, features, max_raise=1, **parameters)[:2], [1, 1], rtol=1e-5)


def test_with_one_shared_timestamp_the_order_is_that_of_popularity(dataset: Dataset, features: MovieFeatures) -> None:
    facts = dataset.with_ratings(dataset.ratings.assign(rated_at=pd.Timestamp(0, tz="UTC")))
    lists = [ranker.fit(facts, features).recommend(range(1, 41), 10) for ranker in (RecentPopularity(), Popularity())]
    pd.testing.assert_frame_equal(*(frame.drop(columns="score") for frame in lists))


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"window_days": 0}, "window_days = 0; it must be larger than 0"),
        ({"half_life_days": -1}, "half_life_days = -1; it must be larger than 0"),
        ({"prior_users": 0}, "prior_users = 0"),
        ({"max_raise": 0.5}, "max_raise = 0.5"),
    ],
)
def test_other_values_are_refused(
    dataset: Dataset, features: MovieFeatures, parameters: dict[str, float], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        RecentPopularity(**parameters).fit(dataset, features)
