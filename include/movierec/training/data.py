"""What a training's folder holds, read once for everything that works on it in one process.

Rankers that learn from other rankers share what they prepare on one dataset *object* (`reranking.training_inputs`), so
whoever is handed the same `TrainingData` shares it too.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.data import splits
from movierec.data.dataset import Dataset
from movierec.evaluation.protocols import EVERYTHING, GLOBAL_TEMPORAL, PER_USER_TEMPORAL, WINDOWS_OF
from movierec.features.content import FEATURES_FILE, MovieFeatures
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.rankers.saved_models.model_card import CARD
from movierec.training.fit_store import FitStore
from movierec.training.folder import TrainingFolder


class Split(NamedTuple):
    """A training's ratings, divided by one protocol.

    Attributes:
        train: the facts with the training ratings alone, to fit on.
        features: of the movies, built from `train`.
        test: (user_id, movie_id, rating, weight, rated_at), the ratings held out.
    """

    train: Dataset
    features: MovieFeatures
    test: pd.DataFrame


def fit_inputs(dataset: Dataset, train: pd.DataFrame) -> tuple[Dataset, MovieFeatures]:
    """Return all that a ranker may be fitted on: the facts with these ratings alone, and features built from them."""
    facts = dataset.with_ratings(train)
    return facts, MovieFeatures.build(facts)


class TrainingData:
    """A training's snapshot, its splits, its fitted rankers and their lists."""

    def __init__(self, folder: TrainingFolder) -> None:
        """Remember the folder; nothing is read before it is needed."""
        self.folder = folder

    @cached_property
    def dataset(self) -> Dataset:
        """The snapshot, with all ratings."""
        return Dataset.load(self.folder.snapshot)

    @cached_property
    def train(self) -> Dataset:
        """The snapshot with the training ratings of the split per user alone."""
        return self.dataset.with_ratings(load_frame(self.folder.train))

    @cached_property
    def features(self) -> MovieFeatures:
        """The movies, described from `train`."""
        return MovieFeatures.load(self.folder.features)

    @cached_property
    def test(self) -> pd.DataFrame:
        """The ratings that the split per user holds out."""
        return load_frame(self.folder.test)

    @property
    def per_user_temporal(self) -> Split:
        """The split of every user's ratings in time."""
        return Split(self.train, self.features, self.test)

    @cached_property
    def global_temporal(self) -> Split:
        """The split of everybody's ratings at one point in time."""
        if not self.folder.global_test.exists():
            train, test = splits.global_temporal(self.dataset.ratings)
            save_frame(self.folder.global_train, train)
            save_frame(self.folder.global_test, test)
        facts = self.dataset.with_ratings(load_frame(self.folder.global_train))
        return Split(facts, _kept_features(self.folder.global_features, facts), load_frame(self.folder.global_test))

    @cached_property
    def final_features(self) -> MovieFeatures:
        """The movies, described from all ratings."""
        return _kept_features(self.folder.final_features, self.dataset)

    def split(self, protocol: str) -> Split:
        """The split of one of `PROTOCOLS`."""
        return self.global_temporal if protocol == GLOBAL_TEMPORAL else self.per_user_temporal

    def side(self, name: str) -> tuple[Dataset, MovieFeatures]:
        """Return what rankers may learn from: the known side of one of `PROTOCOLS`, or `EVERYTHING`."""
        if name == EVERYTHING:
            return self.dataset, self.final_features
        return self.split(name)[:2]

    def fit_on(
        self, side: str, name: str, parameters: Mapping[str, Any], deciding_protocol: str = PER_USER_TEMPORAL
    ) -> Ranker:
        """Fit a ranker on what `side` returns, or take the fit that there is; it learns to answer what that is asked.

        What it learns from everything has to answer what the champion was chosen by.
        """
        windows = WINDOWS_OF[deciding_protocol if side == EVERYTHING else side]
        unfitted = registry.create(name, **{**parameters, **registry.window_parameters(name, windows)})
        return self.fits.ranker(unfitted, *self.side(side))

    def refit(self, name: str, deciding_protocol: str = PER_USER_TEMPORAL) -> Ranker:
        """Fit a ranker on everything, with the hyper-parameters it was evaluated with, or take the fit that there is.

        One that was not evaluated, popularity where nothing else holds, has its defaults.
        """
        was_evaluated = (self.folder.model(name) / CARD).exists()
        parameters = self.load_ranker(name).chosen_parameters() if was_evaluated else {}
        return self.fit_on(EVERYTHING, name, parameters, deciding_protocol)

    @cached_property
    def fits(self) -> FitStore:
        """What has been fitted, on any side of the splits."""
        return FitStore(self.folder)

    def fit_ranker(self, unfitted: Ranker) -> Ranker:
        """Fit a ranker on `train`, or take the fit that there is, and keep it as this training's."""
        fitted = self.fits.ranker(unfitted, self.train, self.features)
        fitted.save(self.folder.model(fitted.name))
        return fitted

    def load_ranker(self, name: str) -> Ranker:
        """Return a ranker as it was fitted on `train`.

        Raises:
            ModelError: it was not kept, cannot be read, or is another ranker's.
        """
        return registry.load(self.folder.model(name), name)

    def save_lists(self, name: str, lists: pd.DataFrame) -> None:
        """Keep the lists (user_id, movie_id, score, rank) by which a ranker was evaluated."""
        save_frame(self.folder.lists_of(name), lists)

    def load_lists(self, name: str) -> pd.DataFrame:
        """Return the lists by which a ranker was evaluated.

        Raises:
            ModelError: there are none, or they cannot be read.
        """
        return load_frame(self.folder.lists_of(name))


def _kept_features(folder: UPath, facts: Dataset) -> MovieFeatures:
    """Read the features of these facts, built the first time: a fit's key holds them, to the last bit."""
    if not (folder / FEATURES_FILE).exists():
        MovieFeatures.build(facts).save(folder)
    return MovieFeatures.load(folder)
