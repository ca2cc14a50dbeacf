"""What learned rankers learn from: candidates as they looked before a label window, graded by what came in it.

After the label windows, the base rankers are fitted again on all ratings, and their candidates are what is scored.
Nothing that a ranker is evaluated on is ever seen.
"""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History, is_liked
from movierec.features.content import MovieFeatures
from movierec.rankers.reranking.candidates import CandidateGenerator, CandidateTable
from movierec.rankers.reranking.label_windows import Window, WindowPlan, label_windows
from movierec.rankers.reranking.views import features_of

GAINS = (0.0, 0.2, 1.0)  # of the grades 0, 1 and 2


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Graded candidates of label windows, the rows of a user of a window side by side.

    Attributes:
        matrix: candidates × features (float32).
        names: of the features.
        grades: of each candidate: 2 if the user liked the movie in the window, 1 if they rated it lower, 0 if they did
            not rate it (int64).
        sizes: the number of candidates of each user of each window, in order.
    """

    matrix: Floats
    names: list[str]
    grades: Ints
    sizes: Ints

    def thinned(self, max_rows: int, seed: int) -> "TrainingSet":
        """Keep all rated candidates, and of the many others a random draw that fits into `max_rows` rows.

        At least as many others as rated ones are drawn, if there are so many.
        """
        rated, others = np.flatnonzero(self.grades), np.flatnonzero(self.grades == 0)
        size = max(max_rows - len(rated), len(rated))
        drawn = np.random.default_rng(seed).permutation(others)[:size]
        rows = np.sort(np.concatenate([rated, drawn]))
        groups = np.repeat(np.arange(len(self.sizes)), self.sizes)[rows]
        sizes = np.bincount(groups, minlength=len(self.sizes))
        return TrainingSet(self.matrix[rows], self.names, self.grades[rows], sizes[sizes > 0])

    @property
    def gains(self) -> NDArray[np.float64]:
        """What each candidate's grade gains, from 0 to 1."""
        return np.take(GAINS, self.grades)

    @property
    def weights(self) -> Floats:
        """Row weights for models that only tell rated from unrated: a rated candidate counts what its grade gains."""
        return np.where(self.grades > 0, self.gains, 1.0).astype(np.float32)


@dataclass(frozen=True, eq=False)
class TrainingInputs:
    """What a learned ranker is made of.

    Attributes:
        training_set: None where the label windows hold nothing to learn.
        generator: of the candidates to recommend from, fitted on all ratings.
    """

    training_set: TrainingSet | None
    generator: CandidateGenerator


_cache: "weakref.WeakKeyDictionary[Dataset, dict[tuple[object, ...], TrainingInputs]]" = weakref.WeakKeyDictionary()


def training_inputs(dataset: Dataset, features: MovieFeatures, plan: WindowPlan) -> TrainingInputs:
    """Fit the candidate generators of a plan and build its training set.

    Learned rankers that are fitted on the same dataset and features objects under equal plans share the result.

    Raises:
        ModelError: the plan's windows are of an unknown kind, or no base ranker can be fitted.
    """
    plan.check_plan()
    by_plan, key = _cache.setdefault(dataset, {}), plan.plan_key()
    if key not in by_plan or by_plan[key].generator.features is not features:
        generator = CandidateGenerator.fit(dataset, features, plan.candidates)
        training_set, left_out = _training_set(dataset, features, plan, generator.base_rankers.left_out)
        by_plan[key] = TrainingInputs(training_set, generator.without(left_out))
    return by_plan[key]


def _training_set(
    dataset: Dataset, features: MovieFeatures, plan: WindowPlan, left_out: Mapping[str, str]
) -> tuple[TrainingSet | None, dict[str, str]]:
    """Return the training set, and all base rankers to leave out with the reasons.

    A base ranker that cannot be fitted on every window has no features in the training set: a column that is known for
    some windows only would mean something else there.
    """
    left_out = dict(left_out)
    parts = []
    for window in label_windows(dataset.ratings, plan):
        graded = _graded_candidates(dataset, features, window, plan, left_out)
        # Where all candidates have one grade, there is nothing to tell apart.
        if graded is not None and graded[1].any() and not graded[1].all():
            parts.append(graded)
    if not parts:
        return None, left_out
    absent = features_of(left_out)
    names = list(dict.fromkeys(name for table, _ in parts for name in table.names if name not in absent))
    training_set = TrainingSet(
        np.concatenate([table.columns(names) for table, _ in parts]),
        names,
        np.concatenate([grades for _, grades in parts]),
        np.concatenate([np.unique(table.rows, return_counts=True)[1] for table, _ in parts]),
    )
    return training_set, left_out


def _graded_candidates(
    dataset: Dataset, features: MovieFeatures, window: Window, plan: WindowPlan, left_out: dict[str, str]
) -> tuple[CandidateTable, Ints] | None:
    """Return the candidates of a window and their grades; add base rankers that cannot be fitted to `left_out`."""
    known, later = window
    if known.empty or later.empty:
        return None
    generator = CandidateGenerator.fit(*_known_side(dataset, features, known), plan.candidates).without(left_out)
    left_out.update(generator.base_rankers.left_out)
    users = _sample(generator.history, later, plan)
    table = generator.table(users)
    liked = is_liked(later, dataset.relevant_from)
    return table, grade_pairs(later, liked, generator.history, users[table.rows], table.movies)


def _known_side(dataset: Dataset, features: MovieFeatures, known: pd.DataFrame) -> tuple[Dataset, MovieFeatures]:
    """Leave out tags that were given in the label window; the movies are then described without them too."""
    before = dataset.with_ratings(known)
    return before, features if len(before.tags) == len(dataset.tags) else MovieFeatures.build(before)


def _sample(history: History, later: pd.DataFrame, plan: WindowPlan) -> Ints:
    """Draw the positions of the users of a window to learn from, ascending."""
    users = np.searchsorted(history.user_ids, np.sort(later[USER].unique()))
    drawn = np.random.default_rng(plan.seed).permutation(users)[: max(plan.training_users // plan.folds, 1)]
    return np.sort(drawn).astype(np.int64)


def grade_pairs(later: pd.DataFrame, liked: NDArray[np.bool_], history: History, users: Ints, movies: Ints) -> Ints:
    """Return the grade of each pair of positions in a label window: 2 if liked, 1 if rated lower, 0 if not rated."""
    catalogue_size = history.shape[1]
    rated = np.searchsorted(history.user_ids, later[USER]) * catalogue_size
    rated += np.searchsorted(history.movie_ids, later[MOVIE])
    graded = pd.Series(np.where(liked, 2, 1), index=rated)
    return np.asarray(graded.reindex(users * catalogue_size + movies, fill_value=0), np.int64)
