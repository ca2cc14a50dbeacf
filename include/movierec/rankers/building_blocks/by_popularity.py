"""How popularity serves other rankers: which movies a model of bounded size holds, and how all others are ordered."""

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.history import History

OUTSIDE = -1  # the column of a movie that a model does not hold
OUTSIDE_GAP = 0.01  # between movies inside and outside a model, as a share of the range of the user's scores
PRIOR_COUNT = 20.0  # added to counts before popular movies are damped


def popularity(history: History) -> Floats:
    """Return the share of users who rated each movie (float32): the order for those about whom nothing is known."""
    return history.counts / np.float32(max(history.shape[0], 1))


def damping_divisor(counts: Floats, damping: float) -> Floats:
    """Return what the scores of movies with these counts are divided by, so that the popular ones do not always win."""
    return (counts + PRIOR_COUNT) ** damping


def unscored_by_popularity(scores: Floats, history: History) -> Floats:
    """Order movies without evidence (score <= 0) by popularity after those with some; their scores are -1 to 0."""
    return np.where(scores > 0, scores, popularity(history) - 1).astype(np.float32)


def most_rated(history: History, max_movies: int) -> Ints:
    """Return the positions of the `max_movies` movies with most ratings, ascending; never of a movie without any."""
    ordered = np.argsort(-history.counts, kind="stable")[:max_movies]
    return np.sort(ordered[history.counts[ordered] > 0])


def columns_in(movie_positions: Ints, movies: int) -> Ints:
    """Return for each of so many movies of a catalogue its column in a model of these movies, `OUTSIDE` for none."""
    columns = np.full(movies, OUTSIDE)
    columns[movie_positions] = np.arange(len(movie_positions))
    return columns


def outside_by_popularity(scores: Floats, movie_positions: Ints, history: History) -> Floats:
    """Order the movies outside a model by popularity after those inside.

    Args:
        scores: of the movies inside the model (rows × these movies, float32).
        movie_positions: of the movies inside.
        history: that the model was fitted on.

    Returns:
        Scores of the whole catalogue (rows × movies, float32).
    """
    if len(movie_positions) == history.shape[1]:
        return scores
    if not len(movie_positions):
        return np.tile(popularity(history), (len(scores), 1))
    lowest, highest = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    # Just below: outliers would mislead rankers that standardise the scores.
    step = np.maximum(OUTSIDE_GAP * (highest - lowest), np.float32(1e-6))
    everything = lowest - step * (1 + OUTSIDE_GAP - popularity(history)[None])
    everything[:, movie_positions] = scores
    return np.asarray(everything, np.float32)
