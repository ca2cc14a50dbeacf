"""Tune a ranker on a validation window: fit on what came before it, judge by NDCG@10 on it; a test is never read."""

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
class Tuned:
    """The best of the trials; `value`, its NDCG@10, is None where nothing was tried."""

    parameters: dict[str, Any]
    value: float | None
    trials: list[Trial]


def tune(
    name: str,
    known: Dataset,
    judged: pd.DataFrame,
    trials: int,
    seed: int,
    *,
    exclude: pd.DataFrame | None = None,
    fixed: Parameters | None = None,
    start: Parameters | None = None,
    earlier: Sequence[Trial] = (),
    met: Dataset | None = None,
    features: MovieFeatures | None = None,
) -> Tuned:
    """Find the hyper-parameters with which a ranker fitted on `known` ranks `judged` best.

    The first trial is `start`, the next the ranker's defaults; a ranker without a `space` has nothing but these. What
    wins was measured in this search: values of `earlier` ones, on other data, only say where to look.

    Args:
        name: the ranker.
        known: what it is fitted on.
        judged: (user_id, movie_id, rating, weight?), the validation window.
        trials: how many settings to try; none are where 0 is asked for or nobody liked anything in the window.
        seed: of the search.
        exclude: (user_id, movie_id) that must not be in the lists.
        fixed: hyper-parameters that are not searched.
        start: the best ones known so far.
        earlier: trials of the last searches.
        met: what is known of the users of the window, where others are recommended to than were learned from.
        features: of the movies in `known`; built where they are not given.

    Returns:
        The best setting, or `start` where none could be fitted and judged: then every trial says why.

    Raises:
        ModelError: there is no such ranker.
    """
    fixed = fixed or {}
    kind = type(registry.create(name))
    space = {key: values for key, values in kind.space.items() if key not in fixed}
    kept = {key: value for key, value in (start or {}).items() if key in space}
    if trials < 1 or relevant_pairs(judged, known.relevant_from).empty:
        return Tuned({**fixed, **kept}, None, [])
    content = features or MovieFeatures.build(known)

    def measure(parameters: Parameters) -> float:
        ranker = registry.create(name, **{**fixed, **parameters}).fit(known, content)
        ranker = ranker if met is None else ranker.fold_in(met)
        evaluation = evaluate(ranker, judged, (CUTOFF,), relevant_from=known.relevant_from, exclude=exclude)
        return float(evaluation.at(CUTOFF)["ndcg"].mean())

    signature = inspect.signature(kind).parameters
    defaults = {key: signature[key].default for key in space}
    given = [kept, defaults] if kept and kept != defaults else [defaults]
    tried = search(measure, space, given, trials if space else 1, seed, earlier=earlier)
    best = max((trial for trial in tried if trial.value is not None), key=lambda trial: trial.value or 0, default=None)
    if best is None:
        log.warning("tune %s: none of %d settings could be judged; first: %s", name, len(tried), tried[0].error)
        return Tuned({**fixed, **kept}, None, tried)
    log.info("tune %s: %d trials, NDCG@%d %.4f with %s", name, len(tried), CUTOFF, best.value, best.parameters)
    return Tuned({**fixed, **best.parameters}, best.value, tried)
