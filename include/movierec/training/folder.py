"""What rankers of a training are fitted on and judged by, read once for all that work on it in one process.

Rankers that learn from others share what they prepare on one dataset *object* (`reranking.training_set`). So everybody
who is handed the same `Sides` shares it too.
"""

from functools import cached_property

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame
from movierec.data.dataset import Dataset
from movierec.data.splits import global_temporal
from movierec.features.content import MovieFeatures

Side = tuple[Dataset, MovieFeatures, pd.DataFrame]


def known_side(dataset: Dataset, train: pd.DataFrame) -> tuple[Dataset, MovieFeatures]:
    """Return all that may be learned from: the facts with these ratings alone, and features built from nothing else."""
    known = dataset.with_ratings(train)
    return known, MovieFeatures.build(known)


class Sides:
    """A training's snapshot, divided in both ways: what is known, its features, and the test."""

    def __init__(self, folder: UPath) -> None:
        """Remember the training's folder; nothing is read before it is needed."""
        self.folder = folder

    @cached_property
    def dataset(self) -> Dataset:
        """The snapshot."""
        return Dataset.load(self.folder / "snapshot")

    @cached_property
    def per_user(self) -> Side:
        """The split that decides, and the features as `build_features` kept them."""
        train, test = (load_frame(self.folder / f"{side}.parquet") for side in ("train", "test"))
        return self.dataset.with_ratings(train), MovieFeatures.load(self.folder / "features"), test

    @cached_property
    def at_one_moment(self) -> Side:
        """The split of everybody's ratings at one moment."""
        train, test = global_temporal(self.dataset.ratings)
        return *known_side(self.dataset, train), test
