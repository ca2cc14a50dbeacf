"""Rankers by name: the one place that knows them all."""

import inspect
from typing import Any

from upath import UPath

from movierec.errors import ModelError
from movierec.rankers.base import Ranker
from movierec.rankers.blend import Blend
from movierec.rankers.content import Content
from movierec.rankers.ease import EASE
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.neural.ranker import Neural
from movierec.rankers.popularity import Popularity
from movierec.rankers.recent_popularity import RecentPopularity
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.reranking.gradient_boosting import GradientBoosting
from movierec.rankers.reranking.hybrid import Hybrid
from movierec.rankers.reranking.random_forest import RandomForest
from movierec.rankers.saved_models.model_card import read_card
from movierec.rankers.slim import SLIM
from movierec.rankers.slit import SLIT
from movierec.rankers.user_knn import UserKNN

__all__ = ["RANKERS", "Ranker", "create", "is_learned", "load"]

RANKERS: dict[str, type[Ranker]] = {
    ranker.name: ranker
    for ranker in (
        Popularity,
        UserKNN,
        ItemKNN,
        IALS,
        EASE,
        SLIM,
        SLIT,
        Neural,
        Content,
        RecentPopularity,
        Blend,
        RandomForest,
        GradientBoosting,
        Hybrid,
    )
}


def create(name: str, **parameters: Any) -> Ranker:
    """Return a new ranker of this name, with its defaults for hyper-parameters that are not passed.

    Raises:
        ModelError: there is no such ranker, or it has no such hyper-parameter.
    """
    kind = _kind(name)
    allowed = inspect.signature(kind).parameters
    unknown = sorted(set(parameters) - set(allowed))
    if unknown:
        raise ModelError(f"ranker '{name}' has no hyper-parameter {unknown}; allowed are {', '.join(allowed)}")
    return kind(**parameters)


def window_parameters(name: str, windows: str) -> dict[str, str]:
    """Return the hyper-parameter by which a ranker learns to answer one kind of question (`label_windows`), if any."""
    return {"windows": windows} if "windows" in inspect.signature(_kind(name)).parameters else {}


def load(folder: UPath, expected: str | None = None) -> Ranker:
    """Read a saved model of one ranker, or of any.

    Raises:
        ModelError: the folder holds no readable model of this version, or another ranker's.
    """
    return _kind(expected or read_card(folder)[0]).load(folder)


def is_learned(name: str) -> bool:
    """Tell whether a ranker learns to order the candidates of others."""
    return issubclass(_kind(name), LearnedRanker)


def _kind(name: str) -> type[Ranker]:
    if name not in RANKERS:
        raise ModelError(f"there is no ranker '{name}'; allowed are {', '.join(RANKERS)}")
    return RANKERS[name]
