"""What a dislike does to a list: the movies most like the disliked one move down.

Rankers learn nothing from a dislike, whose weight is 0: to them it is a movie to leave out. What it says about other
movies is said here, after ranking, in the same way whichever ranker is champion, at night and within the hour.
"""

import numpy as np
import pandas as pd

from movierec.data.columns import MOVIE, RANK, RATING, SCORE, USER, WEIGHT
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.publishing.similar import SIMILAR, similar_to
from movierec.publishing.versions import SIMILAR_LENGTH

PENALTY = "penalty"


def disliked_movies(dataset: Dataset) -> pd.DataFrame:
    """Return (user_id, movie_id) of what users disliked or dismissed without rating it: feedback of weight 0."""
    ratings = dataset.ratings
    return ratings.loc[ratings[RATING].isna() & (ratings[WEIGHT] == 0), [USER, MOVIE]]


def lower_neighbours(
    ranked: pd.DataFrame, disliked: pd.DataFrame, history: History, features: MovieFeatures
) -> pd.DataFrame:
    """Move down, in the lists of those who disliked a movie, what is most like it.

    A neighbour's score falls by its similarity times the distance between the first and the last score of the list, so
    that a movie just like the disliked one falls to the end; of several disliked ones the most similar counts.

    Args:
        ranked: (user_id, movie_id, score, rank), by user and rank.
        disliked: (user_id, movie_id).
        history: by which movies are alike.
        features: of the same catalogue.

    Returns:
        The same rows with new scores and ranks; lists of users who disliked nothing are as they were.
    """
    if disliked.empty or ranked.empty:
        return ranked
    penalties = _penalties(disliked, history, features)
    lowered = ranked.merge(penalties, "left", on=[USER, MOVIE], validate="one_to_one")
    scores = lowered.groupby(USER)[SCORE]
    spread = scores.transform("max") - scores.transform("min")
    score = lowered[SCORE] - lowered[PENALTY].fillna(0) * spread
    lowered = lowered.assign(**{SCORE: score.astype(np.float32)}).drop(columns=PENALTY)
    order = lowered.assign(user_order=pd.factorize(lowered[USER])[0])
    lowered = lowered.loc[order.sort_values(["user_order", SCORE, RANK], ascending=[True, False, True]).index]
    return lowered.assign(**{RANK: lowered.groupby(USER, sort=False).cumcount() + 1}).reset_index(drop=True)


def _penalties(disliked: pd.DataFrame, history: History, features: MovieFeatures) -> pd.DataFrame:
    """Return (user_id, movie_id, penalty): how alike a neighbour and the most similar disliked movie are, 0 to 1."""
    positions = np.searchsorted(history.movie_ids, np.unique(disliked[MOVIE]))
    neighbours = similar_to(history, features, positions.astype(np.int64), SIMILAR_LENGTH)
    of_users = disliked.merge(neighbours, on=MOVIE)
    of_users = of_users[of_users[SCORE] > 0]
    penalty = of_users.groupby([USER, SIMILAR])[SCORE].max().clip(upper=1)
    return penalty.rename(PENALTY).rename_axis([USER, MOVIE]).reset_index()
