"""The folder through which a comparison hands its inputs to the rankers' processes and takes their results back.

task.json                                what to do
known/, features/                        what rankers are fitted on
test.parquet                             what they are evaluated on
valid, exclude, fold_in,
tuning_train, tuning_users               .parquet, where there are any
RANKER/result.json, values.parquet       what a ranker's process leaves: `values` only where it did not fail
RANKER.messages                          what a process writes to its error stream, by the first of its rankers
"""

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.comparison.inputs import Inputs
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every ranker of a comparison does.

    Attributes:
        ks: lengths of lists at which to evaluate.
        exclude_seen: leave out of a user's list what is known of them.
        trials: settings to try on the validation rows; 0 for no tuning.
        seed: of the search.
        fixed: hyper-parameters for whoever has them.
    """

    ks: list[int]
    exclude_seen: bool
    trials: int
    seed: int
    fixed: dict[str, Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class WorkerInputs:
    """What the rankers of one process work on, read once: learned rankers share by identity what they learn from.

    Attributes:
        task: what to do.
        known: what rankers are fitted on.
        features: of its movies.
        test: (user_id, movie_id, rating, weight).
        valid: the rows to tune by.
        exclude: (user_id, movie_id) that must not be in the lists.
        fold_in: what is known of the users of the test, where these are others than were learned from.
        tuning_train: what rankers are fitted on while they are tuned, where that is not `known`.
        tuning_users: what is known of the users of the validation rows, where these are others.
    """

    task: Task
    known: Dataset
    features: MovieFeatures
    test: pd.DataFrame
    valid: pd.DataFrame | None
    exclude: pd.DataFrame | None
    fold_in: Dataset | None
    tuning_train: Dataset | None
    tuning_users: Dataset | None


@dataclass(frozen=True)
class WorkFolder:
    """The layout of the folder, for both sides."""

    path: UPath

    def write_inputs(self, inputs: Inputs, task: Task) -> float:
        """Write what every ranker works on; return the seconds that the movies' features took."""
        (self.path / "task.json").write_text(json.dumps(asdict(task)), encoding="utf-8")
        for name in ("known", "features"):
            (self.path / name).mkdir()
        inputs.known.save(self.path / "known")
        started = time.perf_counter()
        features = MovieFeatures.build(inputs.known)
        seconds = time.perf_counter() - started
        features.save(self.path / "features")
        tables = {"test": inputs.test, "valid": inputs.valid, "exclude": inputs.exclude, "fold_in": inputs.fold_in}
        tables["tuning_train"] = inputs.tuning_train
        # Whoever was folded in has a history of which nothing was learned, in the search too.
        if inputs.valid is not None and inputs.fold_in is not None:
            tables["tuning_users"] = inputs.tuning_users().ratings
        for name, table in tables.items():
            if table is not None:
                save_frame(self._table(name), table)
        return seconds

    def read_inputs(self) -> WorkerInputs:
        """Read what `write_inputs` wrote.

        Raises:
            MovierecError: a part is missing or damaged.
        """
        task = Task(**json.loads((self.path / "task.json").read_text(encoding="utf-8")))
        known = Dataset.load(self.path / "known")
        features = MovieFeatures.load(self.path / "features")
        valid, exclude, fold_in, tuning_train, tuning_users = (
            load_frame(self._table(name)) if self._table(name).exists() else None
            for name in ("valid", "exclude", "fold_in", "tuning_train", "tuning_users")
        )
        return WorkerInputs(
            task=task,
            known=known,
            features=features,
            test=load_frame(self._table("test")),
            valid=valid,
            exclude=exclude,
            fold_in=None if fold_in is None else known.with_ratings(fold_in),
            tuning_train=None if tuning_train is None else known.with_ratings(tuning_train),
            tuning_users=None if tuning_users is None else known.with_ratings(tuning_users),
        )

    def write_result(self, ranker: str, result: dict[str, Any], values: pd.DataFrame | None = None) -> None:
        """Write what a ranker's process has to say, `result` last: where it is, everything is."""
        (self.path / ranker).mkdir(exist_ok=True)
        if values is not None:
            save_frame(self.path / ranker / "values.parquet", values)
        (self.path / ranker / "result.json").write_text(json.dumps(result), encoding="utf-8")

    def read_result(self, ranker: str) -> dict[str, Any] | None:
        """Return the result of a ranker, None where its process ended without one."""
        path = self.path / ranker / "result.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def read_values(self, ranker: str) -> pd.DataFrame:
        """Return user_id, k and every metric of a ranker that did not fail."""
        return load_frame(self.path / ranker / "values.parquet")

    def messages(self, ranker: str) -> UPath:
        """Return the file for what the process whose first ranker this is writes to its error stream."""
        return self.path / f"{ranker}.messages"

    def _table(self, name: str) -> UPath:
        return self.path / f"{name}.parquet"
