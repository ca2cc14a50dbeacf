"""Tuned values of a dataset: read the last ones, search on, keep what was found (`ml.tuned`, `ml.trial`)."""

import inspect
from typing import Any

from psycopg.types.json import Jsonb
from upath import UPath

from movierec.data.splits import per_user_temporal
from movierec.db import Connection, copy_rows, fetch, run_sql
from movierec.rankers import registry
from movierec.training.folder import Sides
from movierec.tuning.search import Parameters, Trial
from movierec.tuning.tune import Tuned, tune

EARLIER_TRIALS = 100


def tune_ranker(
    conn: Connection, folder: UPath, training_id: int, name: str, *, trials: int, seed: int, sides: Sides | None = None
) -> dict[str, Any]:
    """Return the hyper-parameters a training fits a ranker with, after a search of so many trials, and keep them.

    The known side of the training's split is divided once more in time; the search sees nothing else.
    """
    place = {"training_id": training_id, "ranker": name, **fetch(conn, "ml/dataset", {"training_id": training_id})[0]}
    kept = fetch(conn, "ml/kept_tuned", place)
    start = kept[0]["parameters"] if kept else None
    rows = fetch(conn, "ml/earlier_trials", {**place, "row_limit": EARLIER_TRIALS})
    run_sql(conn, "ml/clear_search", place)
    conn.commit()
    if not trials:
        return current(name, start)
    dataset, _, _ = (sides or Sides(folder)).per_user
    known, judged = per_user_temporal(dataset.ratings, seed=seed)
    earlier = [Trial(**row) for row in rows]
    tuned = tune(name, dataset.with_ratings(known), judged, trials, seed, start=start, earlier=earlier)
    _keep(conn, place, tuned)
    return current(name, tuned.parameters)


def current(name: str, start: Parameters | None) -> dict[str, Any]:
    """Return those of the kept hyper-parameters that the ranker, which may have changed since, still has."""
    allowed = inspect.signature(registry.RANKERS[name]).parameters
    return {key: value for key, value in (start or {}).items() if key in allowed}


def _keep(conn: Connection, place: dict[str, Any], tuned: Tuned) -> None:
    values = {"parameters": Jsonb(tuned.parameters), "value": tuned.value, "trials": len(tuned.trials)}
    if tuned.value is not None:
        run_sql(conn, "ml/tuned", {**place, **values})
    columns = ("training_id", "ranker", "trial", "parameters", "value", "error", "seconds")
    rows = (
        (place["training_id"], place["ranker"], number, Jsonb(t.parameters), t.value, t.error, t.seconds)
        for number, t in enumerate(tuned.trials, 1)
    )
    copy_rows(conn, "ml.trial", columns, rows)
    conn.commit()
