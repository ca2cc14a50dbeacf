"""What a user could run instead of a night: ALS of Spark and of `implicit`, on the split of the night's training."""

import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
import pandas as pd
import psutil

from movierec.bench.machine import in_own_process
from movierec.bench.night import spark_program
from movierec.bench.speed import anchors
from movierec.comparison.memory import peak_bytes
from movierec.config import Settings
from movierec.data.columns import MOVIE, RANK, RELEVANT_FROM, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.data.splits import per_user_temporal
from movierec.db import connect, fetch
from movierec.errors import MovierecError
from movierec.evaluation.metrics import accuracy, relevant_pairs
from movierec.evaluation.protocols import CUTOFF
from movierec.kernels.parallel import available_cores
from movierec.local.postgres import embedded_server
from movierec.rankers.ials import IALS
from movierec.rankers.slit import SLIT
from movierec.training.data import fit_inputs
from movierec.training.folder import TrainingFolder

# In an environment of its own, not among the project's requirements: nothing else needs them.
SPARK = ("pyspark==4.3.0", "numpy==2.4.6", "setuptools==80.9.0")
SPARK_SETTINGS = {
    "spark.driver.memory": "6g",
    "spark.sql.shuffle.partitions": 2 * available_cores(),  # 200 would be as many tasks of next to nothing
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
SPARK_REGULARISATION = 0.1  # Spark's default; it multiplies by the ratings of each user and movie, we do not
WATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Rival:
    """What was measured of another program.

    Attributes:
        name: of the program.
        fit_seconds: to fit its model.
        list_seconds: to make everybody's lists; of Spark, lists in which what a user has seen may stand.
        seconds: of the whole program, lists without what has been seen included.
        peak_bytes: the most memory it had.
        ndcg: NDCG@10 of lists without what has been seen.
    """

    name: str
    fit_seconds: float
    list_seconds: float
    seconds: float
    peak_bytes: int
    ndcg: float


@dataclass(frozen=True, eq=False)
class Question:
    """What every program is asked: the known ratings, and what turned out to be liked."""

    known: Dataset
    relevant: pd.DataFrame

    @property
    def history(self) -> History:
        """The known ratings as the input of most programs has them."""
        return History.of(self.known)

    def ndcg(self, lists: pd.DataFrame) -> float:
        """Return NDCG@10 of lists (user_id, movie_id, rank)."""
        return float(accuracy(lists, self.relevant, [CUTOFF])["ndcg"].mean())


def question_of(settings: Settings) -> Question:
    """Return the question that the training of the live version was asked: per user, the last 20 % held out."""
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        (live,) = fetch(conn, "report/live_champion", {"k": CUTOFF})
    dataset = Dataset.load(TrainingFolder.of(settings, live["training_id"]).snapshot)
    train, test = per_user_temporal(dataset.ratings, seed=live["seed"])
    return Question(dataset.with_ratings(train), relevant_pairs(test, RELEVANT_FROM))


def run_implicit(question: Question) -> Rival:
    """Fit `implicit`'s ALS and make everybody's lists.

    Raises:
        MovierecError: it is not installed.
    """
    if find_spec("implicit") is None:
        raise MovierecError("implicit is not installed here; make dev installs it")
    return in_own_process(_implicit, question)


def _implicit(question: Question) -> Rival:
    began = started = time.perf_counter()
    X = question.history.signal_matrix
    model = anchors.model(IALS.name)(X)
    fitted = time.perf_counter()
    lists = anchors.as_lists(anchors.lists(model, X, CUTOFF), question.history)
    ended = time.perf_counter()
    return Rival("implicit ALS", fitted - started, ended - fitted, ended - began, peak_bytes(), question.ndcg(lists))


def run_slit(question: Question) -> Rival:
    """Fit one ranker of a night, SLIT, by itself, and make everybody's lists: what it takes without all the others."""
    return in_own_process(_slit, question)


def _slit(question: Question) -> Rival:
    began = time.perf_counter()
    known, features = fit_inputs(question.known, question.known.ratings)
    started = time.perf_counter()
    model = SLIT().fit(known, features)
    fitted = time.perf_counter()
    lists = model.recommend(model.history_.user_ids, CUTOFF)
    ended = time.perf_counter()
    seconds = fitted - started, ended - fitted, ended - began
    return Rival("movierec's SLIT alone", *seconds, peak_bytes(), question.ndcg(lists))


def run_spark(question: Question, environment: Path) -> Rival:
    """Fit Spark's ALS and make everybody's lists, by a program in `environment`, which is made where it is missing.

    Raises:
        MovierecError: there is no Java, or Spark could not be installed or failed.
    """
    python = _spark_python(environment)
    with tempfile.TemporaryDirectory(prefix="movierec-spark-") as name:
        folder = Path(name)
        _write_known(question.history, folder / "known.parquet")
        own = IALS()
        als = {"rank": own.factors, "maxIter": own.epochs, "alpha": own.alpha, "regParam": SPARK_REGULARISATION}
        settings = {"cores": available_cores(), "k": CUTOFF, "als": als | {"seed": own.seed}, "spark": SPARK_SETTINGS}
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        paths = [str(folder / file) for file in ("known.parquet", "lists.parquet", "settings.json", "seconds.json")]
        started = time.perf_counter()
        peak = _run_and_watch([str(python), spark_program.__file__, *paths])
        whole = time.perf_counter() - started
        seconds = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
        lists = pd.read_parquet(folder / "lists.parquet")
    lists = lists.rename(columns={"user": USER, "movie": MOVIE}).astype({USER: np.int64, MOVIE: np.int64})
    # The lists that may hold seen movies are made beside the others, only to be timed.
    whole -= seconds["list"]
    return Rival("Spark ALS", seconds["fit"], seconds["list"], whole, peak, question.ndcg(lists[[USER, MOVIE, RANK]]))


def _write_known(history: History, path: Path) -> None:
    """Write what our own ALS learns from as (user, movie, value), with ids of the warehouse."""
    X = history.signal_matrix.tocoo()
    ids = {"user": history.user_ids[X.row], "movie": history.movie_ids[X.col]}
    # Spark's ALS takes whole numbers of 32 bits.
    pd.DataFrame({name: values.astype(np.int32) for name, values in ids.items()} | {"value": X.data}).to_parquet(path)


def _spark_python(environment: Path) -> Path:
    if which("java") is None:
        raise MovierecError("Spark needs Java 17 or newer (Debian: apt-get install default-jre-headless)")
    python = environment / "bin" / "python"
    if not (environment / "installed").exists():
        venv.create(environment, with_pip=True, clear=True)
        install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *SPARK)
        if subprocess.run(install, check=False).returncode:
            raise MovierecError(f"{', '.join(SPARK)} could not be installed; see above")
        (environment / "installed").touch()
    return python


def _run_and_watch(command: list[str]) -> int:
    """Run a program to its end; return the most memory that it and its children had together."""
    peak = 0
    with psutil.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr) as program:
        while program.poll() is None:
            peak = max(peak, _tree_bytes(program))
            time.sleep(WATCH_SECONDS)
    if program.returncode:
        raise MovierecError(f"Spark ended with status {program.returncode}; see above")
    return peak


def _tree_bytes(program: psutil.Process) -> int:
    total = 0
    for process in (program, *program.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def run_all(question: Question, environment: Path) -> Iterator[Rival]:
    """Run the other programs, one after the other, and a ranker of our own as they are run."""
    yield run_slit(question)
    yield run_implicit(question)
    yield run_spark(question, environment)
