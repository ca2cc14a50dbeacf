"""The figures on nights as sections of text and tables, for a terminal and for the documentation."""

from collections.abc import Sequence

from movierec.bench.machine import describe, with_version
from movierec.bench.night.nights import Night
from movierec.bench.night.rivals import SPARK, Rival
from movierec.bench.night.stages import Stage
from movierec.text_table import markdown

HEADING = "## Nights"
KIND = "night"
DATASETS = ("ml-100k", "ml-latest-small", "ml-1m")
PACKAGES = ("apache-airflow-core", "implicit")
GOALS = {
    "ml-100k": "Goal: the second night served within 2 minutes of its trigger; CPU above 85 %.",
    "ml-1m": (
        "Goal: served within 8 minutes of its trigger, in 4 GiB; CPU above 85 %; NDCG@10 at least 10 % above Spark's "
        "in no more time."
    ),
}
TEXT = (
    "Nights with all rankers and both protocols under the scheduler that `make run` starts, which is up at the "
    "trigger. *Served* is from the trigger until readers see the new lists; *CPU s* is what the installation used, "
    "*CPU* its share of the cores from the first fit to the last list; *together* is what all its processes, the "
    "database's among them, had at once, shared memory counted once."
)
BESIDE = (
    "The same split (per user in time, the last 20 % asked about, relevant from 4) for what could be run instead, on "
    "the known ratings alone: no checks, no comparison, no serving. *Whole* ends with everybody's lists of ten, "
    "without what they have seen; of Spark, *lists* may hold it."
)


def lines(dataset: str, nights: Sequence[Night], rivals: Sequence[Rival]) -> list[str]:
    """Return the lines of one dataset: its nights, their stages, what was measured beside them, and on what."""
    text = [f"### A night on {dataset}", "", TEXT, "", *_nights(nights), "", *_stages(nights), ""]
    if rivals:
        text += [BESIDE, "", *_rivals(nights[-1], rivals), ""]
    if dataset in GOALS:
        text.append(GOALS[dataset])
    return [*text, describe([*map(with_version, PACKAGES), *([SPARK[0].replace("==", " ")] if rivals else [])])]


def _nights(nights: Sequence[Night]) -> list[str]:
    dags = [dag_id.removeprefix("movierec_") for dag_id in nights[0].dag_seconds]
    heads = (
        "night",
        "served s",
        *(f"{dag} s" for dag in dags),
        "CPU s",
        "CPU",
        "largest task MiB",
        "together MiB",
        "champion",
        "NDCG@10",
    )
    return markdown(
        heads,
        [
            [
                str(number),
                f"{night.seconds:.0f}",
                *(f"{seconds:.0f}" for seconds in night.dag_seconds.values()),
                f"{night.cpu_seconds:.0f}",
                f"{night.cpu_share:.0%}",
                _mebibytes(night.task_bytes),
                _mebibytes(night.together_bytes),
                night.ranker,
                f"{night.ndcg:.4f}",
            ]
            for number, night in enumerate(nights, 1)
        ],
    )


def _stages(nights: Sequence[Night]) -> list[str]:
    """Return a table of the stages, each with its figures of every night side by side."""
    by_night = [{stage.name: stage for stage in night.stages} for night in nights]
    names = dict.fromkeys(name for stages in by_night for name in stages)
    columns = ("tasks", "queue s", "run s", "peak MiB")
    heads = ["stage", *(f"{column}, night {number}" for number in range(1, len(nights) + 1) for column in columns)]
    rows = [[f"`{name}`", *(cell for stages in by_night for cell in _cells(stages.get(name)))] for name in names]
    return markdown(heads, rows)


def _cells(stage: Stage | None) -> list[str]:
    if stage is None:
        return ["–"] * 4
    return [str(stage.tasks), f"{stage.queue_seconds:.1f}", f"{stage.run_seconds:.1f}", _mebibytes(stage.peak_bytes)]


def _rivals(night: Night, rivals: Sequence[Rival]) -> list[str]:
    heads = ("program", "fit s", "lists s", "whole s", "peak MiB", "NDCG@10")
    memory, ndcg = _mebibytes(night.together_bytes), f"{night.ndcg:.4f}"
    own = ["movierec, a whole night", "–", "–", f"{night.seconds:.0f}", memory, ndcg]
    others = [
        [
            rival.name,
            f"{rival.fit_seconds:.1f}",
            f"{rival.list_seconds:.1f}",
            f"{rival.seconds:.1f}",
            _mebibytes(rival.peak_bytes),
            f"{rival.ndcg:.4f}",
        ]
        for rival in rivals
    ]
    return markdown(heads, [own, *others])


def _mebibytes(size: int) -> str:
    return f"{size >> 20:,}"
