"""Why a movie is in a list, in a sentence for the viewer that can be checked against the facts."""

import numpy as np
import pandas as pd
from scipy import sparse

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import terms
from movierec.features.profiles import group_names
from movierec.publishing.evidence import BECAUSE, blocks, evidence, liked_movies
from movierec.rankers.base import Ranker

POPULAR = "Popular with everyone"
PICKED = "Picked for you"
REASON = "reason"
# What two movies can share, as a sentence, and how much more it says than a genre that is as rare.
SHARED = {
    "director": ("You liked other movies by {}", 4.0),
    "writer": ("You liked other movies written by {}", 3.0),
    "actor": ("You liked other movies with {}", 2.0),
    "tag": ("You liked other movies tagged “{}”", 1.5),
    "genre": ("You liked other movies of the genre {}", 1.0),
}


def with_reasons(lists: pd.DataFrame, dataset: Dataset, ranker: Ranker) -> pd.DataFrame:
    """Add `because_movie_id` and `reason` to (user_id, movie_id, …).

    The reason is the liked movie that speaks most for the recommended one; else a person, tag or genre that it shares
    with movies the viewer liked; else that it was picked. What is in the list because many rate it says so: all lists
    of the ranker by popularity, and those of viewers without a history.
    """
    explained = evidence(lists, ranker)
    titles = dataset.movies.set_index(MOVIE)["title"]
    reason = ("Because you liked " + explained[BECAUSE].map(titles).astype("string")).astype(object)
    new = ~explained[USER].isin(dataset.ratings[USER])
    if ranker.name == "popularity":
        return explained.assign(**{REASON: np.where(new, _popular(explained, dataset, ranker), POPULAR)})
    open_rows = reason.isna() & ~new
    reason[open_rows] = _shared(explained[open_rows], dataset)
    reason[new] = _popular(explained[new], dataset, ranker)
    return explained.assign(**{REASON: reason.fillna(PICKED)})


def _popular(lists: pd.DataFrame, dataset: Dataset, ranker: Ranker) -> list[str]:
    """Name the viewer's group where the movie is more popular with it than with everybody."""
    shares = ranker.newcomers_.scores(lists[USER].to_numpy(np.int64)) if len(lists) else np.zeros((0, 0))
    movies = np.searchsorted(dataset.movies[MOVIE], lists[MOVIE])
    is_own = shares[np.arange(len(lists)), movies] > ranker.newcomers_.shares[0, movies]
    names = group_names(dataset.users, lists[USER].to_numpy(np.int64))
    return [f"Popular with {name}" if own and name else POPULAR for own, name in zip(is_own, names, strict=True)]


def _shared(lists: pd.DataFrame, dataset: Dataset) -> list[str | None]:
    """Name what each movie shares with most of the liked ones, the rarer the better; None where it is nothing."""
    history = History.of(dataset)
    sentences, of_movie = _things(dataset, history.movie_ids)
    if not sentences:
        return [None] * len(lists)
    presence = (of_movie > 0).astype(np.float32)
    liked = liked_movies(history)
    movies = np.searchsorted(history.movie_ids, lists[MOVIE])
    chosen = np.full(len(lists), -1, np.int64)
    for positions, rows in blocks(lists[USER].to_numpy(), history.user_ids):
        users, places = np.unique(positions, return_inverse=True)
        # What everybody liked shares is too much to hold at once.
        things = (liked[users] @ presence).log1p().tocsr()
        chosen[rows] = _strongest(things, of_movie, places, movies[rows])
    return [None if thing < 0 else sentences[thing] for thing in chosen]


def _things(dataset: Dataset, movie_ids: Ints) -> tuple[list[str], sparse.csr_matrix]:
    """Return a sentence for everything movies can share, and how much it says of which movie (movies × things)."""
    people = dataset.people.rename(columns={"name": "thing"})
    frames = {role: people[people["role"] == role] for role in ("director", "writer", "actor")}
    frames |= {
        kind: table.rename(columns={kind: "thing"})
        for kind, table in (("tag", dataset.tags), ("genre", dataset.genres))
    }
    blocks: list[sparse.csr_matrix] = []
    sentences: list[str] = []
    for kind, (sentence, weight) in SHARED.items():
        known = frames[kind].dropna(subset="thing").drop_duplicates([MOVIE, "thing"])
        blocks.append(weight * terms(known[[MOVIE, "thing"]], "thing", movie_ids))
        names = np.sort(known.loc[known[MOVIE].isin(movie_ids), "thing"].unique())
        sentences += [sentence.format(name) for name in names]
    return sentences, sparse.hstack(blocks, format="csr", dtype=np.float32)


def _strongest(liked: sparse.csr_matrix, of_movie: sparse.csr_matrix, users: Ints, movies: Ints) -> Ints:
    common = liked[users].multiply(of_movie[movies]).tocsr()
    best = np.asarray(common.argmax(axis=1)).ravel().astype(np.int64)
    return np.where(np.diff(common.indptr) > 0, best, -1)
