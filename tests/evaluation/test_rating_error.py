import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from movierec.errors import ModelError
from movierec.evaluation.rating_error import rating_error, rating_error_of

TEST = pd.DataFrame({"user_id": [1, 1, 2], "movie_id": [5, 6, 5], "rating": [4.0, np.nan, 2.0]})


class Threes:
    def predict_ratings(self, users: np.ndarray, movies: np.ndarray) -> np.ndarray:
        return np.full(len(users), 3.0)


def test_errors_are_squared_or_not() -> None:
    error = rating_error([3.0, 5.0, 1.0], [4.0, 2.0, 1.0])
    assert error.rmse == pytest.approx(np.sqrt((1 + 9 + 0) / 3))
    assert error.mae == pytest.approx((1 + 3 + 0) / 3)
    assert error.ratings == 3


def test_errors_are_scikit_learns() -> None:
    predicted, given = np.random.default_rng(0).uniform(1, 5, (2, 500))
    error = rating_error(predicted, given)
    assert error.rmse == pytest.approx(root_mean_squared_error(given, predicted))
    assert error.mae == pytest.approx(mean_absolute_error(given, predicted))


def test_a_ranker_that_predicts_ratings_is_asked_about_the_rated_rows() -> None:
    error = rating_error_of(Threes(), TEST)
    assert error is not None
    assert (error.rmse, error.mae, error.ratings) == (1, 1, 2)


def test_a_ranker_that_only_orders_has_no_error() -> None:
    assert rating_error_of(object(), TEST) is None
    assert rating_error_of(Threes(), TEST.assign(rating=np.nan)) is None


def test_a_ranker_that_learned_no_rating_has_no_error() -> None:
    class Ignorant:
        def predict_ratings(self, users: np.ndarray, movies: np.ndarray) -> np.ndarray:
            return np.full(len(users), np.nan)

    assert rating_error_of(Ignorant(), TEST) is None


@pytest.mark.parametrize(("predicted", "given"), [([], []), ([1.0], [1.0, 2.0]), ([np.nan], [3.0]), ([np.inf], [3.0])])
def test_what_cannot_be_compared_is_refused(predicted: list[float], given: list[float]) -> None:
    with pytest.raises(ModelError, match=r"one per given rating|not finite numbers"):
        rating_error(predicted, given)
