"""The learned ranker: LightGBM orders the candidates of all the others.

What it learns from lies strictly before what it predicts. Each user's given ratings are divided in time: base rankers
and features see the history H, the label window L after it says what came next. Then the base rankers are fitted again
on all given ratings, and their candidates are what is scored. `fit` on a training split and on everything is one code.

The objective is pointwise cross-entropy: 1 for a movie liked in L, `LOWER_GRADE` for one rated lower, 0 otherwise. On
an inner window of MovieLens 100K, an earlier set of features gave NDCG@10 .205 with graded cross-entropy, .199 with
binary, .195 with LambdaRank (Burges 2010). A lower grade of 0.2, 0.5 and 0 gave .194, .193 and .191 over two windows.
"""

import lightgbm as lgb
import numpy as np
import pandas as pd
from upath import UPath

from movierec.columns import MOVIE, RATING, USER
from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.evaluation.metrics import RELEVANT_FROM
from movierec.evaluation.splits import per_user_temporal
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker
from movierec.rankers.stage import Bases, FirstStage, Table
from movierec.rankers.storage import Arrays

BOOSTER = "booster.txt"
LOWER_GRADE = 0.2
TREES_END = "end of trees"
PARAMETERS = {
    "objective": "cross_entropy",
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


class Hybrid(Ranker):
    """Re-ranks the union of the base rankers' best candidates; movies that none proposed follow in EASE's order."""

    name = "hybrid"

    def __init__(
        self,
        *,
        candidates: int = 100,
        label_share: float = 0.2,
        rounds: int = 150,
        learning_rate: float = 0.05,
        training_users: int = 5_000,
        seed: int = 0,
    ) -> None:
        """Store the candidates per base ranker, the share of ratings in L, the size of the model and of its sample."""
        self.candidates = candidates
        self.label_share = label_share
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.training_users = training_users
        self.seed = seed

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        known, later = per_user_temporal(dataset.ratings, self.label_share, self.seed)
        before = dataset.with_ratings(known)
        self.booster_ = self._train(FirstStage(Bases.fit(before, features), before, self.candidates), later)
        self.dataset_ = dataset
        self.stage_ = FirstStage(Bases.fit(dataset, features), dataset, self.candidates)

    def _train(self, stage: FirstStage, later: pd.DataFrame) -> lgb.Booster | None:
        """Learn from the candidates of a sample of users; None where L holds nothing to tell candidates apart."""
        users = self._sample(stage.history, later)
        if len(users) == 0:
            return None
        table = stage.table(users)
        labels = graded_labels(later, stage.history, users[table.rows], table.movies)
        if labels.max(initial=0) == 0:
            return None
        data = lgb.Dataset(table.matrix, labels, feature_name=table.names)
        parameters = {**PARAMETERS, "learning_rate": self.learning_rate, "seed": self.seed}
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
        return np.asarray(booster.predict(table.matrix, num_threads=PARAMETERS["num_threads"]), np.float32)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return EASE's: the view of the history the model relies on most."""
        return self.stage_.bases.ease.item_weights(sources, targets)

    def save(self, folder: UPath) -> None:
        """Write the card, the facts, the base rankers and the trees as LightGBM's text."""
        super().save(folder)
        self.dataset_.save(folder / "dataset")
        self.stage_.bases.save(folder / "bases")
        text = "" if self.booster_ is None else self.booster_.model_to_string()
        (folder / BOOSTER).write_text(text, encoding="utf-8")

    def _restore(self, arrays: Arrays, folder: UPath) -> None:
        self.dataset_ = Dataset.load(folder / "dataset")
        self.stage_ = FirstStage(Bases.load(folder / "bases"), self.dataset_, self.candidates)
        self.booster_ = _read_booster(folder / BOOSTER)


def graded_labels(later: pd.DataFrame, history: History, users: Ints, movies: Ints) -> Floats:
    """Look pairs up in the label window: 1 if liked, `LOWER_GRADE` if rated lower, 0 if not rated (float32)."""
    movies_in_all = history.shape[1]
    rated = np.searchsorted(history.user_ids, later[USER]) * movies_in_all
    rated += np.searchsorted(history.movie_ids, later[MOVIE])
    grades = pd.Series(np.where(later[RATING] >= RELEVANT_FROM, 1.0, LOWER_GRADE), index=rated)
    return np.asarray(grades.reindex(users * movies_in_all + movies, fill_value=0.0), np.float32)


def _below(scores: Floats) -> Floats:
    """Squeeze each row into -2 … -1, keeping its order."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9) - 2, np.float32)


def _read_booster(path: UPath) -> lgb.Booster | None:
    """Read the trees; an empty file says that there was nothing to learn from."""
    try:
        text = path.read_text(encoding="utf-8")
        # LightGBM may read past a text that was cut short, so the end is looked for first.
        if text and TREES_END not in text:
            raise ModelError(f"{path} ends before its last tree; train the model again")
        return lgb.Booster(model_str=text) if text else None
    except (OSError, ValueError, lgb.basic.LightGBMError) as error:
        raise ModelError(f"{path} is not a LightGBM model ({error}); train it again") from error
