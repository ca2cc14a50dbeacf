"""The tasks of a night, stage by stage: how long they waited, ran, and how much memory they had."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from movierec.errors import MovierecError
from movierec.local.airflow.api import JsonObject
from movierec.local.airflow.health import epoch_seconds

# What the tasks are called that fit rankers and write lists, in whatever graph: the night's computing lies between.
FITTING, WRITING = "fit", "write"


@dataclass(frozen=True)
class Stage:
    """All instances of one task of a night.

    Attributes:
        name: of the DAG and the task.
        tasks: how many instances there were.
        queue_seconds: from the moment they could run to the moment they did, added up.
        run_seconds: added up.
        peak_bytes: of the largest instance's process.
    """

    name: str
    tasks: int
    queue_seconds: float
    run_seconds: float
    peak_bytes: int


def stages(instances: Iterable[JsonObject], peak_bytes: Mapping[int, int]) -> list[Stage]:
    """Return the stages of a night in the order in which they started; tasks that never ran are left out."""
    by_task: dict[str, list[JsonObject]] = {}
    for instance in sorted(filter(_has_run, instances), key=lambda instance: instance["start_date"]):
        by_task.setdefault(f"{instance['dag_id']}.{instance['task_id']}", []).append(instance)
    return [
        Stage(
            name=name,
            tasks=len(group),
            queue_seconds=sum(_seconds(one, "scheduled_when", "start_date") for one in group),
            run_seconds=sum(_seconds(one, "start_date", "end_date") for one in group),
            peak_bytes=max(peak_bytes.get(one["pid"], 0) for one in group),
        )
        for name, group in by_task.items()
    ]


def computing(instances: Sequence[JsonObject]) -> tuple[float, float]:
    """Return when the first ranker began to be fitted and when the last list was written, in seconds since the epoch.

    Raises:
        MovierecError: no task fits or writes.
    """
    ran = [instance for instance in instances if _has_run(instance)]
    fits = [epoch_seconds(one["start_date"]) for one in ran if one["task_id"].startswith(FITTING)]
    lists = [epoch_seconds(one["end_date"]) for one in ran if one["task_id"].startswith(WRITING)]
    if not fits or not lists:
        seen = ", ".join(sorted({one["task_id"] for one in ran}))
        raise MovierecError(f"no task of the night is called {FITTING}… or none {WRITING}…; seen: {seen}")
    return min(fits), max(lists)


def _has_run(instance: JsonObject) -> bool:
    return bool(instance["start_date"] and instance["end_date"] and instance["pid"])


def _seconds(instance: JsonObject, start: str, end: str) -> float:
    return max(epoch_seconds(instance[end]) - epoch_seconds(instance[start] or instance[end]), 0)
