"""Run nights of one dataset as a person does, one after the other in a state folder of their own, and measure them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from movierec.bench.night.sampling import Sampler
from movierec.bench.night.stages import Stage, computing, stages
from movierec.config import ROOT, Settings
from movierec.dag_ids import NIGHT
from movierec.db import connect, fetch
from movierec.errors import MovierecError
from movierec.evaluation.protocols import CUTOFF
from movierec.kernels.parallel import available_cores
from movierec.local.airflow.api import AirflowClient, JsonObject
from movierec.local.airflow.health import epoch_seconds
from movierec.local.postgres import embedded_server


@dataclass(frozen=True)
class Night:
    """What was measured of one night.

    Attributes:
        seconds: from the trigger to the moment at which readers saw the new lists.
        dag_seconds: how long the run of each DAG took, in their order.
        stages: the tasks.
        cpu_seconds: that all processes used.
        cpu_share: of the cores, from the first fit to the last list.
        together_bytes: the most memory that all processes had at once.
        ranker: the champion whose lists are live.
        ndcg: its NDCG@10, per user, of the night's own training.
    """

    seconds: float
    dag_seconds: dict[str, float]
    stages: list[Stage]
    cpu_seconds: float
    cpu_share: float
    together_bytes: int
    ranker: str
    ndcg: float

    @property
    def task_bytes(self) -> int:
        """The largest task's peak."""
        return max(stage.peak_bytes for stage in self.stages)


def run_nights(settings: Settings, number: int) -> Iterator[Night]:
    """Run and measure some nights, then end everything that they started; the state folder stays.

    Raises:
        MovierecError: a night failed.
    """
    try:
        _movierec(settings, "up")  # a night is measured from its trigger: Airflow is up by then
        for _ in range(number):
            with Sampler(settings) as sampler:
                _movierec(settings, "run")
            yield _measured(settings, sampler)
    finally:
        _movierec(settings, "down")


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a command on this installation and no other."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "MOVIEREC"))}
    own = {"HOME": settings.home, "PORT": settings.port, "DATASET": settings.dataset}
    return others | {f"MOVIEREC_{name}": str(value) for name, value in own.items()}


def _movierec(settings: Settings, command: str) -> None:
    completed = subprocess.run(
        (sys.executable, "-m", "movierec", command),
        cwd=ROOT,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    if completed.returncode:
        raise MovierecError(
            f"movierec {command} ended with status {completed.returncode} on {settings.dataset}; see above"
        )


def _measured(settings: Settings, sampler: Sampler) -> Night:
    airflow = AirflowClient(settings)
    runs = [_latest(airflow, dag_id) for dag_id in NIGHT]
    instances = [one for run in runs for one in airflow.task_instances(run["dag_id"], run["dag_run_id"])]
    start, end = computing(instances)
    with connect(embedded_server.conninfo(settings, "warehouse")) as conn:
        (live,) = fetch(conn, "report/live_champion", {"k": CUTOFF})
    since: datetime = live["since"]
    return Night(
        seconds=since.timestamp() - epoch_seconds(runs[0]["queued_at"]),
        dag_seconds={run["dag_id"]: run["duration"] for run in runs},
        stages=stages(instances, sampler.peak_bytes),
        cpu_seconds=sampler.cpu_between(sampler.moments[0], sampler.moments[-1]),
        cpu_share=sampler.cpu_between(start, end) / (end - start) / available_cores(),
        together_bytes=sampler.together_bytes,
        ranker=live["ranker"],
        ndcg=live["ndcg"],
    )


def _latest(airflow: AirflowClient, dag_id: str) -> JsonObject:
    return max(airflow.runs(dag_id, ("success",)), key=lambda run: str(run["start_date"]))
