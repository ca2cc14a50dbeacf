"""Movies described by what they are rather than by who rated them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from upath import UPath

from movierec.artifacts import load_arrays, pack, save_arrays, unpack
from movierec.columns import MOVIE
from movierec.dataset import ROLES, Dataset
from movierec.errors import ModelError
from movierec.features.types import Ints

FILE = "movie_features.npz"
YEARS_A_DECADE = 10
WEIGHTS = {
    "genre": 1.0,
    "director": 0.8,
    "writer": 0.6,
    "actor": 0.6,
    "year": 0.3,
    "decade": 0.6,
    "country": 0.4,
    "title": 0.5,
}


@dataclass(frozen=True, eq=False)
class MovieFeatures:
    """One row per movie; the dot product of two rows is their content similarity, from 0 to 1.

    Attributes:
        movie_ids: the catalogue, ascending.
        matrix: movies × terms, float32, rows of length 1 (of length 0 for a movie about which nothing is known).
    """

    movie_ids: Ints
    matrix: sparse.csr_matrix

    @classmethod
    def build(cls, dataset: Dataset) -> "MovieFeatures":
        """Weigh the blocks of `WEIGHTS` against each other, each row of a block having length 1 before."""
        movie_ids = dataset.movies[MOVIE].to_numpy()
        blocks = [WEIGHTS[name] * _unit_rows(block) for name, block in _blocks(dataset, movie_ids).items()]
        return cls(movie_ids, _unit_rows(sparse.hstack(blocks, format="csr", dtype=np.float32)))

    def save(self, folder: UPath) -> None:
        """Write the features as one `.npz` of plain arrays."""
        save_arrays(folder / FILE, {"movie_ids": self.movie_ids, **pack(self.matrix)})

    @classmethod
    def load(cls, folder: UPath) -> "MovieFeatures":
        """Read what `save` wrote.

        Raises:
            ModelError: the file is missing or is not what `save` writes.
        """
        arrays = load_arrays(folder / FILE)
        try:
            return cls(arrays["movie_ids"], unpack(arrays))
        except (ValueError, KeyError) as error:
            raise ModelError(f"{folder / FILE} does not hold movie features ({error!r}); train again") from error


def _blocks(dataset: Dataset, movie_ids: Ints) -> dict[str, sparse.csr_matrix]:
    year = dataset.movies[[MOVIE, "release_year"]].dropna()
    decade = year.assign(release_year=year["release_year"] // YEARS_A_DECADE)
    people = dataset.people
    return {
        "genre": terms(dataset.genres, "genre", movie_ids),
        **{role: terms(people[people["role"] == role], "person_id", movie_ids) for role in ROLES},
        "year": terms(year, "release_year", movie_ids),
        "decade": terms(decade, "release_year", movie_ids),
        "country": terms(dataset.countries, "country", movie_ids),
        "title": _titles(dataset.movies["title"]),
    }


def _unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Scale rows to length 1; empty rows stay empty, and unlike scikit-learn's `normalize` no columns are fine."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)))
    return (sparse.diags(1 / np.where(lengths > 0, lengths, 1).ravel()) @ matrix).tocsr().astype(np.float32)


def terms(frame: pd.DataFrame, column: str, movie_ids: Ints) -> sparse.csr_matrix:
    """Lay a table of (movie, term) out as movies × terms; rarer terms weigh more (smoothed inverse frequency)."""
    known = frame[frame[MOVIE].isin(movie_ids)].dropna(subset=column)
    codes, names = pd.factorize(known[column], sort=True)
    cells = (np.searchsorted(movie_ids, known[MOVIE].to_numpy()), codes)
    counts = sparse.csr_matrix((np.ones(len(known)), cells), shape=(len(movie_ids), len(names)))
    return TfidfTransformer(norm=None).fit_transform(counts) if counts.nnz else counts


def _titles(titles: pd.Series) -> sparse.csr_matrix:
    text = titles.fillna("")
    vectorizer = TfidfVectorizer(strip_accents="unicode", stop_words="english")
    if not any(map(vectorizer.build_analyzer(), text)):
        return sparse.csr_matrix((len(text), 0))
    return vectorizer.fit_transform(text)
