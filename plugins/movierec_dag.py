"""What the DAG files declare in common: assets, schedules, defaults of tasks and runs, and the fields of forms."""

import os
from datetime import time, timedelta
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, Param, TaskGroup
from airflow.sdk.exceptions import AirflowFailException

from movierec.deadline import DEADLINE_SETTING, DEFAULT_DEADLINE, parse_deadline
from movierec_marked import require_results
from movierec_nights import record_ended_night, record_stage
from movierec_notices import Notify

CORE = Asset("movierec_core", uri="movierec://warehouse/core", group="movierec")
CHAMPION = Asset("movierec_champion", uri="movierec://warehouse/champion", group="movierec")
SERVING = Asset("movierec_serving", uri="movierec://warehouse/serving", group="movierec")

LARGEST_ID = 2**63 - 1  # as in movierec.config, which DAG files must not import; a larger one reaches no task

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


# For a task that starts a run: by default it imports OpenLineage's provider, for seconds, to learn that it is off.
TRIGGER_DEFAULTS: dict[str, Any] = {"openlineage_inject_parent_info": "AIRFLOW__OPENLINEAGE__TRANSPORT" in os.environ}


# Of Airflow's default pool, which has 16 slots where `make run` or docker-compose.yaml set it up: two tasks that
# compute run at once, each with half of the cores, and short ones beside them.
COMPUTING_SLOTS = 7

ANSWER_TIMEOUT = timedelta(hours=2)  # after which a question to a person counts as not answered


# A DAG's first run is tonight's. Left alone, Airflow makes up for the last tick if less than a tenth of the interval
# has gone by since: until 04:24 the first `make run` would start behind a night that nobody asked for. Not less than
# some minutes, though: a DAG file that is read between a tick and its run must not move the first night by a day.
def cron_timetable(cron: str) -> CronTriggerTimetable:
    """Return the timetable of a cron expression (UTC)."""
    return CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(minutes=5))


NIGHTLY = cron_timetable("0 2 * * *")


def asset_or_time(asset: Asset, cron: str) -> AssetOrTimeSchedule:
    """Return the schedule of a DAG that an asset starts, and that also looks by the clock (UTC) whether one was missed.

    With one active run at a time, Airflow can leave an event that comes meanwhile without a run.
    """
    return AssetOrTimeSchedule(timetable=cron_timetable(cron), assets=[asset])


def require_input(context: Any) -> None:
    """End a task at once that was not given what it asks for, or a run what nobody asks for.

    Raises:
        AirflowFailException: says what is missing, or is no field of the form.
    """
    if not context["task"].is_teardown:  # a night is recorded whatever became of it
        require_known_fields(context)
    require_results(context)


def require_known_fields(context: Any) -> None:
    """End a run whose form was filled in by a program, or on a command line, with a field that the DAG does not have.

    Airflow takes any; a misspelt one would leave the field that was meant at its default, without a word.

    Raises:
        AirflowFailException: names these fields, without their values, and those that there are.
    """
    fields = sorted(context["dag"].params)
    unknown = sorted(set(context["dag_run"].conf or {}) - set(fields))
    if unknown:
        raise AirflowFailException(
            f"{context['dag'].dag_id} has no field {', '.join(unknown)}; allowed are {', '.join(fields) or 'none'}"
        )


DEFAULTS: dict[str, Any] = {
    "owner": "movierec",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=30),
    "pre_execute": require_input,
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
NIGHT_DEFAULTS = DAG_DEFAULTS | {
    "default_args": DEFAULTS | {"on_success_callback": [record_stage]},
    "on_failure_callback": [Notify("failure"), record_ended_night],
}


def foldable_group(group_id: str, tooltip: str) -> TaskGroup:
    """Return a group of tasks that the graph can fold; its name becomes no part of theirs."""
    return TaskGroup(group_id, tooltip=tooltip, prefix_group_id=False)


def lists_by() -> time | None:
    """Return by when lists have to be live: the one setting that a DAG file needs when it is read."""
    return parse_deadline(os.environ[DEADLINE_SETTING]) if os.environ.get(DEADLINE_SETTING) else DEFAULT_DEADLINE
