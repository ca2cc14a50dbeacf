"""The facts every model learns from, as one immutable set of tables.

A dataset is what was known at one moment. It is read from the warehouse once, kept as Parquet, and from then on
features, rankers and evaluation see nothing else.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, read_bytes, save_frame, write_bytes
from movierec.data.columns import MOVIE, RATED_AT, RATING, RELEVANT_FROM, USER, WEIGHT
from movierec.errors import ModelError

TIME = "datetime64[us, UTC]"
ROLES = ("actor", "director", "writer")

SCHEMA: dict[str, dict[str, str]] = {
    "ratings": {USER: "int64", MOVIE: "int64", RATING: "float32", WEIGHT: "float32", RATED_AT: TIME},
    "movies": {
        MOVIE: "int64",
        "title": "str",
        "release_year": "Int64",
        "release_date": TIME,
        "runtime_minutes": "Int64",
        "plot": "str",
    },
    "users": {USER: "int64", "age": "Int64", "gender": "str", "occupation": "str", "postcode": "str"},
    "genres": {MOVIE: "int64", "genre": "str"},
    "people": {MOVIE: "int64", "person_id": "str", "role": "str", "billing": "Int64", "name": "str"},
    "countries": {MOVIE: "int64", "country": "str"},
    "tags": {USER: "int64", MOVIE: "int64", "tag": "str", "tagged_at": TIME},
    "genome": {MOVIE: "int64", "tag": "str", "relevance": "float32"},
}
MOVIE_TABLES = ("movies", "genres", "people", "countries", "tags")  # what is known about movies, but for their genome
LATER_TABLES = ("genome",)  # which snapshots of earlier versions do not have
# Columns that a source may not have; they are null then.
OPTIONAL = {
    "ratings": (WEIGHT,),
    "movies": ("release_date", "runtime_minutes", "plot"),
    "users": ("postcode",),
    "people": ("billing", "name"),
}
FACTS = "dataset.json"
DTYPES = {table: [pd.api.types.pandas_dtype(kind) for kind in schema.values()] for table, schema in SCHEMA.items()}
KEYS = {"ratings": [USER, MOVIE], "movies": [MOVIE], "users": [USER]}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Ratings and what is known about movies and users; any table may be empty.

    Every frame is brought to the columns, order and dtypes of `SCHEMA`, its rows sorted, so that equal facts are equal
    bytes. Movies that appear in `ratings` must appear in `movies`.

    A row of `ratings` is what a user said about a movie: a rating, or where there is none the `weight` (0 to 1) of
    other feedback. `relevant_from` is the rating from which on a movie was liked; None says that every rated one was.

    Raises:
        ModelError: a column is missing or of another type, a key repeats, a rating is not a number or of an unknown
            movie.
    """

    ratings: pd.DataFrame
    movies: pd.DataFrame
    users: pd.DataFrame
    genres: pd.DataFrame
    people: pd.DataFrame
    countries: pd.DataFrame
    tags: pd.DataFrame = field(default_factory=lambda: empty("tags"))
    genome: pd.DataFrame = field(default_factory=lambda: empty("genome"))
    relevant_from: float | None = RELEVANT_FROM

    def __post_init__(self) -> None:
        """Conform every frame, then check what holds between them."""
        for name in SCHEMA:
            object.__setattr__(self, name, _conform(name, getattr(self, name)))
        _check_ratings(self.ratings, self.movies)
        _check_roles(self.people)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all facts: equal for equal datasets."""
        digest = hashlib.sha256(repr(self.relevant_from).encode())
        for name in SCHEMA:
            digest.update(f"{name} {len(getattr(self, name))}".encode())
            digest.update(pd.util.hash_pandas_object(getattr(self, name), index=False).to_numpy().tobytes())
        return digest.hexdigest()

    def with_ratings(self, ratings: pd.DataFrame) -> "Dataset":
        """Return the same facts about movies and users beside other ratings, such as one side of a split.

        Tags that a user gave after their last rating in `ratings`, or that users without one gave, are left out: they
        come from the other side of the split.
        """
        latest = ratings.groupby(USER)[RATED_AT].max()
        until = pd.Series(latest.reindex(self.tags[USER]).array, self.tags.index, TIME)
        known = self.tags["tagged_at"] <= until
        other = copy.copy(self)  # the other tables are as they must be, and none is ever changed
        other.__dict__.pop("fingerprint", None)
        for name, frame in (("ratings", ratings), ("tags", self.tags[known])):
            object.__setattr__(other, name, _conform(name, frame))
        _check_ratings(other.ratings, other.movies)
        return other

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], relevant_from: float | None = RELEVANT_FROM) -> Self:
        """Make a dataset of tables by name; a table that is missing is empty."""
        frames = {name: tables[name] if name in tables else empty(name) for name in SCHEMA}
        return cls(relevant_from=relevant_from, **frames)

    def save(self, folder: UPath) -> None:
        """Write one Parquet file per table; equal datasets give equal bytes."""
        for name in SCHEMA:
            save_frame(folder / f"{name}.parquet", getattr(self, name))
        write_bytes(folder / FACTS, json.dumps({"relevant_from": self.relevant_from}).encode())

    @classmethod
    def load(cls, folder: UPath) -> Self:
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing or is not what `save` writes.
        """
        names = [name for name in SCHEMA if name not in LATER_TABLES or (folder / f"{name}.parquet").exists()]
        frames = {name: load_frame(folder / f"{name}.parquet") for name in names}
        try:
            return cls.of(frames, json.loads(read_bytes(folder / FACTS))["relevant_from"])
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder / FACTS} does not say what a dataset is ({error!r}); train again") from error


def empty(table: str) -> pd.DataFrame:
    """Return `table` without rows: what a source that knows nothing about it contributes."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in SCHEMA[table].items()})


def _conform(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    schema = SCHEMA[name]
    absent = [column for column in OPTIONAL.get(name, ()) if column not in frame.columns]
    frame = frame.assign(**{column: pd.Series(index=frame.index, dtype=schema[column]) for column in absent})
    missing = [column for column in schema if column not in frame.columns]
    if missing:
        raise ModelError(f"table '{name}' lacks {missing}; it has {list(frame.columns)}, needed are {list(schema)}")
    typed = frame if list(frame.columns) == list(schema) else frame[list(schema)]
    if list(typed.dtypes) != DTYPES[name]:
        try:
            typed = typed.astype(schema)
        except (TypeError, ValueError) as error:
            raise ModelError(f"table '{name}' has a wrong type ({error}); needed are {schema}") from error
    if name not in KEYS:
        if typed.empty:
            return typed.reset_index(drop=True)
        return typed.drop_duplicates().sort_values(list(schema), ignore_index=True)
    key = KEYS[name]
    if _ascends(typed[key]):  # as what was saved, or is a part of what was conformed, does: most often
        return typed.reset_index(drop=True)
    typed = typed.sort_values(key, ignore_index=True)
    if not _ascends(typed[key]):
        raise ModelError(f"table '{name}' repeats {int(typed.duplicated(key).sum())} keys; {key} must be unique")
    return typed


def _ascends(keys: pd.DataFrame) -> bool:
    """Tell whether each row comes after the one before: they are in order then, and none repeats."""
    rises = np.zeros(max(0, len(keys) - 1), bool)
    equals = ~rises
    for name in keys:
        column = keys[name].to_numpy()
        rises |= equals & (column[1:] > column[:-1])
        equals &= column[1:] == column[:-1]
    return bool(rises.all())


def _check_ratings(ratings: pd.DataFrame, movies: pd.DataFrame) -> None:
    unknown = np.setdiff1d(ratings[MOVIE], movies[MOVIE])
    if unknown.size:
        raise ModelError(f"{unknown.size} rated movies, such as {unknown[0]}, are not in table 'movies'")
    has_value = np.isfinite(ratings[RATING]) | ratings[WEIGHT].between(0, 1) & ratings[RATING].isna()
    broken = int((~has_value).sum() + ratings[RATED_AT].isna().sum())
    if broken:
        raise ModelError(f"{broken} ratings lack a value or a time; both must be known")


def _check_roles(people: pd.DataFrame) -> None:
    strange = sorted(set(people["role"].dropna()) - set(ROLES))
    if strange:
        raise ModelError(f"table 'people' has the roles {strange}; allowed are {list(ROLES)}")
