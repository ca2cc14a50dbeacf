"""What learned rankers learn from: candidates as they looked before a label window, graded by what came in it.

After the label windows, the base rankers are fitted again on all ratings, and their candidates are what is scored.
Nothing that a ranker is evaluated on is ever seen.
"""

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from upath import UPath

from movierec.artifacts import load_arrays, save_arrays
from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History, is_liked
from movierec.features.content import MovieFeatures
from movierec.rankers.base import blocks_of
from movierec.rankers.building_blocks.fits import ANEW, Fits
from movierec.rankers.building_blocks.fitting_together import left_out_from_arrays, left_out_to_arrays
from movierec.rankers.building_blocks.label_windows import Window, WindowPlan, draw_users, known_side, label_windows
from movierec.rankers.reranking.candidates import CandidateGenerator, CandidateTable
from movierec.rankers.reranking.training_set import TrainingSet, sample_rows
from movierec.rankers.reranking.views import features_of
from movierec.rankers.saved_models.model_card import ARRAYS

MAX_ROWS = 300_000  # candidates of all label windows together, unless more of them were rated
TRAINING_SET_PART = "training_set"  # by this name it is kept beside fits


@dataclass(frozen=True, eq=False)
class TrainingInputs:
    """What a learned ranker is made of.

    Attributes:
        training_set: None where the label windows hold nothing to learn.
        generator: of the candidates to recommend from, fitted on all ratings.
    """

    training_set: TrainingSet | None
    generator: CandidateGenerator


@dataclass(frozen=True, eq=False)
class GradedWindows:
    """The label windows of a plan, graded.

    Attributes:
        training_set: None where they hold nothing to learn.
        left_out: names of the base rankers that could not be fitted on all windows, with the reasons in words.
    """

    training_set: TrainingSet | None
    left_out: Mapping[str, str]

    def save(self, folder: UPath) -> None:
        """Write everything into a folder."""
        arrays = {} if self.training_set is None else self.training_set.to_arrays()
        save_arrays(folder / ARRAYS, {**arrays, **left_out_to_arrays(self.left_out)})

    @classmethod
    def load(cls, folder: UPath) -> Self:
        """Read what `save` wrote."""
        arrays = load_arrays(folder / ARRAYS)
        return cls(TrainingSet.from_arrays(arrays) if "grades" in arrays else None, left_out_from_arrays(arrays))


_cache: "weakref.WeakKeyDictionary[Dataset, dict[tuple[object, ...], TrainingInputs]]" = weakref.WeakKeyDictionary()


def training_inputs(dataset: Dataset, features: MovieFeatures, plan: WindowPlan, fits: Fits = ANEW) -> TrainingInputs:
    """Fit the candidate generators of a plan and build its training set.

    Learned rankers that are fitted on the same dataset and features objects under equal plans share the result; what
    `fits` keeps is shared with other processes, too.

    Raises:
        ModelError: the plan's windows are of an unknown kind, or no base ranker can be fitted.
    """
    plan.check_plan()
    by_plan, key = _cache.setdefault(dataset, {}), (fits, *plan.plan_key())
    if key not in by_plan or by_plan[key].generator.features is not features:
        generator = CandidateGenerator.fit(dataset, features, plan, fits)
        left_out = generator.base_rankers.left_out
        parameters = {field.name: getattr(plan, field.name) for field in fields(WindowPlan)}
        graded = fits.part(
            TRAINING_SET_PART,
            {**parameters, "left_out": sorted(left_out)},
            dataset,
            features,
            lambda: _grade_windows(dataset, features, plan, left_out, fits),
            GradedWindows.load,
        )
        by_plan[key] = TrainingInputs(graded.training_set, generator.without(graded.left_out))
    return by_plan[key]


def _grade_windows(
    dataset: Dataset, features: MovieFeatures, plan: WindowPlan, left_out: Mapping[str, str], fits: Fits = ANEW
) -> GradedWindows:
    """Make the training set, and add to `left_out` the base rankers that cannot be fitted on a window.

    A base ranker that cannot be fitted on every window has no features in the training set: a column that is known for
    some windows only would mean something else there.
    """
    left_out = dict(left_out)
    parts = []
    for window, fitted in _fitted_windows(dataset, features, plan, fits):
        generator = fitted.without(left_out)
        left_out.update(generator.base_rankers.left_out)
        graded = _graded_candidates(dataset, generator, window, plan)
        # Where all candidates have one grade, there is nothing to tell apart.
        if graded[1].any() and not graded[1].all():
            parts.append(graded)
    if not parts:
        return GradedWindows(None, left_out)
    absent = features_of(left_out)
    names = list(dict.fromkeys(name for table, _ in parts for name in table.names if name not in absent))
    training_set = TrainingSet.of(
        np.concatenate([table.columns(names) for table, _ in parts]),
        names,
        np.concatenate([grades for _, grades in parts]),
        np.concatenate([np.unique(table.rows, return_counts=True)[1] for table, _ in parts]),
    )
    return GradedWindows(training_set, left_out)


def _fitted_windows(
    dataset: Dataset, features: MovieFeatures, plan: WindowPlan, fits: Fits
) -> Iterator[tuple[Window, CandidateGenerator]]:
    """Yield each window that has labels, and a generator that knows what comes before them.

    What is fitted before the first of two is what those who learn from the next longer history, the publication after
    the evaluation, fit before their second one. What is fitted before the last one, hardly anybody else needs.
    """
    fitted: tuple[pd.DataFrame, CandidateGenerator] | None = None
    last = plan.window_count(dataset.ratings)
    for number, window in enumerate(label_windows(dataset.ratings, plan), 1):
        if window.known.empty or window.later.empty:
            continue
        if fitted is None or fitted[0] is not window.known:
            known = known_side(dataset, features, window.known)
            window_fits = fits.sparing if number == last else fits
            fitted = window.known, CandidateGenerator.fit(*known, plan, window_fits)
        is_longer = window.shown is not window.known
        yield window, fitted[1].fold_in(dataset.with_ratings(window.shown)) if is_longer else fitted[1]


def _graded_candidates(
    dataset: Dataset, generator: CandidateGenerator, window: Window, plan: WindowPlan
) -> tuple[CandidateTable, Ints]:
    """Return the candidates of a window and their grades."""
    later, windows = window.later, plan.window_count(dataset.ratings)
    users = draw_users(generator.history, later, max(plan.training_users // windows, 1), plan.seed)
    liked = is_liked(later, dataset.relevant_from)
    blocks = blocks_of(len(users), generator.history.shape[1])
    parts = []
    for start, stop in blocks:  # thinned one by one: all candidates of all users take gigabytes
        table = generator.table(users[start:stop])
        grades = grade_pairs(later, liked, generator.history, users[start:stop][table.rows], table.movies)
        rows = sample_rows(grades, MAX_ROWS // windows * (stop - start) // len(users), plan.seed)
        parts.append((table.take(rows), grades[rows], start))
    tables, grades_of, starts = zip(*parts, strict=True)
    return CandidateTable.join(tables, starts), np.concatenate(grades_of)


def grade_pairs(later: pd.DataFrame, liked: NDArray[np.bool_], history: History, users: Ints, movies: Ints) -> Ints:
    """Return the grade of each pair of positions in a label window: 2 if liked, 1 if rated lower, 0 if not rated."""
    catalogue_size = history.shape[1]
    rated = np.searchsorted(history.user_ids, later[USER]) * catalogue_size
    rated += np.searchsorted(history.movie_ids, later[MOVIE])
    graded = pd.Series(np.where(liked, 2, 1), index=rated)
    return np.asarray(graded.reindex(users * catalogue_size + movies, fill_value=0), np.int64)
