import json

from movierec.local.airflow.failure import describe_failure, log_path

TASK = {
    "dag_id": "movierec_train",
    "dag_run_id": "run 1",
    "task_id": "fit_ranker",
    "map_index": 2,
    "rendered_map_index": "ease",
    "try_number": 3,
    "state": "failed",
    "end_date": "2026-01-02T03:04:05Z",
}


def write_log(logs, *records):
    log = log_path(TASK, logs)
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return log


def test_a_failure_shows_the_exception_not_the_traceback(tmp_path):
    frames = [{"filename": "/x.py", "lineno": 1, "name": "fit"}]
    detail = [{"exc_type": "ModelError", "exc_value": "nothing to learn from", "frames": frames}]
    log = write_log(
        tmp_path,
        {"level": "info", "event": "fitting"},
        {"level": "error", "event": "Task failed with exception", "error_detail": detail},
    )
    assert describe_failure([TASK], tmp_path).splitlines() == [
        "movierec_train.fit_ranker[2] ease failed",
        "  ModelError: nothing to learn from",
        f"log: {log}",
    ]


def test_the_first_failure_is_the_one_that_is_told(tmp_path):
    later = {**TASK, "task_id": "compare", "map_index": -1, "end_date": "2026-01-02T03:05:00Z"}
    stopped = {**TASK, "task_id": "build", "state": "upstream_failed", "end_date": None}
    assert describe_failure([later, stopped, TASK], tmp_path).startswith("movierec_train.fit_ranker[2] ease failed")


def test_a_killed_task_without_a_log_says_so(tmp_path):
    assert "left no log: the process was killed or never started" in describe_failure([TASK], tmp_path)


def test_a_run_failed_by_hand_blames_no_task_and_says_where_it_stands(tmp_path):
    skipped = {**TASK, "state": "skipped"}
    assert describe_failure([skipped], tmp_path) == (
        "no task failed by itself: the run was marked as failed, or took longer than its DAG allows; ops.notice says "
        "which"
    )


def test_of_tasks_that_could_not_start_some_are_named_with_their_reasons(tmp_path):
    left = [{**TASK, "task_id": f"task{number}", "map_index": -1, "state": None} for number in range(5)]
    said = describe_failure(left, tmp_path, lambda task: [f"{task['task_id']} waits"] * (task["task_id"] != "task1"))
    assert said.splitlines() == [
        "Airflow ended the run, because none of the tasks that were left could start (all_tasks_deadlocked):",
        "  movierec_train.task0: task0 waits",
        "  movierec_train.task1: no reason",
        "  movierec_train.task2: task2 waits",
        "  and 2 more",
        "the DAG or its tasks were changed during the run; start another night, make run",
    ]
