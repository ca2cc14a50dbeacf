"""A search for hyper-parameters with Optuna's TPE (Bergstra et al. 2011; Akiba et al., KDD 2019).

A study lives in memory; its trials come in and go out as plain rows, which the warehouse keeps (`ml.trial`). So
searches that run beside each other share nothing, need no second way into the database, and leave the same rows when
they run again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from movierec.errors import ModelError
from movierec.rankers.building_blocks.search_space import Choice, Range, Space

Parameters = Mapping[str, Any]
Objective = Callable[[Parameters], float]


@dataclass(frozen=True)
class Trial:
    """A set of hyper-parameters and its value, the higher the better, or the reason why it has none."""

    parameters: dict[str, Any]
    value: float | None
    error: str | None = None
    seconds: float = 0.0


def search(
    objective: Objective,
    space: Space,
    initial: Sequence[Parameters],
    trials: int,
    seed: int,
    *,
    earlier: Sequence[Trial] = (),
) -> list[Trial]:
    """Try the initial hyper-parameters, then those that TPE suggests; a trial that fails is kept with its error.

    Args:
        objective: returns the value of a set of hyper-parameters; a ModelError says that it has none.
        space: from which hyper-parameters are suggested; the initial ones may lie outside it, as a default does.
        initial: hyper-parameters to try first.
        trials: how many in all.
        seed: of the suggestions.
        earlier: trials of other searches, which say where to look; they are not counted and not returned.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    distributions = {name: _distribution(values) for name, values in space.items()}
    for trial in earlier:
        _add_to_study(study, trial, distributions, space)
    tried = [_try(objective, parameters) for parameters in initial[:trials]]
    for trial in tried:
        _add_to_study(study, trial, distributions, space)
    for _ in range(trials - len(tried)):
        suggestion = study.ask(distributions)
        tried.append(_try(objective, suggestion.params))
        value = tried[-1].value
        study.tell(suggestion, value, state=TrialState.FAIL if value is None else TrialState.COMPLETE)
    return tried


def _try(objective: Objective, parameters: Parameters) -> Trial:
    started = time.monotonic()
    try:
        value, error = objective(parameters), None
    except ModelError as failure:
        value, error = None, str(failure)
    if value is not None and not np.isfinite(value):
        value, error = None, f"the value is {value}; nobody could be evaluated"
    return Trial(dict(parameters), value, error, round(time.monotonic() - started, 3))


def _add_to_study(
    study: optuna.Study, trial: Trial, distributions: Mapping[str, BaseDistribution], space: Space
) -> None:
    """Tell the study of a trial it did not suggest, as far as the hyper-parameters lie in the space."""
    inside = {
        name: value for name, value in trial.parameters.items() if name in space and _contains(space[name], value)
    }
    if trial.value is not None and inside:
        kinds = {name: distributions[name] for name in inside}
        study.add_trial(optuna.create_trial(params=inside, distributions=kinds, value=trial.value))


def _contains(values: Range | Choice, value: Any) -> bool:
    if isinstance(values, Choice):
        return value in values.values
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and values.low <= value <= values.high


def _distribution(values: Range | Choice) -> BaseDistribution:
    if isinstance(values, Choice):
        return CategoricalDistribution(values.values)
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)
