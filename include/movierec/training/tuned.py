"""Tuned hyper-parameters of a dataset: read the last ones, search on, store the search (`ml.tuned`, `ml.trial`)."""

import inspect
from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from movierec.data.splits import per_user_temporal
from movierec.db import Connection, copy_rows, fetch, run_sql
from movierec.rankers import registry
from movierec.training.data import TrainingData
from movierec.tuning.search import Parameters, Trial
from movierec.tuning.tune import Tuned, tune

EARLIER_TRIALS = 100


def tune_ranker(conn: Connection, data: TrainingData, name: str, *, trials: int, seed: int) -> dict[str, Any]:
    """Search for a ranker's hyper-parameters with so many trials, store the search, and return what to fit it with.

    Without trials it is fitted with those of the last search on the same dataset. The training ratings are divided
    once more in time; the search sees nothing else.
    """
    training_id = data.folder.training_id
    (dataset,) = fetch(conn, "ml/training_dataset", {"training_id": training_id})
    key = {"training_id": training_id, "ranker": name, **dataset}
    last = fetch(conn, "ml/latest_tuned", key)
    start = last[0]["parameters"] if last else {}
    earlier = [Trial(**row) for row in fetch(conn, "ml/earlier_trials", {**key, "row_limit": EARLIER_TRIALS})]
    run_sql(conn, "ml/clear_search", key)
    conn.commit()
    if not trials:
        return supported(name, start)
    train, validation = per_user_temporal(data.train.ratings, seed=seed)
    tuned = tune(name, data.train.with_ratings(train), validation, trials, seed, start=start, earlier=earlier)
    _store(conn, key, tuned)
    return supported(name, tuned.parameters)


def supported(name: str, parameters: Parameters) -> dict[str, Any]:
    """Return those of the stored hyper-parameters that the ranker, which may have changed since, still has."""
    allowed = inspect.signature(registry.RANKERS[name]).parameters
    return {key: value for key, value in parameters.items() if key in allowed}


def _store(conn: Connection, key: Mapping[str, object], tuned: Tuned) -> None:
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
