"""Label windows: ratings divided into a history H to learn from and a window L that holds the labels.

Base rankers and features see H; L holds what the user turned to next. A ranker learns to answer what it was shown the
answers to, so the window has to be what it will be asked for:

- "time": the rest of a history. L is the end of each user's ratings; further windows are cut from what is left before.
- "days": what is rated in the days to come. L is what everybody who was there before rated after one moment; further
  windows are cut at earlier moments.
- "next": the very next rating. L is the last rating of each user, then the one before it; one fit, which knows neither,
  serves all windows, since histories that are one rating longer change little of it.
- "random": without an order. Every window is another random part of each history.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.data.seed import SEED
from movierec.data.splits import global_temporal, last_ratings, per_user_temporal
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures

WINDOW_KINDS = ("time", "days", "next", "random")  # the values of `evaluation.protocols.WINDOWS_OF`
MAX_WINDOWS = 2
TunedParameters = Mapping[str, Mapping[str, Any]]


class Window(NamedTuple):
    """One label window; all frames have the columns of ratings.

    Attributes:
        known: what base rankers are fitted on.
        shown: the histories that they are asked about, `known` itself except for the later windows of "next".
        later: what came next, of users of `shown` alone.
    """

    known: pd.DataFrame
    shown: pd.DataFrame
    later: pd.DataFrame


@dataclass(kw_only=True, eq=False)
class WindowPlan:
    """How label windows are cut and described: hyper-parameters that all learned rankers share.

    Attributes:
        windows: one of `WINDOW_KINDS`.
        label_share: the share of the ratings that a window takes, between 0 and 1: of each user's, or with "days" of
            everybody's; "next" takes one.
        folds: the number of windows; None: one if it has `training_users` users, since each needs base rankers of its
            own and a second one teaches nothing then (on inner windows of MovieLens 1M the difference is within
            chance), else `MAX_WINDOWS`. Those of "next" come without another fit, so they are always as many.
        candidates: how many movies each view proposes to a user.
        training_users: how many users to learn from, all windows together.
        tuned: hyper-parameters of base rankers that a search has found, by the rankers' names.
        seed: of all random draws.
    """

    windows: str = "time"
    label_share: float = 0.2
    folds: int | None = None
    candidates: int = 100
    training_users: int = 5_000
    tuned: TunedParameters = field(default_factory=dict)
    seed: int = SEED

    def check_plan(self) -> None:
        """Raise a ModelError if the windows are of an unknown kind."""
        if self.windows not in WINDOW_KINDS:
            raise ModelError(f"'{self.windows}' is not a kind of window; allowed are {', '.join(WINDOW_KINDS)}")

    def window_count(self, ratings: pd.DataFrame) -> int:
        """Return how many windows are cut from these ratings."""
        if self.folds is not None:
            return self.folds
        is_enough = self.windows != "next" and ratings[USER].nunique() >= self.training_users
        return 1 if is_enough else MAX_WINDOWS

    def plan_key(self) -> tuple[object, ...]:
        """Return what tells plans apart: equal for rankers that can share a training set."""
        return tuple(json.dumps(getattr(self, each.name), sort_keys=True) for each in fields(WindowPlan))


def label_windows(ratings: pd.DataFrame, plan: WindowPlan) -> Iterator[Window]:
    """Yield the windows of a plan, the latest first; those of "next" the earliest first, all with the same `known`."""
    if plan.windows == "random":
        yield from _random_windows(ratings, plan)
    elif plan.windows == "next":
        yield from _next_windows(ratings, plan)
    else:
        known = ratings
        for _ in range(plan.window_count(ratings)):
            known, later = (
                global_temporal(known, plan.label_share)
                if plan.windows == "days"
                else per_user_temporal(known, plan.label_share, plan.seed)
            )
            # As a dataset sorts them: ties fall as they do for those who know no more and cut their first window.
            known = known.sort_values([USER, MOVIE], ignore_index=True)
            yield Window(known, known, later[later[USER].isin(known[USER].unique())])


def known_side(dataset: Dataset, features: MovieFeatures, known: pd.DataFrame) -> tuple[Dataset, MovieFeatures]:
    """Return what is fitted on before a window: these ratings alone, and movies described without later tags."""
    before = dataset.with_ratings(known)
    return before, features if len(before.tags) == len(dataset.tags) else MovieFeatures.build(before)


def draw_users(history: History, later: pd.DataFrame, most: int, seed: int) -> Ints:
    """Draw the positions in a history of at most so many users of a label window, ascending."""
    users = np.searchsorted(history.user_ids, np.sort(later[USER].unique()))
    return np.sort(np.random.default_rng(seed).permutation(users)[:most]).astype(np.int64)


def _next_windows(ratings: pd.DataFrame, plan: WindowPlan) -> Iterator[Window]:
    known, *later = last_ratings(ratings, plan.window_count(ratings), plan.seed)
    shown = known
    for each in later:
        yield Window(known, shown, each)
        shown = pd.concat([shown, each])


def _random_windows(ratings: pd.DataFrame, plan: WindowPlan) -> Iterator[Window]:
    """Shuffle each user's ratings; the first window takes the first `label_share` of them, the next one the next."""
    shuffled = ratings.sample(frac=1, random_state=plan.seed)
    by_user = shuffled.groupby(USER)
    position = by_user.cumcount().to_numpy()
    size = by_user[USER].transform("size").to_numpy()
    # A user's only rating stays in the history, which would be empty otherwise.
    window_size = np.minimum(np.floor(np.round(size * plan.label_share, 9)) + (size * plan.label_share < 1), size - 1)
    for fold in range(plan.window_count(ratings)):
        is_label = (position - fold * window_size) % size < window_size
        known = shuffled[~is_label]
        yield Window(known, known, shuffled[is_label])
