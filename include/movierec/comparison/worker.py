"""One ranker of an evaluation, in a process of its own, so that its memory is its own and its end ends nobody else.

`python -m movierec.comparison.worker FOLDER NAME…` reads what `run` put into the folder and leaves a folder
NAME there: `result.json` and `values.parquet`. Several names are of learned rankers: they share one process because
they share what they learn from.
"""

import inspect
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.comparison.memory import forget_peak, peak_bytes
from movierec.data.dataset import Dataset
from movierec.errors import MovierecError
from movierec.evaluation.bootstrap import mean_intervals
from movierec.evaluation.evaluate import METRICS, Evaluation, evaluate
from movierec.evaluation.metrics import K, relevant_pairs
from movierec.evaluation.rating_error import error_of
from movierec.evaluation.strata import by_movie_stratum, by_stratum, strata
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.reranking.base import Learned
from movierec.rankers.reranking.training_set import Plan, material

TASK, RESULT, VALUES = "task.json", "result.json", "values.parquet"


@dataclass(frozen=True, eq=False)
class Given:
    """What the rankers of one process work on, read once: the material of learned rankers is shared by its identity."""

    folder: UPath
    task: dict[str, Any]
    known: Dataset
    features: MovieFeatures

    @classmethod
    def read(cls, folder: UPath) -> "Given":
        """Read what `run.lay_out` put into the folder."""
        task = json.loads((folder / TASK).read_text(encoding="utf-8"))
        return cls(folder, task, Dataset.load(folder / "known"), MovieFeatures.load(folder / "features"))

    def frame(self, name: str) -> pd.DataFrame | None:
        """Read a table that need not be there."""
        path = self.folder / f"{name}.parquet"
        return load_frame(path) if path.exists() else None

    def facing(self, name: str) -> Dataset | None:
        """Return what is known with the ratings of a table in place of those learned from; None where it is not."""
        ratings = self.frame(name)
        return None if ratings is None else self.known.with_ratings(ratings)


@dataclass(frozen=True)
class Shared:
    """What making the material of the learned rankers took, once for all of them: seconds, and the peak in bytes."""

    seconds: float
    peak: int


def run(given: Given, name: str, shared: Shared | None = None) -> dict[str, Any]:
    """Tune, fit and judge one ranker, and return all that is told of it.

    `fit_seconds` are without the features of movies, tuning and what is `shared`; so is the peak, except that what is
    shared counts for everyone who uses it.
    """
    known, task = given.known, given.task
    parameters, tuning = _parameters(given, name)
    forget_peak()
    started = time.perf_counter()
    ranker = registry.create(name, **parameters).fit(known, given.features)
    fit_seconds = time.perf_counter() - started
    met = given.facing("folded")
    ranker = ranker if met is None else ranker.fold_in(met)
    test = load_frame(given.folder / "test.parquet")
    evaluation = evaluate(
        ranker,
        test,
        task["ks"],
        relevant_from=known.relevant_from,
        exclude=given.frame("exclude"),
        exclude_seen=task["exclude_seen"],
        features=given.features,
    )
    peak = peak_bytes()
    save_frame(given.folder / name / VALUES, evaluation.values)
    error = error_of(ranker, test)
    return {
        "parameters": ranker.parameters(),
        "tuning": tuning,
        "fit_seconds": round(fit_seconds, 3),
        "shared_seconds": 0.0 if shared is None else round(shared.seconds, 3),
        "score_seconds": round(evaluation.seconds, 3),
        "peak_memory_bytes": peak if shared is None else max(peak, shared.peak),
        "rating_error": None if error is None else asdict(error),
        "left_out": dict(ranker.left_out) if isinstance(ranker, Learned) else {},
        "metrics": _metrics(evaluation),
        "strata": _strata(evaluation, known, met or known, test, task["ks"]),
    }


def prepare(given: Given, name: str) -> Shared:
    """Make the material that a learned ranker shares with others of the same plan."""
    forget_peak()
    started = time.perf_counter()
    ranker = registry.create(name, **_fixed(given, name))
    material(given.known, given.features, Plan(**{part.name: getattr(ranker, part.name) for part in fields(Plan)}))
    return Shared(time.perf_counter() - started, peak_bytes())


def _fixed(given: Given, name: str) -> dict[str, Any]:
    allowed = inspect.signature(registry.RANKERS[name]).parameters
    return {key: value for key, value in given.task["fixed"].items() if key in allowed}


def _parameters(given: Given, name: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Give the ranker what the task fixes of its hyper-parameters, and tune the others on the validation rows."""
    fixed, task, judged = _fixed(given, name), given.task, given.frame("valid")
    if judged is None or not task["trials"]:
        return fixed, None
    from movierec.tuning.tune import tune  # noqa: PLC0415 (Optuna, only where something is tuned)

    forget_peak()
    started = time.perf_counter()
    met = given.facing("tuned_on")
    tuned = tune(
        name, given.known, judged, task["trials"], task["seed"], fixed=fixed, fold_in=met, features=given.features
    )
    return {**fixed, **tuned.parameters}, {
        "trials": len(tuned.trials),
        "ndcg": tuned.value,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_bytes": peak_bytes(),
    }


def _metrics(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return per k the mean and interval of every metric, and the totals."""
    rows = []
    for total in evaluation.totals.to_dict("records"):
        values = evaluation.values.loc[evaluation.values[K] == total[K], list(METRICS)]
        intervals = {name: asdict(interval) for name, interval in mean_intervals(values).items()}
        rows.append({**{str(key): value for key, value in total.items()}, "users": len(values), **intervals})
    return rows


def _strata(
    evaluation: Evaluation, known: Dataset, met: Dataset, test: pd.DataFrame, ks: list[int]
) -> list[dict[str, Any]]:
    """Put users into strata by what was known of them, movies by how much was learned about them."""
    of_users = by_stratum(evaluation.values, strata(met, evaluation.values["user_id"]))
    relevant = relevant_pairs(test, known.relevant_from)
    of_movies = by_movie_stratum(evaluation.lists, relevant, known, ks)
    tables = pd.concat([of_users, of_movies]).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in tables]


def main(folder: UPath, names: Sequence[str]) -> int:
    """Leave the result of each ranker, or in one sentence why there is none."""
    failed = 0
    try:
        given = Given.read(folder)
        shared = prepare(given, names[0]) if registry.is_learned(names[0]) else None
    except (MovierecError, MemoryError) as error:
        for name in names:
            _leave(folder, name, _reason(error))
        return 1
    for name in names:
        (folder / name).mkdir(exist_ok=True)
        try:
            result = run(given, name, shared)
        except (MovierecError, MemoryError) as error:
            result = _reason(error)
        failed += _leave(folder, name, result)
    return int(failed > 0)


def _reason(error: Exception) -> dict[str, Any]:
    return {"error": f"out of memory: {error}" if isinstance(error, MemoryError) else str(error)}


def _leave(folder: UPath, name: str, result: dict[str, Any]) -> int:
    """Write a result, and return 1 if it is a failure."""
    (folder / name).mkdir(exist_ok=True)
    (folder / name / RESULT).write_text(json.dumps(result), encoding="utf-8")
    return int("error" in result)


if __name__ == "__main__":
    sys.exit(main(UPath(sys.argv[1]), sys.argv[2:]))
