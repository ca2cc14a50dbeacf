"""Why a movie is in a list, in a sentence for the viewer that can be checked against the facts."""

import numpy as np
import pandas as pd
from scipy import sparse

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import terms
from movierec.features.profiles import UNKNOWN_GROUP, group_names
from movierec.publishing.evidence import BECAUSE, evidence, liked_movies, user_blocks
from movierec.rankers.base import Ranker

POPULAR = "Popular with everyone"
POPULAR_BY_RANKER = {"popularity": POPULAR, "recent_popularity": "Popular these days"}
PICKED = "Picked for you"
REASON = "reason"
NO_ATTRIBUTE = -1  # in place of a position
# What two movies can share: the sentence for it, and how much more it says than a genre that is as rare.
ATTRIBUTES = {
    "director": ("You liked other movies by {}", 4.0),
    "writer": ("You liked other movies written by {}", 3.0),
    "actor": ("You liked other movies with {}", 2.0),
    "tag": ("You liked other movies tagged “{}”", 1.5),
    "genre": ("You liked other movies of the genre {}", 1.0),
}


def with_reasons(lists: pd.DataFrame, dataset: Dataset, ranker: Ranker) -> pd.DataFrame:
    """Add `because_movie_id` and `reason` to (user_id, movie_id, …).

    The reason is the liked movie that speaks most for the recommended one; else a person, tag or genre that it shares
    with movies the viewer liked; else that it was picked. Where a movie is in a list because many rate it, the reason
    says so: in all lists of the ranker by popularity, and in those of viewers without a history.
    """
    explained = evidence(lists, ranker)
    titles = dataset.movies.set_index(MOVIE)["title"]
    reason = ("Because you liked " + explained[BECAUSE].map(titles).astype("string")).astype(object)
    is_new = ~explained[USER].isin(dataset.ratings[USER])
    if ranker.name in POPULAR_BY_RANKER:
        reason[:] = POPULAR_BY_RANKER[ranker.name]
    else:
        without_reason = reason.isna() & ~is_new
        reason[without_reason] = _shared_attributes(explained[without_reason], dataset)
    reason[is_new] = _popular_with(explained[is_new], dataset, ranker)
    return explained.assign(**{REASON: reason.fillna(PICKED)})


def _popular_with(lists: pd.DataFrame, dataset: Dataset, ranker: Ranker) -> list[str]:
    """Name the viewer's group where the movie is more popular with it than with everybody."""
    groups, shares = ranker.cold_start_.groups_of(lists[USER].to_numpy(np.int64)), ranker.cold_start_.shares
    movies = np.searchsorted(dataset.movies[MOVIE], lists[MOVIE])
    is_own = shares[groups, movies] > shares[UNKNOWN_GROUP, movies]
    names = group_names(dataset.users, lists[USER].to_numpy(np.int64))
    return [f"Popular with {name}" if own and name else POPULAR for own, name in zip(is_own, names, strict=True)]


def _shared_attributes(lists: pd.DataFrame, dataset: Dataset) -> list[str | None]:
    """Name what each movie shares with most of the liked ones, the rarer the better; None where it shares nothing."""
    history = History.of(dataset)
    sentences, weights = _attributes(dataset, history.movie_ids)
    if not sentences:
        return [None] * len(lists)
    has_attribute = (weights > 0).astype(np.float32)
    liked = liked_movies(history)
    movies = np.searchsorted(history.movie_ids, lists[MOVIE])
    strongest = np.full(len(lists), NO_ATTRIBUTE, np.int64)
    # In blocks: the attributes of everybody's liked movies are too many to hold at once.
    for positions, rows in user_blocks(lists[USER].to_numpy(), history.user_ids):
        users, row_in_block = np.unique(positions, return_inverse=True)
        counts = (liked[users] @ has_attribute).log1p().tocsr()
        strongest[rows] = _strongest(counts[row_in_block], weights[movies[rows]])
    return [None if attribute == NO_ATTRIBUTE else sentences[attribute] for attribute in strongest]


def _attributes(dataset: Dataset, movie_ids: Ints) -> tuple[list[str], sparse.csr_matrix]:
    """Return a sentence per attribute that movies can share, and its weight for each movie (movies × attributes)."""
    people = dataset.people.rename(columns={"name": "attribute"})
    frames = {role: people[people["role"] == role] for role in ("director", "writer", "actor")}
    frames |= {
        kind: table.rename(columns={kind: "attribute"})
        for kind, table in (("tag", dataset.tags), ("genre", dataset.genres))
    }
    weights: list[sparse.csr_matrix] = []
    sentences: list[str] = []
    for kind, (sentence, weight) in ATTRIBUTES.items():
        pairs = frames[kind].dropna(subset="attribute").drop_duplicates([MOVIE, "attribute"])
        weights.append(weight * terms(pairs[[MOVIE, "attribute"]], "attribute", movie_ids))
        names = np.sort(pairs.loc[pairs[MOVIE].isin(movie_ids), "attribute"].unique())
        sentences += [sentence.format(name) for name in names]
    return sentences, sparse.hstack(weights, format="csr", dtype=np.float32)


def _strongest(liked: sparse.csr_matrix, recommended: sparse.csr_matrix) -> Ints:
    """Return the attribute (column) of the largest product in each row; `NO_ATTRIBUTE` where all are 0."""
    products = liked.multiply(recommended).tocsr()
    best = np.asarray(products.argmax(axis=1)).ravel().astype(np.int64)
    return np.where(np.diff(products.indptr) > 0, best, NO_ATTRIBUTE)
