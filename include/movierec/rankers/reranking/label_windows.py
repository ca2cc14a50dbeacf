"""Label windows: each user's ratings divided into a history H to learn from and a window L that holds the labels.

Base rankers and features see H; L holds what the user turned to next. With `windows` "time" L is the end of the
history, and further windows are cut from what is left before it; with "random" every window is another random part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from movierec.data.columns import USER
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError

WINDOWS = ("time", "random")
Window = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(kw_only=True, eq=False)
class WindowPlan:
    """How label windows are cut and described: hyper-parameters that all learned rankers share.

    Attributes:
        windows: one of `WINDOWS`.
        label_share: the share of a user's ratings that a window takes, between 0 and 1.
        folds: the number of windows.
        candidates: how many movies each view proposes to a user.
        training_users: how many users to learn from, all windows together.
        seed: of all random draws.
    """

    windows: str = "time"
    label_share: float = 0.2
    folds: int = 2
    candidates: int = 100
    training_users: int = 5_000
    seed: int = 0

    def check_plan(self) -> None:
        """Raise a ModelError if the windows are of an unknown kind."""
        if self.windows not in WINDOWS:
            raise ModelError(f"'{self.windows}' is no kind of window; allowed are {', '.join(WINDOWS)}")

    def plan_key(self) -> tuple[object, ...]:
        """Return what tells plans apart: equal for rankers that can share a training set."""
        return tuple(getattr(self, field.name) for field in fields(WindowPlan))


def label_windows(ratings: pd.DataFrame, plan: WindowPlan) -> Iterator[Window]:
    """Yield (history, label window) for every fold of a plan; both have the columns of `ratings`."""
    if plan.windows == "random":
        yield from _random_windows(ratings, plan)
        return
    known = ratings
    for _ in range(plan.folds):
        known, later = per_user_temporal(known, plan.label_share, plan.seed)
        yield known, later


def _random_windows(ratings: pd.DataFrame, plan: WindowPlan) -> Iterator[Window]:
    """Shuffle each user's ratings; the first window takes the first `label_share` of them, the next one the next."""
    shuffled = ratings.sample(frac=1, random_state=plan.seed)
    by_user = shuffled.groupby(USER)
    position = by_user.cumcount().to_numpy()
    size = by_user[USER].transform("size").to_numpy()
    # A user's only rating stays in the history, which would be empty otherwise.
    window_size = np.minimum(np.floor(np.round(size * plan.label_share, 9)) + (size * plan.label_share < 1), size - 1)
    for fold in range(plan.folds):
        is_label = (position - fold * window_size) % size < window_size
        yield shuffled[~is_label], shuffled[is_label]
