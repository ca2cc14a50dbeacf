"""What the run of a task is about: what its form says, what triggered it, in whose name, as of when, from where."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowFailException

from movierec_connections import endpoint, plain_errors, settings
from movierec_dag import CHAMPION, CORE

if TYPE_CHECKING:
    from movierec.sources.source import Origin, Source


def origin(batch: Mapping[str, Any]) -> "Origin":
    """Return where the sources of a batch are."""
    from movierec.sources.http.addresses import without_secrets
    from movierec.sources.source import Origin

    configured = settings()
    requested = requested_dataset()
    return Origin(
        # the batch keeps a URL without its query, which the server may ask for
        dataset=requested if without_secrets(requested) == batch["dataset"] else batch["dataset"],
        cache=configured.state_folder.cache,
        locations=configured.locations,
        connections=configured.connections,
        endpoint=endpoint,
        is_full=batch["is_full"],
        scales=configured.scales,
        exclude=configured.exclude,
    )


def requested_dataset() -> str:
    """Return where the rating files are: as the run's form says, else as the setting does."""
    return str(get_current_context()["params"].get("dataset") or settings().dataset)


def feedback_source(name: str) -> "Source":
    """Return a source by name, to read its events ahead of the night."""
    from movierec.sources.registry import SOURCES

    return SOURCES.create(name, origin({"dataset": settings().dataset, "is_full": False}))


def requested_batches() -> list[int]:
    """Return the batch that this run's form names, else those of triggering nights whose form asks for a training."""
    return _named_or_triggering("batch", CORE, lambda extra: bool(extra.get("train")))


def triggering_trainings() -> list[int]:
    """Return the training that this run's form names, else those of the asset events that triggered the run."""
    return _named_or_triggering("training", CHAMPION, lambda extra: "training_id" in extra)


def _named_or_triggering(field: str, asset: Asset, counts: Callable[[dict[str, Any]], bool]) -> list[int]:
    context = get_current_context()
    events = context["triggering_asset_events"].get(asset, [])
    named = context["params"].get(field)
    return [named] if named else [event.extra[f"{field}_id"] for event in events if counts(event.extra)]


def is_automatic() -> bool:
    """Tell whether an asset or the clock started this run, and no person."""
    return is_scheduled() or get_current_context()["dag_run"].run_type == "asset_triggered"


def is_scheduled() -> bool:
    """Tell whether the clock started this run."""
    return bool(get_current_context()["dag_run"].run_type == "scheduled")


def person() -> str:
    """Return in whose name this run acts: its form's, else that of who triggered it."""
    context = get_current_context()
    return (context["params"]["who"] or "").strip() or context["dag_run"].triggering_user_name or "somebody"


def approval() -> str:
    """Return when a person is asked (`promotion.approvals`): as the triggering batch says, else as the form does."""
    context = get_current_context()
    events = context["triggering_asset_events"].get(CORE, [])
    of_batches = [event.extra["approval"] for event in events if event.extra.get("approval")]
    return str(of_batches[-1] if of_batches else context["params"]["approval"])


def deciding_protocol() -> str:
    """Return the split by which rankers are compared: as the form says, else as the setting does."""
    from movierec.promotion.deciding_protocol import deciding_protocol

    with plain_errors():
        return deciding_protocol(get_current_context()["params"]["deciding_protocol"], settings().deciding_protocol)


def protocols() -> list[str]:
    """Return the splits to evaluate on: those of the form, and the one that decides."""
    return list(dict.fromkeys([*get_current_context()["params"]["protocols"], deciding_protocol()]))


def answer_of(task_id: str, branch: str) -> dict[str, Any] | None:
    """Return a person's answer to an `Approval`, None where the task `branch` did not lead to the question."""
    from movierec_approval import ANSWER

    ti = get_current_context()["ti"]
    # A run that is repeated may still hold the answer to what it asked before.
    answer: dict[str, Any] | None = ti.xcom_pull(task_ids=task_id, key=ANSWER)
    return answer if ti.xcom_pull(task_ids=branch) == task_id else None


def run_as_of() -> datetime:
    """Return the time as of which this run works: its form's, its schedule's, or that of its trigger."""
    context = get_current_context()
    as_of = context["params"]["as_of"]
    run = context["dag_run"]
    try:
        return datetime.fromisoformat(as_of) if as_of else (run.logical_date or run.run_after)
    except ValueError:
        raise AirflowFailException(f"as_of is '{as_of}'; allowed is a moment such as 2026-01-31T02:00:00Z") from None
