"""What is known about a user and a movie as of the user's last rating, or of the newest rating of all.

The numbers of `Counts` stop at that time, so that pairs to learn from and pairs to recommend are described alike. What
describes a movie by itself (its traits popularity, quality, place and phase, and what is compared with them) comes from
all ratings that were passed in, as the base rankers do: also from later ones of other users, but never from a label
window or a test side, which are not passed in. Names of features stand in saved models.
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


@dataclass(frozen=True, eq=False)
class PairFeatures:
    """Everything `of_block` needs, computed once per history.

    Attributes:
        now: the moment as of which each user is asked (microseconds since 1970 UTC).
        counts: what everybody had rated by a time.
        affinities: users' tastes.
        groups, occupations: of the users, as in `Counts`.
        of_user: one value per user and feature.
        of_movie: one value per movie and feature.
        traits: numbers of movies (year, popularity …), which are compared with those of the user's movies.
        released: days since 1970 of each movie's release, NaN where unknown (float64).
    """

    now: Ints
    counts: Counts
    affinities: Affinities
    groups: Ints
    occupations: Ints
    of_user: dict[str, Floats]
    of_movie: dict[str, Floats]
    traits: dict[str, Floats]
    released: Floats

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        features: MovieFeatures,
        history: History,
        world: History | None = None,
        is_asked_now: bool = False,
    ) -> Self:
        """Prepare the features of all pairs of the users of `history`.

        Args:
            dataset: the facts about movies and users.
            features: of the movies.
            history: of the users.
            world: everybody's history, the same by default.
            is_asked_now: describe movies as of the newest rating of all, and say how long ago a user's last one was.
        """
        world = history if world is None else world
        traits = _traits(dataset, world)
        known = {name: values for name, values in traits.items() if np.isfinite(values).any()}
        user_profiles = profiles.of_users(dataset.users, history.user_ids)
        now = history.now
        away: dict[str, Floats] = {}
        if is_asked_now:
            now = np.full_like(now, max(world.times.max(initial=0), history.times.max(initial=0)))
            away = {"user_away": np.log1p((now - history.now) / MICROSECONDS_A_DAY).astype(np.float32)}
        return cls(
            now=now,
            counts=Counts.of(world, dataset.users),
            affinities=Affinities.of(dataset, features, history, known),
            groups=profiles.groups(dataset.users, history.user_ids),
            occupations=occupations(dataset.users, history.user_ids),
            of_user=activity.of_users(history, known) | user_profiles | away,
            of_movie=known | _runtime(dataset),
            traits=known,
            released=_release_days(dataset),
        )

    def of_block(self, users: Ints, rows: Ints, movies: Ints) -> dict[str, Floats]:
        """Describe pairs of a row of `users` (positions) and a movie (position).

        Returns:
            By name, float32 of the pairs' length, NaN where unknown. Which names there are depends on what is known.
        """
        pair_users = users[rows]
        now = self.now[pair_users]
        features = {name: values[pair_users] for name, values in self.of_user.items()}
        features |= {f"movie_{name}": values[movies] for name, values in self.of_movie.items()}
        features |= self.counts.of_pairs(movies, now, self.groups[pair_users], self.occupations[pair_users])
        for name, values in self.traits.items():
            features[f"{name}_gap"] = values[movies] - self.of_user[f"user_{name}"][pair_users]
            features[f"{name}_gap_recent"] = values[movies] - self.of_user[f"user_{name}_recent"][pair_users]
        features["place_gap"] = features["movie_place"] - features["user_count"]
        if np.isfinite(self.released).any():
            features["movie_age"] = (now / MICROSECONDS_A_DAY - self.released[movies]).astype(np.float32)
        for name, block in self.affinities.blocks(users):
            features[name] = block[rows, movies]
        return features


def _traits(dataset: Dataset, world: History) -> dict[str, Floats]:
    """Describe movies by numbers (float32): year, log of popularity, mean rating, and where in a history they stand."""
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
        **_positions(world),
    }
    return {name: np.asarray(values, np.float32) for name, values in traits.items()}


def _positions(world: History) -> dict[str, Floats]:
    """Return where a movie stands in histories on average: after how many ratings (log), after which share of them."""
    size = np.bincount(world.users)[world.users]
    before = size - 1 - world.recency
    prior = PRIOR_RATINGS / 2
    counts = np.bincount(world.movies, minlength=world.shape[1]) + prior
    positions = {}
    for name, values in (("place", np.log1p(before)), ("phase", (before + 0.5) / size)):
        positions[name] = (np.bincount(world.movies, values, world.shape[1]) + prior * values.mean()) / counts
    return positions


def _runtime(dataset: Dataset) -> dict[str, Floats]:
    minutes = dataset.movies["runtime_minutes"].to_numpy(np.float32, na_value=np.nan)
    return {"runtime": minutes} if np.isfinite(minutes).any() else {}


def _release_days(dataset: Dataset) -> Floats:
    """Return the release date in days since 1970 (float64), the middle of the year where only that is known."""
    date = dataset.movies["release_date"].to_numpy(dtype="datetime64[us]")
    days = np.where(np.isnat(date), np.nan, date.astype(np.int64) / MICROSECONDS_A_DAY)
    year = dataset.movies["release_year"].to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(days), days, (year + 0.5 - 1970) * YEAR_DAYS)
