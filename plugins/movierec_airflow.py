"""What the DAGs share: defaults, assets, and the warehouse over an Airflow connection.

Errors of movierec that trying again cannot mend (bad input, a failed gate) end a task at once, with their one
sentence; everything else, such as a lost connection, is retried.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, Param, TaskGroup, get_current_context
from airflow.sdk.exceptions import AirflowFailException

from movierec.deadline import DEFAULT, SETTING, parse_deadline
from movierec_nights import record_stage
from movierec_notices import Notify

if TYPE_CHECKING:
    from movierec.config import Settings
    from movierec.db import Connection
    from movierec.sources.source import Endpoint, Origin, Source
    from movierec.training.folder import TrainingFolder

WAREHOUSE = "movierec_warehouse"

CORE = Asset("movierec_core", uri="movierec://warehouse/core", group="movierec")
CHAMPION = Asset("movierec_champion", uri="movierec://warehouse/champion", group="movierec")
SERVING = Asset("movierec_serving", uri="movierec://warehouse/serving", group="movierec")

APPROVALS = ["when unsure", "always", "never"]

LARGEST_ID = 2**63 - 1  # of PostgreSQL's bigint; a larger number could not even be handed to a task


# For a form's field: refuses a URL with a login or a query, which Airflow would keep with the run for all to see. Its
# message shows the words.
NOTHING_SECRET: dict[str, Any] = {
    "not": {
        "description": "a URL with a login or a query, which may be secret; it belongs into MOVIEREC_DATASET",
        "type": "string",
        "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*@|[^#]*\?)",
    }
}


def id_param(title: str, description: str, minimum: int = 1) -> Param:
    """Return a form's field for an id of the warehouse, which may stay empty."""
    kind = ["null", "integer"]
    return Param(None, type=kind, minimum=minimum, maximum=LARGEST_ID, title=title, description=description)


def who_param(description: str) -> Param:
    """Return a form's field for a name, which may stay empty (see `person`)."""
    return Param(None, type=["null", "string"], maxLength=200, title="Who", description=description)


def why_param(description: str) -> Param:
    """Return a form's field for the reason of a move of the pointer."""
    return Param(None, type=["null", "string"], maxLength=1000, title="Why", description=description)


# Of Airflow's default pool, which has 16 slots where `make run` or docker-compose.yaml set it up: two tasks that
# compute run at once, each with half of the cores, and short ones beside them.
COMPUTING_SLOTS = 7


# A DAG's first run is tonight's. Left alone, Airflow makes up for the last tick if less than a tenth of the interval
# has gone by since: until 04:24 the first `make run` would start behind a night that nobody asked for. Not less than
# some minutes, though: a DAG file that is read between a tick and its run must not move the first night by a day.
def by_the_clock(cron: str) -> CronTriggerTimetable:
    """Return the timetable of a cron expression (UTC)."""
    return CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(minutes=5))


NIGHTLY = by_the_clock("0 2 * * *")


def or_at(asset: Asset, cron: str) -> AssetOrTimeSchedule:
    """Return the schedule of a DAG that an asset starts, and that also looks by the clock (UTC) whether one was missed.

    With one active run at a time, Airflow can leave an event that comes meanwhile without a run.
    """
    return AssetOrTimeSchedule(timetable=by_the_clock(cron), assets=[asset])


DEFAULTS: dict[str, Any] = {
    "owner": "movierec",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=30),
    "on_failure_callback": [Notify("failure")],
}

DAG_DEFAULTS: dict[str, Any] = {
    "default_args": DEFAULTS,
    "catchup": False,
    "max_active_runs": 1,
    "dagrun_timeout": timedelta(hours=3),
    "is_paused_upon_creation": False,
    "on_failure_callback": [Notify("failure")],
}


# Of the DAGs that make up a night: each task notes when it ran, in ops.night_stage.
NIGHT_DEFAULTS = DAG_DEFAULTS | {"default_args": DEFAULTS | {"on_success_callback": [record_stage]}}


def folded(group_id: str, tooltip: str) -> TaskGroup:
    """Return a group of tasks that the graph can fold; its name becomes no part of theirs."""
    return TaskGroup(group_id, tooltip=tooltip, prefix_group_id=False)


def lists_by() -> time | None:
    """Return by when lists have to be live: the one setting that a DAG file needs when it is read."""
    return parse_deadline(os.environ[SETTING]) if os.environ.get(SETTING) else DEFAULT


def conninfo(conn_id: str = WAREHOUSE) -> str:
    """Return the libpq connection string of an Airflow connection of type postgres."""
    from airflow.sdk import Connection
    from psycopg.conninfo import make_conninfo

    found = Connection.get(conn_id)  # and not PostgresHook's, which every task would import for it
    return make_conninfo(
        host=found.host,
        port=found.port,
        user=found.login,
        password=found.password,
        dbname=found.schema,
        **{key: value for key, value in found.extra_dejson.items() if key.startswith("ssl")},
    )


def application_conninfo() -> str | None:
    """Return the connection string of the application's database, None where there is none, or no PostgreSQL."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    conn_id = settings().connections.get("app")
    try:
        found = Connection.get(conn_id) if conn_id else None
    except AirflowNotFoundException:
        return None
    return conninfo(found.conn_id) if found and found.conn_type.startswith("postgres") else None


def endpoint(conn_id: str) -> "Endpoint":
    """Return the server behind an Airflow connection of type postgres, mysql or http.

    Raises:
        ConfigError: there is no such connection.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from movierec.errors import ConfigError
    from movierec.sources.source import Endpoint

    try:
        found = Connection.get(conn_id)
    except AirflowNotFoundException as error:
        raise ConfigError(f"Airflow has no connection '{conn_id}', which MOVIEREC_CONNECTIONS names") from error
    return Endpoint(
        # of an HTTP connection the schema is the protocol and the path stands in its extra
        kind=(found.schema or "http") if found.conn_type == "http" else found.conn_type,
        host=found.host or "localhost",
        port=found.port,
        login=found.login or "",
        password=found.password or "",
        database=str(found.extra_dejson.get("path", "")) if found.conn_type == "http" else found.schema or "",
        extra=found.extra_dejson,
    )


def origin(batch: Mapping[str, Any]) -> "Origin":
    """Return where the sources of a batch are."""
    from movierec.sources.http.addresses import without_secrets
    from movierec.sources.source import Origin

    found = settings()
    requested = requested_dataset()
    return Origin(
        # the batch keeps a URL without its query, which the server may ask for
        dataset=requested if without_secrets(requested) == batch["dataset"] else batch["dataset"],
        cache=found.home / "cache",
        locations=found.locations,
        connections=found.connections,
        endpoint=endpoint,
        is_full=batch["is_full"],
        scales=found.scales,
        exclude=found.exclude,
    )


def requested_dataset() -> str:
    """Return where the rating files are: as the run's form says, else as the setting does."""
    return str(get_current_context()["params"].get("dataset") or settings().dataset)


def feedback_source(name: str) -> "Source":
    """Return a source by name, to read its events ahead of the night."""
    from movierec.sources.registry import SOURCES

    return SOURCES.create(name, origin({"dataset": settings().dataset, "is_full": False}))


def require_batch(batch_id: int | None) -> int:
    """Return the batch that a task works on; a task that runs despite failures before it needs one all the same."""
    if batch_id is None:
        raise AirflowFailException("no night has been opened; see open_batch")
    return batch_id


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
    return is_by_the_clock() or get_current_context()["dag_run"].run_type == "asset_triggered"


def is_by_the_clock() -> bool:
    """Tell whether the clock started this run."""
    return bool(get_current_context()["dag_run"].run_type == "scheduled")


def person() -> str:
    """Return in whose name this run acts: its form's, else that of who triggered it."""
    context = get_current_context()
    return (context["params"]["who"] or "").strip() or context["dag_run"].triggering_user_name or "somebody"


def approval() -> str:
    """Return when a person is asked, one of `APPROVALS`: as the triggering batch says, else as the form does."""
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
    ti = get_current_context()["ti"]
    # A run that is repeated may still hold the answer to what it asked before.
    answer: dict[str, Any] | None = ti.xcom_pull(task_ids=task_id, key="answer")
    return answer if ti.xcom_pull(task_ids=branch) == task_id else None


def run_as_of() -> datetime:
    """Return the time as of which this run works: its form's, its schedule's, or that of its trigger."""
    context = get_current_context()
    asked = context["params"]["as_of"]
    run = context["dag_run"]
    try:
        return datetime.fromisoformat(asked) if asked else (run.logical_date or run.run_after)
    except ValueError:
        raise AirflowFailException(f"as_of is '{asked}'; allowed is a moment such as 2026-01-31T02:00:00Z") from None


def settings() -> "Settings":
    """Return the settings of this installation."""
    from movierec.config import Settings

    with plain_errors():
        return Settings.from_env()


def training_folder(training_id: int) -> "TrainingFolder":
    """Return the folder of a training in the artifact store."""
    from movierec.training.folder import TrainingFolder

    return TrainingFolder.of(settings(), training_id)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an error that trying again cannot mend into a failure without retries and without a traceback."""
    from psycopg import DataError

    from movierec.errors import MovierecError

    try:
        yield
    except MovierecError as error:
        raise AirflowFailException(str(error)) from None
    except DataError as error:
        raise AirflowFailException(f"the database refuses a value: {str(error).strip()}") from None


@contextmanager
def open_connection(conn_id: str = WAREHOUSE) -> "Iterator[Connection]":
    """Open a connection for one task, the warehouse's unless another is named."""
    from movierec.db import connect

    with plain_errors(), connect(conninfo(conn_id)) as conn:
        yield conn
