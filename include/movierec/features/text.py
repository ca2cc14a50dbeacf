"""What is written about a movie: its title, genres, tags, plot and the people in it, as one line of words."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE
from movierec.data.dataset import Dataset

NAMES_A_ROLE = 5  # people who are billed later tell little


def texts(dataset: Dataset) -> list[str]:
    """Return one line per movie of the catalogue, in its order; empty where nothing is written."""
    movie_ids = dataset.movies[MOVIE].to_numpy()
    by_billing = dataset.people.sort_values([MOVIE, "role", "billing", "name"])
    billed = by_billing[by_billing.groupby([MOVIE, "role"]).cumcount() < NAMES_A_ROLE]
    parts = (
        dataset.movies["title"].fillna("").to_numpy(object),
        _join_values(dataset.genres, "genre", movie_ids),
        _join_values(dataset.tags, "tag", movie_ids),
        dataset.movies["plot"].fillna("").to_numpy(object),
        _join_values(billed, "name", movie_ids),
    )
    return [" ".join(filter(None, line)) for line in zip(*parts, strict=True)]


def word_weights(lines: list[str]) -> sparse.csr_matrix:
    """Weigh words by TF-IDF, repetition by its logarithm (lines × words, float64); without words no columns."""
    vectorizer = TfidfVectorizer(strip_accents="unicode", stop_words="english", sublinear_tf=True)
    if not any(map(vectorizer.build_analyzer(), lines)):
        return sparse.csr_matrix((len(lines), 0))
    return vectorizer.fit_transform(lines)


def _join_values(frame: pd.DataFrame, column: str, movie_ids: Ints) -> list[str]:
    known = frame[frame[MOVIE].isin(movie_ids)].dropna(subset=column)
    words: list[list[str]] = [[] for _ in movie_ids]
    for position, word in zip(np.searchsorted(movie_ids, known[MOVIE]), known[column], strict=True):
        words[position].append(word)
    return [" ".join(line) for line in words]
