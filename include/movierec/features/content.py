"""Movies described by what they are rather than by who rated them."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from upath import UPath

from movierec.artifacts import load_arrays, pack, save_arrays, unpack
from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, WEIGHT
from movierec.data.dataset import ROLES, Dataset
from movierec.errors import ModelError
from movierec.features.embeddings import embed
from movierec.features.text import texts, word_weights

FEATURES_FILE = "movie_features.npz"
YEARS_A_DECADE = 10
WEIGHTS = {
    "genre": 1.0,
    "director": 0.8,
    "writer": 0.6,
    "actor": 0.6,
    "year": 0.3,
    "decade": 0.6,
    "country": 0.4,
    "tag": 0.6,
    "genome": 0.8,
    "text": 0.5,
}


@dataclass(frozen=True, eq=False)
class MovieFeatures:
    """One row per movie; the dot product of two rows is their similarity.

    Attributes:
        movie_ids: the catalogue, ascending.
        matrix: movies × terms, float32, rows of length 1 (of length 0 for a movie about which nothing is known);
            similarities from 0 to 1.
        embeddings: movies × dimensions, float32: the meaning of what is written about a movie, rows of length 1 or 0;
            similarities from -1 to 1.
    """

    movie_ids: Ints
    matrix: sparse.csr_matrix
    embeddings: Floats

    @classmethod
    def build(cls, dataset: Dataset) -> "MovieFeatures":
        """Scale each row of every block to length 1 and multiply the blocks with their `WEIGHTS`.

        A block of which the dataset knows nothing has no columns. Ratings are not looked at, but tags are: build the
        features from the known side of a split.
        """
        movie_ids = dataset.movies[MOVIE].to_numpy()
        lines = texts(dataset)
        terms_of = _blocks(dataset, movie_ids) | {"text": word_weights(lines)}
        blocks = [WEIGHTS[name] * _unit_rows(block) for name, block in terms_of.items()]
        return cls(movie_ids, _unit_rows(sparse.hstack(blocks, format="csr", dtype=np.float32)), embed(lines))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of everything: equal for equal features."""
        parts = (self.movie_ids, self.embeddings, *pack(self.matrix).values())
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()

    def save(self, folder: UPath) -> None:
        """Write the features as one `.npz` of plain arrays."""
        save_arrays(
            folder / FEATURES_FILE, {"movie_ids": self.movie_ids, "embeddings": self.embeddings, **pack(self.matrix)}
        )

    @classmethod
    def load(cls, folder: UPath) -> "MovieFeatures":
        """Read what `save` wrote.

        Raises:
            ModelError: the file is missing or is not what `save` writes.
        """
        arrays = load_arrays(folder / FEATURES_FILE)
        try:
            return cls(arrays["movie_ids"], unpack(arrays), arrays["embeddings"])
        except (ValueError, KeyError) as error:
            raise ModelError(
                f"{folder / FEATURES_FILE} does not hold movie features ({error!r}); train again"
            ) from error


def _blocks(dataset: Dataset, movie_ids: Ints) -> dict[str, sparse.csr_matrix]:
    year = dataset.movies[[MOVIE, "release_year"]].dropna()
    decade = year.assign(release_year=year["release_year"] // YEARS_A_DECADE)
    people = dataset.people
    return {
        "genre": terms(dataset.genres, "genre", movie_ids),
        **{role: terms(_people_by_billing(people[people["role"] == role]), "person_id", movie_ids) for role in ROLES},
        "year": terms(year, "release_year", movie_ids),
        "decade": terms(decade, "release_year", movie_ids),
        "country": terms(dataset.countries, "country", movie_ids),
        "tag": terms(dataset.tags.assign(tag=dataset.tags["tag"].str.lower()), "tag", movie_ids),
        "genome": terms(dataset.genome.rename(columns={"relevance": WEIGHT}), "tag", movie_ids),
    }


def _people_by_billing(people: pd.DataFrame) -> pd.DataFrame:
    """Weigh people by their position in the credits: 1, 1/√2, 1/√3 …; unknown ones count like the first."""
    position = people["billing"].fillna(1).clip(lower=1).to_numpy(np.float64)
    return people.assign(**{WEIGHT: 1 / np.sqrt(position)})


def _unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Scale rows to length 1; empty rows stay empty, and unlike scikit-learn's `normalize` no columns are fine."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)))
    return (sparse.diags(1 / np.where(lengths > 0, lengths, 1).ravel()) @ matrix).tocsr().astype(np.float32)


def terms(frame: pd.DataFrame, column: str, movie_ids: Ints) -> sparse.csr_matrix:
    """Return a table of (movie, term) as a matrix (movies × terms); rarer terms weigh more (smoothed idf).

    A column `weight` says how much a row counts, else each counts 1.
    """
    known = frame[frame[MOVIE].isin(movie_ids)].dropna(subset=column)
    codes, names = pd.factorize(known[column], sort=True)
    cells = (np.searchsorted(movie_ids, known[MOVIE].to_numpy()), codes)
    weights = known[WEIGHT].to_numpy(np.float64) if WEIGHT in known else np.ones(len(known))
    counts = sparse.csr_matrix((weights, cells), shape=(len(movie_ids), len(names)))
    return TfidfTransformer(norm=None).fit_transform(counts) if counts.nnz else counts
