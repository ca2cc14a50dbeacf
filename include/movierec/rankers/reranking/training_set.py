"""What learned rankers learn from: candidates as they looked before a label window, and what came in it.

Each user's given ratings are divided: base rankers and features see the history H, the label window L holds what the
user turned to next. With `windows` "time" L is the end of the history, and further windows are cut from what is left
before it; with "random" every window is another random part. Then the base rankers are fitted again on everything that
was given, and their candidates are what is scored. Nothing that is asked about later is seen.
"""

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History, is_liked
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.reranking.candidates import FirstStage, Table
from movierec.rankers.reranking.views import features_of

WINDOWS = ("time", "random")
Split = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Plan:
    """How label windows are cut and described: which kind, what share of a history, how many, for how many users."""

    windows: str
    label_share: float
    folds: int
    candidates: int
    training_users: int
    seed: int


@dataclass(frozen=True, eq=False)
class Lesson:
    """Candidates of label windows.

    Attributes:
        matrix: pairs × features (float32).
        names: of the features.
        grades: 2 if the user liked the movie in the window, 1 if they rated it lower, 0 if not at all (int64).
        sizes: how many rows of `matrix` each user of each window has, in order.
    """

    matrix: Floats
    names: list[str]
    grades: Ints
    sizes: Ints


@dataclass(frozen=True, eq=False)
class Material:
    """The lesson (None where the windows hold nothing to learn), and the first stage fitted on all that was given."""

    lesson: Lesson | None
    stage: FirstStage


_made: "weakref.WeakKeyDictionary[Dataset, dict[Plan, Material]]" = weakref.WeakKeyDictionary()


def material(dataset: Dataset, features: MovieFeatures, plan: Plan) -> Material:
    """Prepare what a plan says; rankers that are fitted on the same dataset and features objects by one plan share it.

    Raises:
        ModelError: the plan's windows are of no known kind.
    """
    if plan.windows not in WINDOWS:
        raise ModelError(f"'{plan.windows}' is no kind of window; allowed are {', '.join(WINDOWS)}")
    made = _made.setdefault(dataset, {})
    if plan not in made or made[plan].stage.features is not features:
        stage = FirstStage.fit(dataset, features, plan.candidates)
        lesson, left_out = _lesson(dataset, features, plan, stage.bases.left_out)
        made[plan] = Material(lesson, stage.without(left_out))
    return made[plan]


def _lesson(
    dataset: Dataset, features: MovieFeatures, plan: Plan, left_out: Mapping[str, str]
) -> tuple[Lesson | None, dict[str, str]]:
    """Return the lesson, and the base rankers to be left out, with the reasons: those that are, and further ones.

    One that cannot be fitted on every window has no features in the lesson: they would mean another thing there.
    """
    missing = dict(left_out)
    parts = []
    for split in label_windows(dataset.ratings, plan):
        found = _of_window(dataset, features, split, plan, missing)
        # Where all candidates have one grade, there is nothing to tell apart.
        if found is not None and found[1].any() and not found[1].all():
            parts.append(found)
    if not parts:
        return None, missing
    unknown = features_of(missing)
    names = list(dict.fromkeys(name for table, _ in parts for name in table.names if name not in unknown))
    lesson = Lesson(
        np.concatenate([table.columns(names) for table, _ in parts]),
        names,
        np.concatenate([of_table for _, of_table in parts]),
        np.concatenate([np.unique(table.rows, return_counts=True)[1] for table, _ in parts]),
    )
    return lesson, missing


def _of_window(
    dataset: Dataset, features: MovieFeatures, split: Split, plan: Plan, missing: dict[str, str]
) -> tuple[Table, Ints] | None:
    """Return the candidates of a window and their grades; add to `missing` which base rankers it has to do without."""
    known, later = split
    if known.empty or later.empty:
        return None
    stage = FirstStage.fit(*_known_side(dataset, features, known), plan.candidates).without(missing)
    missing.update(stage.bases.left_out)
    users = _sample(stage.history, later, plan)
    table = stage.table(users)
    liked = is_liked(later, dataset.relevant_from)
    return table, grades(later, liked, stage.history, users[table.rows], table.movies)


def _known_side(dataset: Dataset, features: MovieFeatures, known: pd.DataFrame) -> tuple[Dataset, MovieFeatures]:
    """Leave out what came with the label window: words that users put on movies then describe these movies too."""
    before = dataset.with_ratings(known)
    return before, features if len(before.tags) == len(dataset.tags) else MovieFeatures.build(before)


def _sample(history: History, later: pd.DataFrame, plan: Plan) -> Ints:
    users = np.searchsorted(history.user_ids, np.sort(later[USER].unique()))
    chosen = np.random.default_rng(plan.seed).permutation(users)[: max(plan.training_users // plan.folds, 1)]
    return np.sort(chosen).astype(np.int64)


def label_windows(ratings: pd.DataFrame, plan: Plan) -> Iterator[Split]:
    """Give (history, label window) for every fold of a plan."""
    if plan.windows == "random":
        yield from _random_windows(ratings, plan)
        return
    known = ratings
    for _ in range(plan.folds):
        known, later = per_user_temporal(known, plan.label_share, plan.seed)
        yield known, later


def _random_windows(ratings: pd.DataFrame, plan: Plan) -> Iterator[Split]:
    """Deal each user's ratings out at random; a window takes `label_share` of them, and the next one the next."""
    shuffled = ratings.sample(frac=1, random_state=plan.seed)
    by_user = shuffled.groupby(USER)
    place = by_user.cumcount().to_numpy()
    size = by_user[USER].transform("size").to_numpy()
    # A single rating stays known: its user would have no history otherwise.
    held = np.minimum(np.floor(np.round(size * plan.label_share, 9)) + (size * plan.label_share < 1), size - 1)
    for fold in range(plan.folds):
        turned = (place - fold * held) % size
        later = turned < held
        yield shuffled[~later], shuffled[later]


def grades(later: pd.DataFrame, liked: NDArray[np.bool_], history: History, users: Ints, movies: Ints) -> Ints:
    """Look pairs of positions up in the label window: 2 if liked, 1 if rated lower, 0 if not rated."""
    movies_in_all = history.shape[1]
    rated = np.searchsorted(history.user_ids, later[USER]) * movies_in_all
    rated += np.searchsorted(history.movie_ids, later[MOVIE])
    graded = pd.Series(np.where(liked, 2, 1), index=rated)
    return np.asarray(graded.reindex(users * movies_in_all + movies, fill_value=0), np.int64)
