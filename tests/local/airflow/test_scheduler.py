import json
import os
import subprocess
import sys

import pytest

from movierec.local.airflow import program, scheduler, supervisor

REPORT = """
import json, os, sys
from movierec.local.airflow import scheduler
scheduler.import_libraries()
own = [name for name in sys.modules if name.startswith("movierec.") and not name.startswith("movierec.local")]
print(json.dumps({"imported": [name for name in scheduler.LIBRARIES if name in sys.modules], "own": own}), flush=True)
if not os.fork():  # as for a worker, and again for a task
    if not os.fork():
        import numpy, pyarrow, pyarrow.parquet
        table = pyarrow.table({"x": numpy.arange(10_000)})
        pyarrow.parquet.write_table(table, sys.argv[1])
        print(pyarrow.parquet.read_table(sys.argv[1]).num_rows, flush=True)
        a = numpy.ones((300, 300))
        print(float((a @ a)[0, 0]), flush=True)
        os._exit(0)
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_the_libraries_are_there_before_anything_is_forked_and_work_afterwards(tmp_path):
    command = [sys.executable, "-c", REPORT, str(tmp_path / "x.parquet")]
    report, rows, product = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert json.loads(report) == {"imported": list(scheduler.LIBRARIES), "own": []}
    assert (rows, product) == ("10000", "300.0")


def test_what_cannot_be_imported_is_left_to_the_task_that_misses_it(monkeypatch, caplog):
    monkeypatch.setattr(scheduler, "LIBRARIES", ("no_such_library", "json"))
    scheduler.import_libraries()
    assert [record.getMessage() for record in caplog.records] == ["no_such_library cannot be imported"]


def test_the_supervisor_starts_airflows_scheduler_by_it():
    command = [*supervisor.COMPONENTS["scheduler"], "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "airflow scheduler" in shown
    assert "--num-runs" in shown


@pytest.mark.parametrize("name", ["api-server", "dag-processor", "triggerer"])
def test_the_supervisor_starts_airflows_other_components_as_what_looks_for_garbage_seldom(name):
    start = supervisor.COMPONENTS[name]
    assert start[1:] == ("-m", program.__name__, name, *start[4:])


def test_processes_that_a_component_forks_look_for_garbage_seldom_too(tmp_path):
    (tmp_path / "airflow.py").write_text(
        "import gc, os, sys\nprint(gc.get_threshold(), sys.argv[1:], __name__) if not os.fork() else os.wait()\n"
    )
    command = [sys.executable, "-m", program.__name__, "api-server", "--port", "1"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
    assert said == f"{program.THRESHOLDS} ['api-server', '--port', '1'] __main__\n"


def test_a_scheduler_that_ends_by_an_error_waits_for_no_worker_that_nobody_told_to_end():
    code = (
        "import multiprocessing, time\n"
        "from movierec.local.airflow import program, scheduler\n"
        "def run(words):\n"
        "    multiprocessing.get_context('fork').Process(target=time.sleep, args=(300,)).start()\n"
        "    raise OSError('No space left on device')\n"
        "program.run, scheduler.import_libraries = run, lambda: None\n"
        "scheduler.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (1, "OSError: No space left on device")
