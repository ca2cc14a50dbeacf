"""How far predicted ratings are from users' own, for rankers that predict ratings at all."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from movierec.data.columns import MOVIE, RATING, USER
from movierec.errors import ModelError


@runtime_checkable
class PredictsRatings(Protocol):
    """A ranker whose scores are also ratings, on the scale of the ratings it learned from."""

    def predict_ratings(self, users: ArrayLike, movies: ArrayLike) -> NDArray[np.floating]:
        """Return the rating that each user (id) would give the movie (id) beside it; all NaN if it learned of none."""
        ...


@dataclass(frozen=True)
class RatingError:
    """The root of the mean squared error and the mean absolute error, in ratings, over so many of them."""

    rmse: float
    mae: float
    ratings: int


def rating_error(predicted: ArrayLike, ratings: ArrayLike) -> RatingError:
    """Compare predicted with given ratings, one by one.

    Raises:
        ModelError: they are not of one length, there are none, or one is not a finite number.
    """
    first, second = np.asarray(predicted, np.float64), np.asarray(ratings, np.float64)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise ModelError(f"ratings have the shapes {first.shape} and {second.shape}; allowed is one per given rating")
    errors = first - second
    broken = int((~np.isfinite(errors)).sum())
    if broken:
        raise ModelError(f"{broken} of {errors.size} ratings or predictions are not finite numbers")
    return RatingError(float(np.sqrt((errors**2).mean())), float(np.abs(errors).mean()), errors.size)


def rating_error_of(ranker: object, test: pd.DataFrame) -> RatingError | None:
    """Compare what a ranker predicts for the rated rows of `test`; None where it predicts no ratings, or none are."""
    rated = test[test[RATING].notna()]
    if rated.empty or not isinstance(ranker, PredictsRatings):
        return None
    predicted = ranker.predict_ratings(rated[USER].to_numpy(), rated[MOVIE].to_numpy())
    if np.isnan(predicted).all():
        return None
    return rating_error(predicted, rated[RATING])
