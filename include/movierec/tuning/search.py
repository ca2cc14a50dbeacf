"""A search over settings with Optuna's TPE (Bergstra et al. 2011; Akiba et al., KDD 2019).

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
from movierec.rankers.search_space import Choice, Range, Space

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """One setting and its value, the higher the better, or why it has none."""

    parameters: dict[str, Any]
    value: float | None
    error: str | None = None
    seconds: float = 0.0


def search(
    measure: Callable[[Parameters], float],
    space: Space,
    given: Sequence[Parameters],
    trials: int,
    seed: int,
    *,
    earlier: Sequence[Trial] = (),
) -> list[Trial]:
    """Measure the given settings, then those that TPE suggests; one that cannot be measured is kept with its error.

    Args:
        measure: the value of a setting; a ModelError says that it has none.
        space: from which settings are suggested; the given ones may lie outside it, as a default does.
        given: settings to measure first.
        trials: how many in all.
        seed: of the suggestions.
        earlier: trials of other searches, which say where to look.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    distributions = {key: _distribution(values) for key, values in space.items()}
    for trial in earlier:
        _remember(study, trial, distributions, space)
    tried = [_measured(measure, parameters) for parameters in given[:trials]]
    for trial in tried:
        _remember(study, trial, distributions, space)
    for _ in range(trials - len(tried)):
        asked = study.ask(distributions)
        tried.append(_measured(measure, asked.params))
        value = tried[-1].value
        study.tell(asked, value, state=TrialState.FAIL if value is None else TrialState.COMPLETE)
    return tried


def _measured(measure: Callable[[Parameters], float], parameters: Parameters) -> Trial:
    started = time.monotonic()
    try:
        value, error = measure(parameters), None
    except ModelError as failure:
        value, error = None, str(failure)
    if value is not None and not np.isfinite(value):
        value, error = None, f"the value is {value}; nobody could be judged"
    return Trial(dict(parameters), value, error, round(time.monotonic() - started, 3))


def _remember(study: optuna.Study, trial: Trial, distributions: Mapping[str, BaseDistribution], space: Space) -> None:
    """Tell the study of a trial it did not suggest, as far as the setting lies in the space."""
    inside = {key: value for key, value in trial.parameters.items() if key in space and _holds(space[key], value)}
    if trial.value is not None and inside:
        kinds = {key: distributions[key] for key in inside}
        study.add_trial(optuna.create_trial(params=inside, distributions=kinds, value=trial.value))


def _holds(values: Range | Choice, value: Any) -> bool:
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
