"""Check a challenger by every guardrail: by those of a training's own figures first, by the search for leaks last."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from movierec.errors import ModelError
from movierec.evaluation.evaluate import Evaluation, evaluate
from movierec.evaluation.protocols import CUTOFF, PER_USER_TEMPORAL
from movierec.promotion import guardrails
from movierec.promotion.decision import POPULARITY
from movierec.promotion.guardrails import Guardrail
from movierec.promotion.leaks import check_leaks, check_stored_model
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.training.data import Split, TrainingData, fit_inputs

EXCERPT_ROWS = 10_000  # candidates that a learned ranker learns from in an excerpt, at most


def check_guardrails(
    data: TrainingData,
    ndcg: Mapping[str, pd.DataFrame],
    coverage: Mapping[str, float],
    protocol: str,
    name: str,
    *,
    champion: str | None,
    seed: int,
) -> list[Guardrail]:
    """Check a challenger; the search for leaks, which takes long, only where no other guardrail is broken.

    Args:
        data: of the training.
        ndcg: by protocol: NDCG@10 of every viewer (rows) under every ranker (columns).
        coverage: of every ranker, the share of the catalogue that its lists show.
        protocol: the one that decides.
        name: the challenger.
        champion: the one it is compared with, None where it was not evaluated in this training.
        seed: of the excerpt in which leaks are searched for.
    """
    ranker, lists, values = data.load_ranker(name), data.load_lists(name), ndcg[protocol]
    listed_users = ndcg[PER_USER_TEMPORAL].index  # whose lists are stored
    checks = [guardrails.check_scores(ranker), guardrails.check_lists(lists, data.train, listed_users, CUTOFF)]
    checks += _check_against_popularity(data, protocol, values, name, lists)
    checks += [
        guardrails.check_other_protocol(others, name, champion, other)
        for other, others in ndcg.items()
        if other != protocol and not others.empty
    ]
    if champion is not None:
        checks.append(guardrails.check_coverage(coverage[name], coverage[champion]))
        checks.append(guardrails.check_segments(values, name, champion, data.split(protocol).train))
    if all(guardrail.status != "broken" for guardrail in checks):
        checks.append(_check_leaks(data, ranker, lists, seed))
    return checks


def _check_against_popularity(
    data: TrainingData, protocol: str, values: pd.DataFrame, name: str, lists: pd.DataFrame
) -> list[Guardrail]:
    """Compare with popularity; where the training did not evaluate it, with one of default hyper-parameters.

    The lead is over the better one of popularity and recent popularity; the lists are compared with popularity's.
    """
    try:
        if POPULARITY in values:
            popular = data.load_lists(POPULARITY)
        else:
            popular = _evaluate_popularity(data.per_user_temporal).lists
            ndcg = _evaluate_popularity(data.split(protocol)).at(CUTOFF)["ndcg"]
            values = values.assign(**{POPULARITY: ndcg})
    except ModelError as error:
        return [Guardrail("popularity", "broken", f"it could not be compared with popularity: {error}")]
    better = guardrails.better_popularity(values.drop(columns=name)) if name != POPULARITY else POPULARITY
    return [
        guardrails.check_lead_over_popularity(values, name, better or POPULARITY),
        guardrails.check_own_lists(lists, popular, CUTOFF),
    ]


def _evaluate_popularity(split: Split) -> Evaluation:
    fitted = registry.create(POPULARITY).fit(split.train, split.features)
    return evaluate(fitted, split.test, (CUTOFF,), relevant_from=split.train.relevant_from)


def _check_leaks(data: TrainingData, ranker: Ranker, lists: pd.DataFrame, seed: int) -> Guardrail:
    """Try the ranker on an excerpt, and then whether the model that was evaluated is what it learns."""
    make = partial(registry.create, ranker.name, **excerpt_parameters(ranker))
    on_excerpt = check_leaks(make, fit_inputs, data.dataset, data.test, seed)
    if on_excerpt.status == "broken":
        return on_excerpt
    # A learned ranker takes as long as all it learns from. What the fit chose for itself is not chosen again.
    chosen = partial(registry.create, ranker.name, **ranker.chosen_parameters())
    refit = (
        None
        if registry.is_learned(ranker.name)
        else lambda: chosen().fit(*fit_inputs(data.dataset, data.train.ratings))
    )
    stored = check_stored_model(ranker, lists, data.train, refit, seed)
    return stored if stored.status == "broken" else on_excerpt


def excerpt_parameters(ranker: Ranker) -> dict[str, Any]:
    """Return its hyper-parameters, for a learned ranker with one label window and few candidates.

    It would learn from as many candidates of a few hundred viewers as of thousands, and a second window takes another
    fit of every base ranker: neither shows any better what it has seen.
    """
    parameters = ranker.parameters()
    if registry.is_learned(ranker.name):
        parameters |= {"rows": min(parameters["rows"], EXCERPT_ROWS), "folds": 1}
    return parameters
