"""What is known about a user and a movie at the user's last known moment.

Counts and means of `Counts` stop at that moment, so a pair that is learned from and a pair that is recommended look at
the world in the same way. What describes a movie by itself, the traits popularity, quality, place and phase and what is
compared with them, comes from every rating that was given, as the base rankers do: of other users also from later ones,
but never from a label window or a test side, which are not among them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import MICROSECONDS_A_DAY, History
from movierec.features import activity, profiles
from movierec.features.affinity import Affinities
from movierec.features.content import MovieFeatures
from movierec.features.counts import PRIOR_RATINGS, Counts, occupations

YEAR_DAYS = 365.2425
LAST = 3


@dataclass(frozen=True, eq=False)
class PairFeatures:
    """Everything `of_block` needs, computed once per history.

    Attributes:
        history: what is known of the users.
        counts: what everybody had rated by when.
        affinities: users' tastes.
        groups, occupations: of the users, as in `Counts`.
        of_user: one value per user and feature.
        of_movie: one value per movie and feature.
        traits: numbers of movies with which a user's own are compared.
        released: days since 1970 of each movie's release, NaN where unknown (float64).
    """

    history: History
    counts: Counts
    affinities: Affinities
    groups: Ints
    occupations: Ints
    of_user: dict[str, Floats]
    of_movie: dict[str, Floats]
    traits: dict[str, Floats]
    released: Floats

    @classmethod
    def of(cls, dataset: Dataset, features: MovieFeatures, history: History, world: History | None = None) -> Self:
        """Prepare the features of all pairs of the users of `history`; `world` is everybody's, the same by default."""
        world = history if world is None else world
        traits = _traits(dataset, world)
        known = {name: values for name, values in traits.items() if np.isfinite(values).any()}
        own = profiles.of_users(dataset.users, history.user_ids)
        return cls(
            history=history,
            counts=Counts.of(world, dataset.users),
            affinities=Affinities.of(dataset, features, history, known),
            groups=profiles.groups(dataset.users, history.user_ids),
            occupations=occupations(dataset.users, history.user_ids),
            of_user=activity.of_users(history, known) | own,
            of_movie=known | _runtime(dataset),
            traits=known,
            released=_released(dataset),
        )

    def of_block(self, users: Ints, rows: Ints, movies: Ints) -> dict[str, Floats]:
        """Describe pairs of a row of `users` (positions) and a movie (position).

        Returns:
            By name, float32 of the pairs' length, NaN where unknown. Which names there are depends on what is known.
        """
        who = users[rows]
        now = self.history.now[who]
        features = {name: values[who] for name, values in self.of_user.items()}
        features |= {f"movie_{name}": values[movies] for name, values in self.of_movie.items()}
        features |= self.counts.of_pairs(movies, now, self.groups[who], self.occupations[who])
        for name, values in self.traits.items():
            features[f"{name}_gap"] = values[movies] - self.of_user[f"user_{name}"][who]
            features[f"{name}_gap_recent"] = values[movies] - self.of_user[f"user_{name}_recent"][who]
        features["place_gap"] = features["movie_place"] - features["user_count"]
        if np.isfinite(self.released).any():
            features["movie_age"] = (now / MICROSECONDS_A_DAY - self.released[movies]).astype(np.float32)
        for name, block in self.affinities.blocks(users):
            features[name] = block[rows, movies]
        return features


def _traits(dataset: Dataset, world: History) -> dict[str, Floats]:
    """Describe movies by numbers: year, log of popularity, mean rating, and where in a history they stand."""
    counts = np.bincount(world.movies, minlength=world.shape[1])
    rated = np.isfinite(world.ratings)
    mean = float(world.ratings[rated].mean()) if rated.any() else 0.0
    totals = np.bincount(world.movies[rated], world.ratings[rated], world.shape[1])
    sizes = np.bincount(world.movies[rated], minlength=world.shape[1])
    traits = {
        "year": dataset.movies["release_year"].to_numpy(np.float32, na_value=np.nan),
        "popularity": np.log1p(counts),
        "quality": (totals + PRIOR_RATINGS * mean) / (sizes + PRIOR_RATINGS)
        if rated.any()
        else np.full(len(counts), np.nan),
        **_places(world),
    }
    return {name: np.asarray(values, np.float32) for name, values in traits.items()}


def _places(world: History) -> dict[str, Floats]:
    """Say where a movie stands in histories on average: after how many ratings (log), after which share of them."""
    size = np.bincount(world.users)[world.users]
    before = size - 1 - world.recency
    prior = PRIOR_RATINGS / 2
    counts = np.bincount(world.movies, minlength=world.shape[1]) + prior
    places = {}
    for name, values in (("place", np.log1p(before)), ("phase", (before + 0.5) / size)):
        places[name] = (np.bincount(world.movies, values, world.shape[1]) + prior * values.mean()) / counts
    return places


def _runtime(dataset: Dataset) -> dict[str, Floats]:
    minutes = dataset.movies["runtime_minutes"].to_numpy(np.float32, na_value=np.nan)
    return {"runtime": minutes} if np.isfinite(minutes).any() else {}


def _released(dataset: Dataset) -> Floats:
    """Take the release date, else the middle of the year."""
    date = dataset.movies["release_date"].to_numpy(dtype="datetime64[us]")
    days = np.where(np.isnat(date), np.nan, date.astype(np.int64) / MICROSECONDS_A_DAY)
    year = dataset.movies["release_year"].to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(days), days, (year + 0.5 - 1970) * YEAR_DAYS)
