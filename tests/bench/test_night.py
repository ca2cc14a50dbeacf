import os
import subprocess
import sys
import time
from shutil import which

import psutil
import pytest

from movierec.bench.night import report
from movierec.bench.night.nights import Night
from movierec.bench.night.rivals import Question, Rival, run_implicit, run_slit, run_spark
from movierec.bench.night.sampling import Sampler, all_processes
from movierec.bench.night.stages import Stage, computing, stages
from movierec.bench.page import read_section, write_block
from movierec.bench.speed import ratings
from movierec.data.splits import per_user_temporal
from movierec.errors import MovierecError
from movierec.evaluation.metrics import relevant_pairs
from movierec.local import state
from movierec.local.airflow.health import epoch_seconds
from movierec.rankers.neural import shared_process


def instance(task_id, start, end, *, dag_id="movierec_train", pid=1, scheduled="02:00:00"):
    times = {"scheduled_when": scheduled, "start_date": start, "end_date": end}
    stamps = {name: time and f"2026-01-02T{time}Z" for name, time in times.items()}
    return {"dag_id": dag_id, "task_id": task_id, "map_index": -1, "pid": pid, **stamps}


NIGHT = [
    instance("evaluate", "02:00:20", "02:00:50", pid=4, scheduled="02:00:20"),
    instance("fit_one", "02:00:02", "02:00:12", pid=2),
    instance("fit_one", "02:00:05", "02:00:20", pid=3),
    instance("ask", None, None, pid=None),
    instance("write_lists", "02:01:00", "02:01:30", dag_id="movierec_publish", pid=5),
]


def test_stages_stand_in_the_order_in_which_they_started_with_their_instances_added_up():
    assert stages(NIGHT, {2: 100, 3: 300, 4: 200}) == [
        Stage("movierec_train.fit_one", 2, queue_seconds=2 + 5, run_seconds=10 + 15, peak_bytes=300),
        Stage("movierec_train.evaluate", 1, queue_seconds=0, run_seconds=30, peak_bytes=200),
        Stage("movierec_publish.write_lists", 1, queue_seconds=60, run_seconds=30, peak_bytes=0),
    ]


def test_computing_is_from_the_first_fit_to_the_last_list():
    assert computing(NIGHT) == (epoch_seconds("2026-01-02T02:00:02Z"), epoch_seconds("2026-01-02T02:01:30Z"))


def test_a_night_in_which_nothing_is_fitted_names_what_it_has():
    with pytest.raises(MovierecError, match=r"no task of the night is called fit… .* seen: evaluate"):
        computing(NIGHT[:1])


def test_cpu_seconds_count_processes_that_have_ended_and_peaks_are_each_ones_own(settings):
    state.prepare(settings.home)
    work = "x = bytearray(150 << 20)\nfor _ in range(3_000_000): pass"
    child = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {work!r}]); time.sleep(60)"
    sampler = Sampler(settings)
    with subprocess.Popen([sys.executable, "-c", child], start_new_session=True) as leader:
        record = {"pid": leader.pid, "created": psutil.Process(leader.pid).create_time(), "components": {}}
        state.write_private(settings.home / "group.json", record)
        sampler.sample()
        while psutil.Process(leader.pid).cpu_times().children_user == 0:
            sampler.sample()
            time.sleep(0.02)
        sampler.sample()
        leader.kill()
    assert sampler.cpu_between(sampler.moments[0], sampler.moments[-1]) > 0.01
    assert max(sampler.peak_bytes.values()) > 150 << 20
    assert sampler.peak_bytes[leader.pid] < 100 << 20
    assert sampler.together_bytes > 150 << 20
    assert os.getpid() not in sampler.peak_bytes


def test_what_fits_networks_for_all_tasks_counts_too_and_goes_on_counting_when_it_has_ended(settings):
    state.prepare(settings.home)
    sampler = Sampler(settings)
    sampler.sample()
    work = "import time\nfor _ in range(10_000_000): pass\ntime.sleep(60)"
    named = (shared_process.PROGRAM[-1], str(settings.home / "neural-1.sock"))
    with subprocess.Popen([sys.executable, "-c", work, *named], start_new_session=True) as host:
        while psutil.Process(host.pid).cpu_times().user < 0.1:
            time.sleep(0.02)
        sampler.sample()
        host.kill()
    sampler.sample()
    assert host.pid in sampler.peak_bytes
    assert sampler.cpu_between(sampler.moments[0], sampler.moments[-1]) >= 0.1


def test_every_process_is_seen_with_its_parent():
    own = next(stat for stat in all_processes() if stat.pid == os.getpid())
    assert (own.parent, own.session) == (os.getppid(), os.getsid(0))
    assert own.cpu_seconds > 0


def night(seconds, **stage_seconds):
    return Night(
        seconds=seconds,
        dag_seconds={"movierec_ingest": 20.0, "movierec_train": 70.4, "movierec_publish": 9.0},
        stages=[Stage(f"movierec_train.{name}", 2, 1.0, run, 300 << 20) for name, run in stage_seconds.items()],
        cpu_seconds=180,
        cpu_share=0.876,
        together_bytes=1234 << 20,
        ranker="hybrid",
        ndcg=0.2251,
    )


def test_the_second_night_stands_beside_the_first_and_the_others_below():
    nights = [night(130.2, fit=60.0, compare=5.0), night(101.0, fit=31.0)]
    lines = report.lines("ml-100k", nights, [Rival("Spark ALS", 30.0, 8.0, 61.5, 2 << 30, 0.18)])
    assert lines[0] == "### A night on ml-100k"
    assert "| 1 | 130 | 20 | 70 | 9 | 180 | 88% | 300 | 1,234 | hybrid | 0.2251 |" in lines
    assert "| `movierec_train.fit` | 2 | 1.0 | 60.0 | 300 | 2 | 1.0 | 31.0 | 300 |" in lines
    assert "| `movierec_train.compare` | 2 | 1.0 | 5.0 | 300 | – | – | – | – |" in lines
    assert "| movierec, a whole night | – | – | 101 | 1,234 | 0.2251 |" in lines
    assert "| Spark ALS | 30.0 | 8.0 | 61.5 | 2,048 | 0.1800 |" in lines
    assert "pyspark" in lines[-1]


def test_each_dataset_is_written_between_its_own_markers(tmp_path):
    page = tmp_path / "benchmarks.md"
    order = ("ml-100k", "ml-1m")
    for name, line in (("ml-1m", "large"), ("ml-100k", "small"), ("ml-1m", "larger")):
        write_block(page, report.HEADING, report.KIND, name, [line], order)
    assert read_section(page, report.HEADING) == [
        "",
        "<!-- night: ml-100k -->",
        "small",
        "<!-- /night: ml-100k -->",
        "",
        "<!-- night: ml-1m -->",
        "larger",
        "<!-- /night: ml-1m -->",
    ]


@pytest.fixture(scope="module")
def question():
    dataset = ratings.generate(6_000, seed=1)
    train, test = per_user_temporal(dataset.ratings, seed=1)
    return Question(dataset.with_ratings(train), relevant_pairs(test, 4.0))


@pytest.mark.parametrize("run", [run_slit, run_implicit])
def test_a_ranker_of_ours_and_implicit_answer_the_question_of_the_night(question, run):
    rival = run(question)
    assert 0.05 < rival.ndcg < 1
    assert rival.peak_bytes > 50 << 20


@pytest.mark.slow
@pytest.mark.skipif(which("java") is None, reason="Spark needs Java")
def test_spark_answers_it_without_what_users_have_seen(question, tmp_path):
    rival = run_spark(question, tmp_path / "spark")
    assert 0.05 < rival.ndcg < 1
    assert rival.list_seconds < rival.seconds
