import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.popularity import Popularity

START = pd.Timestamp("1998-01-01", tz="UTC")


def rated(dataset: Dataset, *events: tuple[int, int, int, float]) -> Dataset:
    frame = pd.DataFrame(events, columns=["user_id", "movie_id", "day", "rating"])
    return dataset.with_ratings(frame.assign(rated_at=START + pd.to_timedelta(frame["day"], unit="D")))


def test_what_is_one_half_life_old_counts_half(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1, 0, 5), (2, 1, 10, 5), (1, 2, 10, 5))
    assert Popularity(half_life_days=10).fit(facts, features).counts_[:3].tolist() == [1 / 2 + 1, 1, 0]
    assert Popularity().fit(facts, features).counts_[:3].tolist() == [2, 1, 0]


def test_a_rating_that_says_little_counts_little(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1, 0, 2), (2, 1, 0, 2), (1, 2, 0, 5))
    np.testing.assert_allclose(Popularity().fit(facts, features).counts_[:2], [0.3 + 0.3, 1], rtol=1e-6)


def test_other_feedback_counts_its_weight(dataset: Dataset, features: MovieFeatures) -> None:
    ratings = rated(dataset, (1, 1, 0, 5), (2, 2, 0, 5)).ratings
    facts = dataset.with_ratings(ratings.assign(rating=[5, np.nan], weight=[np.nan, 0.25]))
    assert Popularity().fit(facts, features).counts_[:2].tolist() == [1, 0.25]


def test_a_half_life_that_is_none_is_refused(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="half-life of 0 days; it must be larger than 0"):
        Popularity(half_life_days=0).fit(dataset, features)
