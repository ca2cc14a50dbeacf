"""What the learned rankers share: candidates of all base rankers, described, and a model that scores them."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import expit
from upath import UPath

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.reranking.base_rankers import Bases
from movierec.rankers.reranking.candidates import FirstStage, Table
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.training_set import Lesson, Plan, material
from movierec.rankers.reranking.views import HALF_LIVES

GAINS = (0.0, 0.2, 1.0)  # of the grades 0, 1 and 2


class Learned(Ranker):
    """Re-ranks the union of the base rankers' best candidates; movies that none proposed follow in EASE's order.

    A base ranker that cannot be fitted is left out of it, and so are the features that it gives.
    """

    windows: str
    label_share: float
    folds: int
    candidates: int
    training_users: int
    seed: int
    is_trained_: bool
    stage_: FirstStage
    names_: list[str]

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        plan = Plan(self.windows, self.label_share, self.folds, self.candidates, self.training_users, self.seed)
        given = material(dataset, features, plan)
        self.stage_ = given.stage
        self.is_trained_ = given.lesson is not None
        if given.lesson is not None:
            self.names_ = given.lesson.names
            self._train(given.lesson)

    @abstractmethod
    def _train(self, lesson: Lesson) -> None:
        """Learn to score the candidates of the lesson by their grades."""

    @abstractmethod
    def _rate(self, table: Table) -> Floats:
        """Score candidates, described by the features of the lesson, from 0 to 1."""

    def _meet(self, dataset: Dataset) -> None:
        self.stage_ = self.stage_.fold_in(dataset)

    def scores(self, users: Ints) -> Floats:
        """Score candidates from 0 to 1 by the model, all other movies from -2 to -1 by EASE."""
        scores = _below(self.stage_.bases.first_of(("ease", "popularity")).scores(users))
        if self.is_trained_:
            table = self.stage_.table(users)
            table = replace(table, matrix=table.columns(self.names_), names=self.names_)
            scores[table.rows, table.movies] = self._rate(table)
        return scores

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return those of the view `ease_decayed`: trees have none, and recent history is what drives them most."""
        bases = self.stage_.bases
        weights = bases.first_of(("ease_near", "ease", "popularity")).item_weights(sources, targets)
        return weights / self.stage_.views.damping[targets]

    def history_weights(self, ratings: Ints) -> Floats:
        """Return what the ratings count in that view."""
        history = self.history_
        decay = 0.5 ** (history.recency[ratings] / HALF_LIVES["decayed"])
        return np.asarray(history.signal[ratings] * decay, np.float32)

    def save(self, folder: UPath, with_history: bool = True) -> None:
        """Write the card, the history, the model, the facts, the movies' features and the base rankers."""
        super().save(folder, with_history)
        self.stage_.facts.save(folder / "facts")
        self.stage_.features.save(folder / "features")
        self.stage_.bases.save(folder / "bases")

    def _restore(self, arrays: Arrays, folder: UPath) -> None:
        facts, features = Dataset.load(folder / "facts"), MovieFeatures.load(folder / "features")
        names, reasons = (arrays[name].tolist() if name in arrays else [] for name in ("left_out", "reasons"))
        left_out = dict(zip(names, reasons, strict=True))
        bases = Bases.load(folder / "bases", self.fitted_, left_out)
        self.stage_ = FirstStage(bases, facts, features, self.candidates)
        self.is_trained_ = bool(arrays["is_trained"])
        if self.is_trained_:
            self.names_ = arrays["names"].tolist()
            self._take_model(arrays)

    def _state(self) -> Arrays:
        learned = {"names": np.array(self.names_), **self._model()} if self.is_trained_ else {}
        left_out = self.left_out
        reasons = {"left_out": np.array(list(left_out), str), "reasons": np.array(list(left_out.values()), str)}
        return {"is_trained": np.array(self.is_trained_), **reasons, **learned}

    @property
    def left_out(self) -> Mapping[str, str]:
        """The base rankers that it had to do without, and why, in words."""
        return self.stage_.bases.left_out

    @abstractmethod
    def _model(self) -> Arrays:
        """Return what `_train` learned."""

    @abstractmethod
    def _take_model(self, arrays: Arrays) -> None:
        """Take back what `_model` returned."""


class OneForest(Learned):
    """A learned ranker whose model is one forest that tells a probability."""

    forest_: Forest

    def _train(self, lesson: Lesson) -> None:
        self.forest_ = self._grow(lesson)

    @abstractmethod
    def _grow(self, lesson: Lesson) -> Forest:
        """Learn trees that tell wanted candidates from the others."""

    def _rate(self, table: Table) -> Floats:
        return np.asarray(expit(self.forest_.predict(table.matrix)), np.float32)

    def _model(self) -> Arrays:
        return self.forest_.arrays()

    def _take_model(self, arrays: Arrays) -> None:
        self.forest_ = Forest.of_arrays(arrays)


def _below(scores: Floats) -> Floats:
    """Squeeze each row into -2 … -1, keeping its order."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9) - 2, np.float32)


def thinned(lesson: Lesson, most: int, seed: int) -> Lesson:
    """Keep all rated candidates, and of the many others as many as fit into `most` rows, drawn at random."""
    rated = np.flatnonzero(lesson.grades)
    others = np.flatnonzero(lesson.grades == 0)
    drawn = np.random.default_rng(seed).permutation(others)[: max(most - len(rated), len(rated))]
    rows = np.sort(np.concatenate([rated, drawn]))
    groups = np.repeat(np.arange(len(lesson.sizes)), lesson.sizes)[rows]
    sizes = np.bincount(groups, minlength=len(lesson.sizes))
    return Lesson(lesson.matrix[rows], lesson.names, lesson.grades[rows], sizes[sizes > 0])


def importance(lesson: Lesson) -> Floats:
    """Weigh rows for models that only tell wanted from unwanted: a rated candidate counts what its grade gains."""
    return np.where(lesson.grades > 0, np.take(GAINS, lesson.grades), 1.0).astype(np.float32)
