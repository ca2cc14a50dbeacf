"""One ranker of an evaluation, in a process of its own, so that its memory is its own and its end ends nobody else.

`python -m movierec.evaluation.contestant FOLDER NAME` reads what `contest` put into the folder and leaves a folder
NAME there: `result.json` and `values.parquet`.
"""

import inspect
import json
import sys
import time
from dataclasses import asdict
from typing import Any

import pandas as pd
from upath import UPath

from movierec import rankers
from movierec.artifacts import load_frame, save_frame
from movierec.dataset import Dataset
from movierec.errors import MovierecError
from movierec.evaluation.bootstrap import mean_intervals
from movierec.evaluation.error import error_of
from movierec.evaluation.judge import METRICS, Judgement, judge
from movierec.evaluation.memory import forget_peak, peak_bytes
from movierec.evaluation.metrics import K, relevant_pairs
from movierec.evaluation.strata import by_movie_stratum, by_stratum, strata
from movierec.features.content import MovieFeatures

TASK, RESULT, VALUES = "task.json", "result.json", "values.parquet"


def run(folder: UPath, name: str) -> dict[str, Any]:
    """Tune, fit and judge one ranker, and return all that is told of it."""
    task = json.loads((folder / TASK).read_text(encoding="utf-8"))
    known = Dataset.load(folder / "known")
    parameters, tuning = _parameters(folder, name, known, task)
    forget_peak()
    features = MovieFeatures.load(folder / "features")
    started = time.perf_counter()
    ranker = rankers.create(name, **parameters).fit(known, features)
    fit_seconds = time.perf_counter() - started
    met = known
    if (folder / "folded.parquet").exists():
        met = known.with_ratings(load_frame(folder / "folded.parquet"))
        ranker = ranker.fold_in(met)
    test, exclude = load_frame(folder / "test.parquet"), _optional(folder / "exclude.parquet")
    judgement = judge(
        ranker,
        test,
        task["ks"],
        relevant_from=known.relevant_from,
        exclude=exclude,
        exclude_seen=task["exclude_seen"],
        features=features,
    )
    peak = peak_bytes()
    save_frame(folder / name / VALUES, judgement.values)
    error = error_of(ranker, test)
    return {
        "parameters": ranker.parameters(),
        "tuning": tuning,
        "fit_seconds": round(fit_seconds, 3),
        "score_seconds": round(judgement.seconds, 3),
        "peak_memory_bytes": peak,
        "rating_error": None if error is None else asdict(error),
        "metrics": _metrics(judgement),
        "strata": _strata(judgement, met, test, task["ks"]),
    }


def _parameters(
    folder: UPath, name: str, known: Dataset, task: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Give the ranker what the task fixes of its hyper-parameters, and tune the others on the validation rows."""
    allowed = inspect.signature(rankers.RANKERS[name]).parameters
    fixed = {key: value for key, value in task["fixed"].items() if key in allowed}
    judged = _optional(folder / "valid.parquet")
    if judged is None or not task["trials"]:
        return fixed, None
    from movierec.tuning import tune  # noqa: PLC0415 (Optuna, only where something is tuned)

    started = time.perf_counter()
    tuned = tune(name, known, judged, task["trials"], task["seed"], fixed=fixed)
    seconds = round(time.perf_counter() - started, 3)
    return {**fixed, **tuned.parameters}, {"trials": len(tuned.trials), "ndcg": tuned.value, "seconds": seconds}


def _metrics(judgement: Judgement) -> list[dict[str, Any]]:
    """Return per k the mean and interval of every metric, and the totals."""
    rows = []
    for total in judgement.totals.to_dict("records"):
        values = judgement.values.loc[judgement.values[K] == total[K], list(METRICS)]
        intervals = {name: asdict(interval) for name, interval in mean_intervals(values).items()}
        rows.append({**{str(key): value for key, value in total.items()}, "users": len(values), **intervals})
    return rows


def _strata(judgement: Judgement, known: Dataset, test: pd.DataFrame, ks: list[int]) -> list[dict[str, Any]]:
    of_users = by_stratum(judgement.values, strata(known, judgement.values["user_id"]))
    relevant = relevant_pairs(test, known.relevant_from)
    of_movies = by_movie_stratum(judgement.lists, relevant, known, ks)
    tables = pd.concat([of_users, of_movies]).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in tables]


def _optional(path: UPath) -> pd.DataFrame | None:
    return load_frame(path) if path.exists() else None


def main(folder: UPath, name: str) -> int:
    """Leave the result, or in one sentence why there is none."""
    (folder / name).mkdir(exist_ok=True)
    try:
        result = run(folder, name)
    except MovierecError as error:
        result = {"error": str(error)}
    except MemoryError as error:
        result = {"error": f"out of memory: {error}"}
    (folder / name / RESULT).write_text(json.dumps(result), encoding="utf-8")
    return int("error" in result)


if __name__ == "__main__":
    sys.exit(main(UPath(sys.argv[1]), sys.argv[2]))
