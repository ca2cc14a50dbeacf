"""What people type into forms: text that is meant to be read as SQL, and paths that lead elsewhere."""

import pytest

from movierec.db import connect
from tests.dags.test_nights import query, states
from tests.faults.test_injection import PAYLOADS

PAYLOAD = " ".join(PAYLOADS)
FIELDS = {
    "movierec_forget": ["who"],
    "movierec_ingest": ["dataset", "sources"],
    "movierec_publish": ["why", "who"],
    "movierec_replay": ["table", "source", "rule", "changes", "who"],
    "movierec_rollback": ["why", "who"],
}
OTHERS = {  # what lets the field reach the warehouse
    "movierec_forget": {"viewer": 5},
    "movierec_publish": {},
    "movierec_replay": {"action": "edit"},
    "movierec_rollback": {"version": 1},
}
STATE = "select (select count(*) from pg_class), (select count(*) from pg_proc), (select count(*) from pg_roles)"


def is_free(schema):
    """Tell whether a field takes any text."""
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "array" in kinds:
        return is_free(schema["items"]) if "items" in schema else True
    return "object" in kinds or ("string" in kinds and not {"enum", "format", "pattern"} & set(schema))


def test_every_field_that_takes_any_text_is_tried(airflow):
    free = {
        dag_id: [name for name in dag.params if is_free(dag.params.get_param(name).schema)]
        for dag_id, dag in airflow.dags.items()
    }
    assert {dag_id: names for dag_id, names in free.items() if names} == FIELDS


@pytest.mark.parametrize("dag_id", ["movierec_feedback", "movierec_publish"])
def test_a_field_that_a_form_does_not_have_ends_the_run_before_anything_is_done(airflow, night, dag_id, capsys):
    fields = ", ".join(sorted(airflow.dags[dag_id].params)) or "none"
    run = night.run(dag_id, verison=770077)
    done = {state for task_id, state in states(run).items() if task_id != "record_night"}
    assert run.state == "failed"
    assert done <= {"failed", "upstream_failed"}
    assert f"{dag_id} has no field verison; allowed are {fields}" in capsys.readouterr().out


@pytest.mark.parametrize("dag_id", ["movierec_forget", "movierec_replay"])
def test_a_form_says_of_each_action_what_it_does(airflow, dag_id):
    action = airflow.dags[dag_id].params.get_param("action")
    assert [name for name in action.schema["enum"] if f"{name}: " not in action.description] == []


def test_who_asks_to_forget_may_stay_empty(airflow):
    assert "null" in airflow.dags["movierec_forget"].params.get_param("who").schema["type"]


@pytest.mark.parametrize(
    ("dag_id", "field"), [(dag_id, field) for dag_id, fields in FIELDS.items() for field in fields]
)
def test_no_text_in_a_form_is_ever_read_as_sql(night, dag_id, field, capsys):
    value = {"sources": [PAYLOAD], "changes": {"rating": PAYLOAD}}.get(field, PAYLOAD)
    before = query(night.warehouse, STATE)
    with connect(night.warehouse) as conn:  # a version to act on
        conn.execute(
            "insert into serving.version (run_id, training_id, ranker, list_length, status)"
            " values ('a night', 1, 'ease', 10, 'published')"
        )
    night.run(dag_id, **{**OTHERS.get(dag_id, {}), field: value})
    assert query(night.warehouse, STATE) == before
    said = capsys.readouterr().out
    assert "SCRAM" not in said
    assert "root:x" not in said


ELSEWHERE = ["/etc/passwd", "../../../../../../../../../etc/passwd", "file:///etc/passwd", "/etc", "/proc/self"]


@pytest.mark.parametrize(
    "dataset", [ELSEWHERE[0], *(pytest.param(path, marks=pytest.mark.slow) for path in ELSEWHERE[1:])]
)
def test_a_path_that_leads_elsewhere_is_no_dataset_and_shows_nothing(night, dataset, capsys):
    run = night.run("movierec_ingest", dataset=dataset, sources=["movielens"])
    assert states(run)["extract[0]"] == "failed"
    assert "root:x" not in capsys.readouterr().out
    with connect(night.warehouse) as conn:
        loaded = conn.execute("select coalesce(sum(raw_rows), 0) from ops.slice").fetchone()
        kept = conn.execute("select count(*) from ops.remark where remark::text like '%%root:x%%'").fetchone()
    assert (loaded, kept) == ((0,), (0,))


@pytest.mark.parametrize("source", ["../../etc/passwd", "movielens/../app"])
def test_a_source_is_a_name_and_no_path(night, source, capsys):
    run = night.run("movierec_ingest", sources=[source])
    assert states(run)["open_batch"] == "failed"
    assert f"'{source}'" in capsys.readouterr().out


@pytest.mark.parametrize("secret", ["https://host/set.zip?token=s3cret", "https://me:s3cret@host/set.zip"])
def test_a_url_that_holds_something_secret_is_refused_before_airflow_keeps_it(airflow, secret):
    from airflow.sdk.exceptions import ParamValidationError

    field = airflow.dags["movierec_ingest"].params.get_param("dataset")
    with pytest.raises(ParamValidationError, match="which may be secret; it belongs into MOVIEREC_DATASET"):
        field.resolve(secret)
    for value in (None, "ml-100k", "/data/what?", "https://host/a@b.zip#sha256=00", "s3://bucket/set.zip"):
        assert field.resolve(value) == value
