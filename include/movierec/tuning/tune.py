"""Tune a ranker on a validation window: fit on what came before it, maximise NDCG@10 on it; a test is never read."""

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from movierec.data.dataset import Dataset
from movierec.evaluation.evaluate import evaluate
from movierec.evaluation.metrics import relevant_pairs
from movierec.evaluation.protocols import CUTOFF
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.tuning.search import Parameters, Trial, search

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TuningResult:
    """The best of the trials; `value`, its NDCG@10, is None where no trial has one."""

    parameters: dict[str, Any]
    value: float | None
    trials: list[Trial]


def tune(
    name: str,
    train: Dataset,
    validation: pd.DataFrame,
    trials: int,
    seed: int,
    *,
    exclude: pd.DataFrame | None = None,
    fixed: Parameters | None = None,
    start: Parameters | None = None,
    earlier: Sequence[Trial] = (),
    fold_in: Dataset | None = None,
    features: MovieFeatures | None = None,
) -> TuningResult:
    """Find the hyper-parameters with which a ranker fitted on `train` ranks the movies of `validation` best.

    The first trial is `start`, the next the ranker's defaults; a ranker without a `space` has nothing but these. What
    wins was tried in this search: values of `earlier` trials, on other data, only say where to look.

    Args:
        name: the ranker.
        train: what it is fitted on.
        validation: (user_id, movie_id, rating, weight?), the ratings of the validation window.
        trials: how many sets of hyper-parameters to try; none are where this is 0 or nobody liked anything in the
            window.
        seed: of the search.
        exclude: (user_id, movie_id) that must not be in the lists.
        fixed: hyper-parameters that are not searched.
        start: the best ones of the last search.
        earlier: trials of the last searches.
        fold_in: what is known of the users of the window, where they are others than those of `train`.
        features: of the movies in `train`; built where they are not given.

    Returns:
        The best hyper-parameters, or `start` where no trial has a value: then every one says why.

    Raises:
        ModelError: there is no such ranker.
    """
    fixed = fixed or {}
    kind = type(registry.create(name))
    space = {key: values for key, values in kind.space.items() if key not in fixed}
    best_so_far = {key: value for key, value in (start or {}).items() if key in space}
    if trials < 1 or relevant_pairs(validation, train.relevant_from).empty:
        return TuningResult({**fixed, **best_so_far}, None, [])
    movies = features or MovieFeatures.build(train)

    def mean_ndcg(parameters: Parameters) -> float:
        ranker = registry.create(name, **{**fixed, **parameters}).fit(train, movies)
        ranker = ranker if fold_in is None else ranker.fold_in(fold_in)
        evaluation = evaluate(ranker, validation, (CUTOFF,), relevant_from=train.relevant_from, exclude=exclude)
        return float(evaluation.at(CUTOFF)["ndcg"].mean())

    signature = inspect.signature(kind).parameters
    defaults = {key: signature[key].default for key in space}
    initial = [best_so_far, defaults] if best_so_far and best_so_far != defaults else [defaults]
    tried = search(mean_ndcg, space, initial, trials if space else 1, seed, earlier=earlier)
    best = max((trial for trial in tried if trial.value is not None), key=lambda trial: trial.value or 0, default=None)
    if best is None:
        log.warning("tune %s: none of %d trials has a value; first: %s", name, len(tried), tried[0].error)
        return TuningResult({**fixed, **best_so_far}, None, tried)
    log.info("tune %s: %d trials, NDCG@%d %.4f with %s", name, len(tried), CUTOFF, best.value, best.parameters)
    return TuningResult({**fixed, **best.parameters}, best.value, tried)
