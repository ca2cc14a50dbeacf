"""Tuned hyper-parameters of a dataset: read the last ones, search on, store the search (`ml.tuned`, `ml.trial`)."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from psycopg.types.json import Jsonb

from movierec.data.splits import per_user_temporal
from movierec.db import Connection, copy_rows, fetch, run_sql
from movierec.rankers import registry
from movierec.rankers.reranking.base_rankers import CLASSES
from movierec.training.data import TrainingData
from movierec.tuning.search import Parameters, Trial
from movierec.tuning.tune import TuningResult, tune

EARLIER_TRIALS = 100


def tune_ranker(conn: Connection, data: TrainingData, name: str, *, trials: int, seed: int) -> dict[str, Any]:
    """Search for a ranker's hyper-parameters with so many trials, store the search, and return what to fit it with.

    Without trials it is fitted with those of the last search on the same dataset. The training ratings are divided
    once more in time; the search sees nothing else. A learned ranker builds on what has been found for the others.
    """
    training_id = data.folder.training_id
    built_on = built_on_tuned(conn, training_id, name)
    (dataset,) = fetch(conn, "ml/training_dataset", {"training_id": training_id})
    key = {"training_id": training_id, "ranker": name, **dataset}
    last = fetch(conn, "ml/latest_tuned", key)
    start = last[0]["parameters"] if last else {}
    earlier = [Trial(**row) for row in fetch(conn, "ml/earlier_trials", {**key, "row_limit": EARLIER_TRIALS})]
    run_sql(conn, "ml/clear_search", key)
    conn.commit()
    if not trials:
        return supported_parameters(name, start) | built_on
    train, validation = per_user_temporal(data.train.ratings, seed=seed)
    known = data.train.with_ratings(train)
    tuned = tune(name, known, validation, trials, seed, fixed=built_on, start=start, earlier=earlier)
    own = {key: value for key, value in tuned.parameters.items() if key not in built_on}
    _store(conn, key, replace(tuned, parameters=own))
    return supported_parameters(name, own) | built_on


def built_on_tuned(conn: Connection, training_id: int, name: str) -> dict[str, Any]:
    """Return the hyper-parameter by which a learned ranker builds on tuned rankers, if it is one and any are.

    Those are tuned that have been by the time their training fits learned rankers, in it or an earlier one.
    """
    if not registry.is_learned(name):
        return {}
    rows = fetch(conn, "ml/tuned_rankers", {"training_id": training_id})
    supported = {
        row["ranker"]: supported_parameters(row["ranker"], row["parameters"])
        for row in rows
        if row["ranker"] in CLASSES
    }
    tuned = {ranker: values for ranker, values in supported.items() if values}
    return {"tuned": tuned} if tuned else {}


def supported_parameters(name: str, parameters: Parameters) -> dict[str, Any]:
    """Return those of the stored hyper-parameters that the ranker, which may have changed since, still has."""
    allowed = inspect.signature(registry.RANKERS[name]).parameters
    return {key: value for key, value in parameters.items() if key in allowed}


def _store(conn: Connection, key: Mapping[str, object], tuned: TuningResult) -> None:
    values = {"parameters": Jsonb(tuned.parameters), "value": tuned.value, "trials": len(tuned.trials)}
    if tuned.value is not None:
        run_sql(conn, "ml/record_tuned", {**key, **values})
    columns = ("training_id", "ranker", "trial", "parameters", "value", "error", "seconds")
    rows = (
        (key["training_id"], key["ranker"], number, Jsonb(trial.parameters), trial.value, trial.error, trial.seconds)
        for number, trial in enumerate(tuned.trials, 1)
    )
    copy_rows(conn, "ml.trial", columns, rows)
    conn.commit()
