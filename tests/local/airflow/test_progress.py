import io

from movierec.local.airflow.progress import Progress

RUN = {"dag_id": "movierec_train", "state": "running"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def task(name, state, index=-1, label=None):
    return {
        "dag_id": "movierec_train",
        "dag_run_id": "r",
        "task_id": name,
        "map_index": index,
        "rendered_map_index": label,
        "state": state,
        "duration": 3.25,
        "end_date": "2026-01-02T03:04:05Z",
        "try_number": 1,
    }


def test_each_finished_task_is_one_plain_line_in_a_log():
    output = io.StringIO()
    progress = Progress(output)
    for _ in range(2):
        progress.watch(RUN, [task("snapshot", "success"), task("fit_ranker", "running", 2, "ease")])
    assert output.getvalue() == "✓ movierec_train.snapshot  3.2 s\n"


def test_a_mapped_task_carries_its_index_and_its_name():
    output = io.StringIO()
    Progress(output).watch(RUN, [task("fit_ranker", "success", 2, "ease")])
    assert output.getvalue() == "✓ movierec_train.fit_ranker[2] ease  3.2 s\n"


def test_a_retry_is_announced_and_what_never_ran_is_not():
    output = io.StringIO()
    Progress(output).watch(RUN, [task("extract", "up_for_retry"), task("compare", "upstream_failed")])
    assert output.getvalue() == "↻ movierec_train.extract failed at try 1 and will be tried again\n"


def test_a_terminal_shows_what_runs_and_is_left_clean():
    output = Terminal()
    progress = Progress(output)
    progress.watch(RUN, [task("snapshot", "success"), task("fit_ranker", "running", 2, "ease")])
    assert "movierec_train 1/2  fit_ranker[2] ease" in output.getvalue()
    progress.close()
    assert output.getvalue().endswith("\r\x1b[K")


def test_a_terminal_shows_what_is_waited_for_beside_what_runs():
    output = Terminal()
    Progress(output).watch(RUN, [task("fit_ranker", "running", 2, "ease")], "waiting for a slot: compare")
    assert output.getvalue().endswith("movierec_train 0/1  fit_ranker[2] ease; waiting for a slot: compare")


def test_a_log_is_told_what_goes_on_once_nothing_else_was_said_for_a_while():
    output = io.StringIO()
    progress = Progress(output, quiet_seconds=0)
    for _ in range(2):
        progress.wait("movierec_train starts when movierec_train by-hand has ended")
    progress.watch(RUN, [task("fit_ranker", "running", 2, "ease")])
    assert [line.partition(" s  ")[2] for line in output.getvalue().splitlines()] == [
        "movierec_train starts when movierec_train by-hand has ended",
        "movierec_train 0/1  fit_ranker[2] ease",
    ]
    talkative = io.StringIO()
    Progress(talkative, quiet_seconds=60).wait("anything")
    assert talkative.getvalue() == ""
