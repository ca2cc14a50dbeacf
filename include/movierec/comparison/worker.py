"""One ranker of a comparison in a process of its own, so that its memory is its own and its end ends nobody else.

`python -m movierec.comparison.worker FOLDER` takes names of rankers, one line for one process, which it forks: the
libraries are imported once. The process reads the inputs from a `WorkFolder` and leaves the result of each ranker
there; how it ended is the line that answers. Several names in a line are of learned rankers: they share one process
because they share what they learn from.
"""

import inspect
import os
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, cast

import pandas as pd
from upath import UPath

from movierec.comparison.memory import forget_peak, peak_bytes
from movierec.comparison.work_folder import WorkerInputs, WorkFolder
from movierec.data.columns import USER
from movierec.errors import MovierecError
from movierec.evaluation.bootstrap import mean_intervals_by_k
from movierec.evaluation.evaluate import METRICS, Evaluation, evaluate
from movierec.evaluation.metrics import K, relevant_pairs
from movierec.evaluation.rating_error import rating_error_of
from movierec.evaluation.strata import by_movie_stratum, by_stratum, strata
from movierec.rankers import registry
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.reranking.training_inputs import training_inputs


@dataclass(frozen=True)
class SharedCost:
    """What it took to make what the learned rankers share, once for all of them."""

    seconds: float
    peak_bytes: int


class RankerRun(NamedTuple):
    """What is told of one ranker, and every user's metrics (`Evaluation.values`)."""

    result: dict[str, Any]
    values: pd.DataFrame


def run(inputs: WorkerInputs, name: str, shared: SharedCost | None = None) -> RankerRun:
    """Tune, fit and evaluate one ranker.

    `fit_seconds` are without the features of movies, tuning and what is `shared`; so is the peak, except that what is
    shared counts for everyone who uses it.
    """
    known, task = inputs.known, inputs.task
    parameters, tuning = _parameters(inputs, name)
    forget_peak()
    started = time.perf_counter()
    ranker = registry.create(name, **parameters).fit(known, inputs.features)
    fit_seconds = time.perf_counter() - started
    ranker = ranker if inputs.fold_in is None else ranker.fold_in(inputs.fold_in)
    evaluation = evaluate(
        ranker,
        inputs.test,
        task.ks,
        relevant_from=known.relevant_from,
        exclude=inputs.exclude,
        exclude_seen=task.exclude_seen,
        features=inputs.features,
    )
    peak = peak_bytes()
    error = rating_error_of(ranker, inputs.test)
    result = {
        "parameters": ranker.parameters(),
        "tuning": tuning,
        "fit_seconds": round(fit_seconds, 3),
        "shared_seconds": 0.0 if shared is None else round(shared.seconds, 3),
        "score_seconds": round(evaluation.seconds, 3),
        "peak_memory_bytes": peak if shared is None else max(peak, shared.peak_bytes),
        "rating_error": None if error is None else asdict(error),
        "left_out": dict(ranker.left_out),
        "metrics": _metrics(evaluation),
        "strata": _strata(evaluation, inputs),
    }
    return RankerRun(result, evaluation.values)


def prepare_shared(inputs: WorkerInputs, name: str) -> SharedCost:
    """Make what a learned ranker shares with others of the same plan."""
    forget_peak()
    started = time.perf_counter()
    ranker = registry.create(name, **_fixed(inputs, name))
    training_inputs(inputs.known, inputs.features, cast(LearnedRanker[Any], ranker))
    return SharedCost(time.perf_counter() - started, peak_bytes())


def _fixed(inputs: WorkerInputs, name: str) -> dict[str, Any]:
    allowed = inspect.signature(registry.RANKERS[name]).parameters
    return {key: value for key, value in inputs.task.fixed.items() if key in allowed}


def _parameters(inputs: WorkerInputs, name: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Give the ranker what the task fixes of its hyper-parameters, and tune the others on the validation rows."""
    fixed, task = _fixed(inputs, name), inputs.task
    if inputs.valid is None or not task.trials:
        return fixed, None
    from movierec.tuning.tune import tune  # noqa: PLC0415 (Optuna, only where something is tuned)

    forget_peak()
    started = time.perf_counter()
    tuned = tune(
        name,
        inputs.tuning_train or inputs.known,
        inputs.valid,
        task.trials,
        task.seed,
        fixed=fixed,
        fold_in=inputs.tuning_users,
        features=inputs.features if inputs.tuning_train is None else None,
    )
    return {**fixed, **tuned.parameters}, {
        "trials": len(tuned.trials),
        "hyper_parameters": sorted(set(tuned.parameters) - set(fixed)),
        "ndcg": tuned.value,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_bytes": peak_bytes(),
    }


def _metrics(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return per k the mean and interval of every metric, and the totals."""
    rows = []
    by_k = mean_intervals_by_k(evaluation.values, evaluation.totals[K].tolist(), METRICS)
    for total in evaluation.totals.to_dict("records"):
        intervals = {name: asdict(by_k[total[K], name]) for name in METRICS}
        users = int((evaluation.values[K] == total[K]).sum())
        rows.append({**{str(key): value for key, value in total.items()}, "users": users, **intervals})
    return rows


def _strata(evaluation: Evaluation, inputs: WorkerInputs) -> list[dict[str, Any]]:
    """Put users into strata by what is known of them, movies by how much was learned about them."""
    served = inputs.known if inputs.fold_in is None else inputs.fold_in
    of_users = by_stratum(evaluation.values, strata(served, evaluation.values[USER]))
    relevant = relevant_pairs(inputs.test, inputs.known.relevant_from)
    of_movies = by_movie_stratum(evaluation.lists, relevant, inputs.known, inputs.task.ks)
    tables = pd.concat([of_users, of_movies]).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in tables]


def main(path: UPath, names: Sequence[str]) -> int:
    """Leave the result of each ranker, or in one sentence why there is none."""
    folder = WorkFolder(path)
    try:
        inputs = folder.read_inputs()
        shared = prepare_shared(inputs, names[0]) if registry.is_learned(names[0]) else None
    except (MovierecError, MemoryError) as error:
        for name in names:
            folder.write_result(name, _failure(error))
        return 1
    failed = 0
    for name in names:
        try:
            folder.write_result(name, *run(inputs, name, shared))
        except (MovierecError, MemoryError) as error:
            folder.write_result(name, _failure(error))
            failed += 1
    return int(failed > 0)


def _failure(error: Exception) -> dict[str, Any]:
    return {"error": f"out of memory: {error}" if isinstance(error, MemoryError) else str(error)}


def serve(path: UPath) -> None:
    """Fork a process for every line that comes in, and say how it ended, until nobody is left who could ask."""
    for line in sys.stdin:
        names = line.split()
        child = os.fork()
        if child == 0:
            os._exit(_main_of_child(path, names))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(sys.stdout.fileno(), f"{status}\n".encode())


def _main_of_child(path: UPath, names: Sequence[str]) -> int:
    """Run `main` as a program of its own would, with what it says in a file: standard output is for the answers."""
    try:
        _redirect(os.devnull, os.O_RDWR, (sys.stdin.fileno(), sys.stdout.fileno()))
        _redirect(str(WorkFolder(path).messages(names[0])), os.O_WRONLY | os.O_CREAT | os.O_APPEND, (2,))
        return main(path, names)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stderr.flush()


def _redirect(path: str, flags: int, descriptors: Sequence[int]) -> None:
    opened = os.open(path, flags, 0o600)
    for descriptor in descriptors:
        os.dup2(opened, descriptor)
    os.close(opened)


if __name__ == "__main__":
    serve(UPath(sys.argv[1]))
