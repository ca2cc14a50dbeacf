"""The learned ranker: LightGBM orders the candidates of all the others.

What it learns from lies strictly before what it predicts. Each user's given ratings are divided in time: base rankers
and features see the history H, the label window L after it says what came next. Then the base rankers are fitted again
on all given ratings, and their candidates are what is scored. `fit` on a training split and on everything is one code.

A movie of L has the grade 2 if it was liked and 1 if it was rated lower; candidates outside L have 0. LambdaRank
(Burges 2010) learns to order each user's candidates by what a grade gains, cross-entropy to predict that gain candidate
by candidate. `python -m movierec.evaluation.objectives` compares the two on inner windows.
"""

from typing import NamedTuple

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from upath import UPath

from movierec.artifacts import Arrays, read_bytes
from movierec.columns import MOVIE, USER
from movierec.dataset import Dataset, empty
from movierec.errors import ModelError
from movierec.evaluation.splits import per_user_temporal
from movierec.features.content import MovieFeatures
from movierec.features.history import History, is_liked
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker
from movierec.rankers.stage import Bases, FirstStage, Table

BOOSTER = "booster.txt"
OBJECTIVES = ("lambdarank", "cross_entropy")
GAINS = (0.0, 0.2, 1.0)  # of the grades 0, 1 and 2
TREES_END = "end of trees"
PARAMETERS = {
    "label_gain": GAINS,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


class Lesson(NamedTuple):
    """What is learned from: candidates as of the history, and the grade of each in the label window (int64)."""

    table: Table
    grades: Ints


class Hybrid(Ranker):
    """Re-ranks the union of the base rankers' best candidates; movies that none proposed follow in EASE's order."""

    name = "hybrid"

    def __init__(
        self,
        *,
        objective: str = "lambdarank",
        truncation: int = 30,
        candidates: int = 100,
        label_share: float = 0.2,
        rounds: int = 300,
        learning_rate: float = 0.03,
        training_users: int = 5_000,
        seed: int = 0,
    ) -> None:
        """Store how to learn, the candidates per base ranker, the share of ratings in L, the size of model and sample.

        `objective` is one of `OBJECTIVES`; LambdaRank looks at pairs with a candidate among the first `truncation`.
        """
        self.objective = objective
        self.truncation = truncation
        self.candidates = candidates
        self.label_share = label_share
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.training_users = training_users
        self.seed = seed

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        if self.objective not in OBJECTIVES:
            raise ModelError(f"'{self.objective}' is no objective of the hybrid; allowed are {', '.join(OBJECTIVES)}")
        lesson = self._learning_table(dataset, features)
        self.booster_ = None if lesson is None else self._train(lesson)
        self.facts_ = dataset.with_ratings(empty("ratings"))
        self.stage_ = self._first_stage(dataset, features)

    def _learning_table(self, dataset: Dataset, features: MovieFeatures) -> Lesson | None:
        """Describe and grade the candidates of a sample of users; None where L holds nothing to tell them apart."""
        known, later = per_user_temporal(dataset.ratings, self.label_share, self.seed)
        stage = self._first_stage(dataset.with_ratings(known), features)
        users = self._sample(stage.history, later)
        if len(users) == 0:
            return None
        table = stage.table(users)
        liked = is_liked(later, dataset.relevant_from)
        found = grades(later, liked, stage.history, users[table.rows], table.movies)
        return Lesson(table, found) if found.any() else None

    def _first_stage(self, dataset: Dataset, features: MovieFeatures) -> FirstStage:
        return FirstStage(Bases.fit(dataset, features), dataset, self.candidates)

    def _train(self, lesson: Lesson) -> lgb.Booster:
        table = lesson.table
        labels = lesson.grades if self.objective == "lambdarank" else np.take(GAINS, lesson.grades)
        _, sizes = np.unique(table.rows, return_counts=True)
        data = lgb.Dataset(table.matrix, labels, group=sizes, feature_name=table.names)
        chosen = {"objective": self.objective, "learning_rate": self.learning_rate, "seed": self.seed}
        parameters = {**PARAMETERS, **chosen, "lambdarank_truncation_level": self.truncation}
        return lgb.train(parameters, data, self.rounds)

    def _sample(self, history: History, later: pd.DataFrame) -> Ints:
        users = np.searchsorted(history.user_ids, later[USER].unique())
        chosen = np.random.default_rng(self.seed).permutation(np.sort(users))[: self.training_users]
        return np.sort(chosen).astype(np.int64)

    def scores(self, users: Ints) -> Floats:
        """Score candidates from 0 to 1 by the model, all other movies from -2 to -1 by EASE."""
        scores = _below(self.stage_.bases.ease.scores(users))
        if self.booster_ is not None:
            table = self.stage_.table(users)
            scores[table.rows, table.movies] = self._predict(self.booster_, table)
        return scores

    def _predict(self, booster: lgb.Booster, table: Table) -> Floats:
        raw = booster.predict(table.matrix, raw_score=True, num_threads=PARAMETERS["num_threads"])
        return np.asarray(expit(raw), np.float32)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return EASE's: the view of the history the model relies on most."""
        return self.stage_.bases.ease.item_weights(sources, targets)

    def save(self, folder: UPath, with_history: bool = True) -> None:
        """Write the card, the history, the other facts, the base rankers and the trees as LightGBM's text."""
        super().save(folder, with_history)
        self.facts_.save(folder / "facts")
        self.stage_.bases.save(folder / "bases")
        text = "" if self.booster_ is None else self.booster_.model_to_string()
        (folder / BOOSTER).write_text(text, encoding="utf-8")

    def _restore(self, arrays: Arrays, folder: UPath) -> None:
        self.facts_ = Dataset.load(folder / "facts")
        self.stage_ = FirstStage(Bases.load(folder / "bases", self.history_), self.facts_, self.candidates)
        self.booster_ = _read_booster(folder / BOOSTER)


def grades(later: pd.DataFrame, liked: NDArray[np.bool_], history: History, users: Ints, movies: Ints) -> Ints:
    """Look pairs up in the label window: 2 if liked, 1 if rated lower, 0 if not rated."""
    movies_in_all = history.shape[1]
    rated = np.searchsorted(history.user_ids, later[USER]) * movies_in_all
    rated += np.searchsorted(history.movie_ids, later[MOVIE])
    graded = pd.Series(np.where(liked, 2, 1), index=rated)
    return np.asarray(graded.reindex(users * movies_in_all + movies, fill_value=0), np.int64)


def _below(scores: Floats) -> Floats:
    """Squeeze each row into -2 … -1, keeping its order."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9) - 2, np.float32)


def _read_booster(path: UPath) -> lgb.Booster | None:
    """Read the trees; an empty file says that there was nothing to learn from."""
    data = read_bytes(path)
    try:
        text = data.decode()
        # LightGBM may read past a text that was cut short, so the end is looked for first.
        if text and TREES_END not in text:
            raise ModelError(f"{path} ends before its last tree; train again")
        return lgb.Booster(model_str=text) if text else None
    except (ValueError, lgb.basic.LightGBMError) as error:
        raise ModelError(f"{path} is not a LightGBM model ({error}); train again") from error
