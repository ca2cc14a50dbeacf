"""Airflow's scheduler, started with the large libraries imported: `python -m movierec.local.airflow.scheduler`.

The LocalExecutor forks its workers from the scheduler and a process for every task from a worker. What the scheduler
has imported by then is there at once, in memory that all of them share. Otherwise every task imports the same again: a
gate seven CPU seconds of Great Expectations, a task that fits a ranker three of pandas, scikit-learn and numba.
"""

import importlib
import logging
import multiprocessing
import sys

from movierec.local.airflow import program

log = logging.getLogger(__name__)

# Not movierec itself: a change of its code counts from the next task on.
LIBRARIES = (
    "great_expectations",
    "lightgbm",
    "matplotlib.pyplot",
    "numba",
    "pandas",
    "psycopg",
    "pyarrow.parquet",
    "scipy.sparse.linalg",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "threadpoolctl",
)


def import_libraries() -> None:
    """Import what tasks need; what is missing is left to the task that misses it, so that the scheduler starts."""
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except (ImportError, OSError):  # the latter where a shared library of the system is missing
            log.warning("%s cannot be imported", name, exc_info=True)


def main() -> None:
    """Be Airflow's scheduler, and end with it.

    Where it ends by an error, such as a log on a full disk, its executor may not have told its workers to end. Python
    would wait for them for ever, and the supervisor for a quarter of an hour, which ends what they run before it starts
    the next scheduler.
    """
    program.collect_seldom()
    import_libraries()
    try:
        program.run(["scheduler", *sys.argv[1:]])
    finally:
        for worker in multiprocessing.active_children():
            worker.kill()


if __name__ == "__main__":
    main()
