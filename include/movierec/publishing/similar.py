"""Movies like a movie, for every movie: also for those that nobody rated yet."""

import numpy as np
import pandas as pd
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, RANK, SCORE
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.kernels.top_k import top_k
from movierec.rankers.building_blocks.by_popularity import unscored_by_popularity
from movierec.rankers.building_blocks.neighbours import ROWS_AT_ONCE, cosine

SIMILAR = "similar_movie_id"
SHRINKAGE = 20.0
CONTENT_SHARE = 0.4


def similar_movies(dataset: Dataset, features: MovieFeatures, k: int) -> pd.DataFrame:
    """Rank the k movies most like each movie of the catalogue, itself left out.

    The score is 0.6 · shrunk cosine over raters + 0.4 · content similarity: with few raters the first term fades and
    content decides. Movies alike in neither way follow by popularity with scores below 0, so the list is always full.

    Returns:
        (movie_id, similar_movie_id, score, rank), rank from 1; k rows per movie, or all others where there are fewer.
    """
    history = History.of(dataset)
    return similar_to(history, features, np.arange(len(history.movie_ids)), k)


def similar_to(history: History, features: MovieFeatures, movies: Ints, k: int) -> pd.DataFrame:
    """Rank the k movies most like each of some, as `similar_movies` does for all.

    Args:
        history: who rated what.
        features: of the same catalogue.
        movies: positions in the history.
        k: the length of a list.
    """
    raters = history.seen.T.tocsr()
    blocks = [movies[start : start + ROWS_AT_ONCE] for start in range(0, len(movies), ROWS_AT_ONCE)]
    lists = [_top_k(history, raters, features.matrix, block, k) for block in blocks]
    columns = [MOVIE, SIMILAR, SCORE, RANK]
    return pd.concat(lists, ignore_index=True) if lists else pd.DataFrame(columns=columns)


def _top_k(
    history: History, raters: sparse.csr_matrix, content: sparse.csr_matrix, block: Ints, k: int
) -> pd.DataFrame:
    scores = unscored_by_popularity(_similarity(raters, content, block), history)
    scores[np.arange(len(scores)), block] = -np.inf
    rows, columns, ranks = top_k(scores, k)
    return pd.DataFrame(
        {
            MOVIE: history.movie_ids[block][rows],
            SIMILAR: history.movie_ids[columns],
            SCORE: scores[rows, columns],
            RANK: ranks,
        }
    )


def _similarity(raters: sparse.csr_matrix, content: sparse.csr_matrix, block: Ints) -> Floats:
    by_raters = cosine(raters[block], raters, SHRINKAGE)
    by_content = (content[block] @ content.T).toarray()
    return np.asarray((1 - CONTENT_SHARE) * by_raters + CONTENT_SHARE * by_content, np.float32)
