import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from movierec import dag_ids
from movierec.config import ROOT


def test_every_dag_is_read_without_an_error(airflow):
    assert airflow.errors == {}
    assert set(airflow.dags) == set(dag_ids.ALL)


@pytest.mark.parametrize("dag_id", dag_ids.ALL)
def test_a_dag_explains_itself_and_can_be_left_alone(airflow, dag_id):
    dag = airflow.dags[dag_id]
    assert dag.doc_md.strip().startswith("###")
    assert "When it stops" in dag.doc_md or "repeated" in dag.doc_md
    assert dag.description
    assert "movierec" in dag.tags
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert dag.dagrun_timeout
    for task in dag.tasks:
        assert task.owner == "movierec"
        assert task.retries >= 1
        assert task.execution_timeout
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.description, name
        assert param.schema["title"], name


def test_the_dags_are_joined_by_assets(airflow):
    from airflow.sdk import CronTriggerTimetable

    assert isinstance(airflow.dags["movierec_ingest"].timetable, CronTriggerTimetable)
    for dag_id, upstream, task_id in (
        ("movierec_train", "movierec_ingest", "accept_batch"),
        ("movierec_publish", "movierec_train", "choose_champion"),
    ):
        (outlet,) = airflow.dags[upstream].get_task(task_id).outlets
        assert [asset.name for asset in airflow.dags[dag_id].timetable.asset_condition.objects] == [outlet.name]


def test_sources_and_rankers_are_mapped(airflow):
    mapped = {task.task_id for dag in airflow.dags.values() for task in dag.tasks if task.is_mapped}
    assert {"extract", "fit_ranker", "evaluate_ranker", "write_lists"} <= mapped


HEAVY = {"pandas", "numpy", "sklearn", "lightgbm", "great_expectations", "psycopg", "optuna"}
LIGHT = {
    *("movierec", "movierec.dag_ids", "movierec.deadline", "movierec.errors"),
    *("movierec.rankers", "movierec.rankers.names"),
    *("movierec.data", "movierec.data.cutoff", "movierec.data.seed"),
    *("movierec.evaluation", "movierec.evaluation.protocols"),
    *("movierec.ingestion", "movierec.ingestion.quarantine_actions"),
    *("movierec.promotion", "movierec.promotion.approvals"),
    *("movierec.sources", "movierec.sources.connections"),
}
READ = f"""
import json, runpy, sys
sys.path.insert(0, {str(ROOT / "plugins")!r})
for path in sys.argv[1:]:
    runpy.run_path(path)
    print(json.dumps([path, list(sys.modules)]))
"""


def test_reading_dag_files_imports_nothing_heavy(airflow):
    command = [sys.executable, "-c", READ, *(str(ROOT / "dags" / f"{dag_id}.py") for dag_id in dag_ids.ALL)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    read = dict(json.loads(line) for line in said if line.startswith("["))
    assert len(read) == len(dag_ids.ALL)
    for path, imported in read.items():
        own = {name for name in imported if name.split(".")[0] == "movierec"}
        assert HEAVY & set(imported) | own - LIGHT == set(), path


def test_the_form_offers_every_ranker(airflow):
    from movierec.rankers import registry

    assert set(airflow.forms["movierec_train"]["rankers"]) == set(registry.RANKERS)


def test_the_form_offers_the_protocols_there_are(airflow):
    from movierec.evaluation.protocols import PROTOCOLS

    assert tuple(airflow.forms["movierec_train"]["protocols"]) == PROTOCOLS
    assert airflow.forms["movierec_train"]["deciding_protocol"] is None
    deciding = airflow.dags["movierec_train"].params.get_param("deciding_protocol")
    assert deciding.schema["enum"] == [None, *PROTOCOLS]


def test_the_training_says_where_weights_of_feedback_are_changed(airflow):
    assert "update ml.feedback_weight set weight" in airflow.dags["movierec_train"].doc_md


@pytest.mark.parametrize(
    ("said", "expected"),
    [([], "when unsure"), ([None], "when unsure"), (["never"], "never"), (["never", None], "never")],
)
def test_a_night_may_say_whether_a_person_is_asked(airflow, monkeypatch, said, expected):
    import movierec_run

    events = [SimpleNamespace(extra={"batch_id": 1, "approval": approval}) for approval in said]
    context = {"triggering_asset_events": {movierec_run.CORE: events}, "params": {"approval": "when unsure"}}
    monkeypatch.setattr(movierec_run, "get_current_context", lambda: context)
    assert movierec_run.approval() == expected


def test_an_unanswered_question_is_a_rejection_in_time(airflow):
    dag = airflow.dags["movierec_train"]
    question = dag.get_task("ask_person")
    assert question.defaults == ["Reject"]
    assert question.response_timeout < dag.dagrun_timeout


def test_every_number_of_a_form_is_bounded_and_what_is_beyond_is_refused_when_it_is_triggered(airflow):
    """A larger number than a task can be handed would end every try of it before its log begins."""
    from airflow.sdk.exceptions import ParamValidationError

    for dag in airflow.dags.values():
        for name, schema in dag.params.items():
            kinds = schema.schema.get("type")
            if "integer" in kinds or "number" in kinds:
                assert {"minimum", "maximum"} <= set(schema.schema), (dag.dag_id, name)
                with pytest.raises(ParamValidationError):
                    schema.resolve(10**30)


@pytest.mark.parametrize(
    ("form", "extras", "expected"),
    [
        (None, [{"batch_id": 3, "train": False}], []),
        (None, [{"batch_id": 3, "train": True}, {"batch_id": 4}], [3]),
        (7, [{"batch_id": 3, "train": True}], [7]),
        (None, [], []),
    ],
)
def test_a_past_night_is_trained_on_only_where_somebody_asks(airflow, monkeypatch, form, extras, expected):
    import movierec_run

    events = [SimpleNamespace(extra=extra) for extra in extras]
    context = {"triggering_asset_events": {movierec_run.CORE: events}, "params": {"batch": form}}
    monkeypatch.setattr(movierec_run, "get_current_context", lambda: context)
    assert movierec_run.requested_batches() == expected


@pytest.mark.parametrize(("dag_id", "cron"), [("movierec_train", "30 4,6 * * *"), ("movierec_publish", "0 5,7 * * *")])
def test_what_an_asset_starts_the_clock_starts_too_before_lists_are_due(airflow, dag_id, cron):
    from airflow.sdk import CronTriggerTimetable

    clock = airflow.dags[dag_id].timetable.timetable
    assert clock == CronTriggerTimetable(cron, timezone="UTC", run_immediately=clock.run_immediately)


def test_every_mapped_task_says_which_one_it_is(airflow):
    mapped = [task for dag in airflow.dags.values() for task in dag.tasks if task.is_mapped]
    assert [task.task_id for task in mapped if not task.partial_kwargs.get("map_index_template")] == []


@pytest.mark.parametrize("dag_id", ["movierec_ingest", "movierec_train", "movierec_publish"])
def test_the_graph_folds_and_no_task_is_renamed_by_it(airflow, dag_id):
    dag = airflow.dags[dag_id]
    groups = [group for name, group in dag.task_group.get_task_group_dict().items() if name]
    assert 1 <= len(groups) <= 5
    assert all(group.tooltip for group in groups)
    assert len(dag.task_group.children) < len(dag.tasks)
    assert not any("." in task.task_id for task in dag.tasks)


@pytest.mark.parametrize("dag_id", ["movierec_ingest", "movierec_train", "movierec_publish"])
def test_the_row_of_the_night_is_written_whatever_happens_and_decides_about_no_run(airflow, dag_id):
    task = airflow.dags[dag_id].get_task("record_night")
    assert task.is_teardown
    assert not task.on_failure_fail_dagrun
    assert task.downstream_task_ids == set()
