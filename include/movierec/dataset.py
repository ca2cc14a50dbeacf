"""The facts every model learns from, as one immutable set of tables.

A dataset is what was known at one moment. It is read from the warehouse once, kept as Parquet, and from then on
features, rankers and evaluation see nothing else.
"""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.columns import MOVIE, RATED_AT, RATING, USER
from movierec.errors import ModelError

TIME = "datetime64[us, UTC]"
ROLES = ("actor", "director", "writer")

SCHEMA: dict[str, dict[str, str]] = {
    "ratings": {USER: "int64", MOVIE: "int64", RATING: "float32", RATED_AT: TIME},
    "movies": {MOVIE: "int64", "title": "str", "release_year": "Int64"},
    "users": {USER: "int64", "age": "Int64", "gender": "str", "occupation": "str"},
    "genres": {MOVIE: "int64", "genre": "str"},
    "people": {MOVIE: "int64", "person_id": "str", "role": "str"},
    "countries": {MOVIE: "int64", "country": "str"},
}
KEYS = {"ratings": [USER, MOVIE], "movies": [MOVIE], "users": [USER]}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Ratings and what is known about movies and users; any table may be empty.

    Every frame is brought to the columns, order and dtypes of `SCHEMA`, its rows sorted, so that equal facts are equal
    bytes. Movies that appear in `ratings` must appear in `movies`.

    Raises:
        ModelError: a column is missing or of another type, a key repeats, a rating is no number or of no known movie.
    """

    ratings: pd.DataFrame
    movies: pd.DataFrame
    users: pd.DataFrame
    genres: pd.DataFrame
    people: pd.DataFrame
    countries: pd.DataFrame

    def __post_init__(self) -> None:
        """Conform every frame, then check what holds between them."""
        for name in SCHEMA:
            object.__setattr__(self, name, _conform(name, getattr(self, name)))
        _check_ratings(self.ratings, self.movies)
        _check_roles(self.people)

    def with_ratings(self, ratings: pd.DataFrame) -> "Dataset":
        """Return the same facts about movies and users beside other ratings, such as one side of a split."""
        return replace(self, ratings=ratings)

    def save(self, folder: UPath) -> None:
        """Write one Parquet file per table; equal datasets give equal bytes."""
        for field in fields(self):
            save_frame(folder / f"{field.name}.parquet", getattr(self, field.name))

    @classmethod
    def load(cls, folder: UPath) -> Self:
        """Read what `save` wrote."""
        return cls(**{name: load_frame(folder / f"{name}.parquet") for name in SCHEMA})


def empty(table: str) -> pd.DataFrame:
    """Return `table` without rows: what a source that knows nothing about it contributes."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in SCHEMA[table].items()})


def _conform(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    schema = SCHEMA[name]
    missing = [column for column in schema if column not in frame.columns]
    if missing:
        raise ModelError(f"table '{name}' lacks {missing}; it has {list(frame.columns)}, needed are {list(schema)}")
    try:
        typed = frame[list(schema)].astype(schema)
    except (TypeError, ValueError) as error:
        raise ModelError(f"table '{name}' has a wrong type ({error}); needed are {schema}") from error
    key = KEYS.get(name, list(schema))
    if name in KEYS and typed.duplicated(key).any():
        raise ModelError(f"table '{name}' repeats {int(typed.duplicated(key).sum())} keys; {key} must be unique")
    return typed.drop_duplicates().sort_values(key, ignore_index=True)


def _check_ratings(ratings: pd.DataFrame, movies: pd.DataFrame) -> None:
    unknown = np.setdiff1d(ratings[MOVIE], movies[MOVIE])
    if unknown.size:
        raise ModelError(f"{unknown.size} rated movies, such as {unknown[0]}, are not in table 'movies'")
    broken = int((~np.isfinite(ratings[RATING])).sum() + ratings[RATED_AT].isna().sum())
    if broken:
        raise ModelError(f"{broken} ratings lack a value or a time; both must be known")


def _check_roles(people: pd.DataFrame) -> None:
    strange = sorted(set(people["role"].dropna()) - set(ROLES))
    if strange:
        raise ModelError(f"table 'people' has the roles {strange}; allowed are {list(ROLES)}")
