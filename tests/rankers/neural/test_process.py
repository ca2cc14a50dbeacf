import fcntl
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from movierec.config import ROOT
from movierec.errors import DiskFullError, ModelError
from movierec.rankers.building_blocks.fits import fitting_code
from movierec.rankers.neural import environment, process, shared_process
from movierec.rankers.neural.histories import Histories
from movierec.rankers.neural.options import Options
from movierec.rankers.neural.ranker import Neural
from tests.rankers.neural.test_histories import histories

JOB = Options(
    architectures=("autoencoder",),
    movies=3,
    following=1,
    hidden=4,
    dropout=0.5,
    length=4,
    width=4,
    blocks=1,
    epochs=1,
    max_seconds=0.5,
    stop_after=0,
    is_next=False,
    seed=0,
)
KNOWN = histories((0, 1, 1), (0, 2, 2), (1, 0, 1), (1, 1, 2))
SLOW = replace(JOB, movies=2_000, hidden=512, epochs=1_000, stop_after=1_000, max_seconds=600.0)


def many(users: int = 5_000) -> Histories:
    """Histories from which `SLOW` learns for minutes."""
    movies = np.tile(np.arange(20), users)
    ones = np.ones_like(movies)
    columns = {"times": movies, "signal": ones.astype(np.float32), "levels": ones, "liked": ones > 0}
    return Histories.of(np.repeat(np.arange(users), 20), users, movies=movies, **columns)


@pytest.fixture(autouse=True)
def nothing_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share no process, whatever installation an earlier test of this session has entered."""
    monkeypatch.delenv(shared_process.FOLDER, raising=False)


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path / ".venv-neural")
    # The process that an earlier test may have started goes on without being installed anew.
    monkeypatch.setattr(process, "_process_of", lambda pid, it=process.FittingProcess(): it)  # noqa: B008
    return tmp_path / ".venv-neural"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Let a program of a test's own stand at the other end of the pipes."""
    monkeypatch.setattr(process, "find_python", lambda: Path(sys.executable))
    monkeypatch.setattr(process, "_process_of", lambda pid, it=process.FittingProcess(): it)  # noqa: B008

    def place(text: str) -> None:
        path = tmp_path / "program.py"
        path.write_text(f"import sys, time\n{text}\n")
        monkeypatch.setattr(process, "PROGRAM", (str(path),))

    return place


def test_without_tensorflow_the_ranker_is_refused_in_one_sentence(nothing_installed, dataset, features) -> None:
    with pytest.raises(ModelError, match=r"^ranker 'neural' needs TensorFlow, which is not in .*; make setup installs"):
        Neural().fit(dataset, features)


def test_where_it_is_not_wanted_the_sentence_names_the_setting(monkeypatch, dataset, features) -> None:
    monkeypatch.setenv("MOVIEREC_NEURAL", "no")
    monkeypatch.setattr(process, "_process_of", lambda pid: process.FittingProcess())
    with pytest.raises(ModelError, match="switched off by MOVIEREC_NEURAL=no"):
        Neural().fit(dataset, features)


def test_a_fit_waits_while_tensorflow_is_being_installed(nothing_installed, monkeypatch) -> None:
    monkeypatch.setattr(environment, "POLL_SECONDS", 0.05)
    nothing_installed.mkdir()
    installer = os.open(nothing_installed / environment.LOCK, os.O_RDONLY | os.O_CREAT, 0o600)
    fcntl.flock(installer, fcntl.LOCK_EX)

    def finish() -> None:
        (nothing_installed / environment.STAMP).touch()
        os.close(installer)

    timer = threading.Timer(0.3, finish)
    timer.start()
    assert environment.find_python() == nothing_installed / "bin" / "python"
    timer.join()


def test_a_temporary_folder_without_room_is_named_and_no_network_is_to_blame(small_disk, monkeypatch) -> None:
    """What was learned has no room: a network that was refused for it would leave its place to another champion."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    wide = replace(JOB, movies=2_000, hidden=512)  # 8 MB of weights
    with pytest.raises(DiskFullError, match=f"^no room in the temporary folder {small_disk}, where"):
        process.fit(many(100), wide)
    assert list(small_disk.iterdir()) == []
    assert process.fit(KNOWN, JOB)[1].epochs == 1


def test_a_job_that_has_no_room_is_named_before_it_is_handed_over(small_disk, monkeypatch, program) -> None:
    program("raise SystemExit")
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with pytest.raises(DiskFullError, match=f"^no room in the temporary folder {small_disk}, where"):
        process.fit(many(), JOB)


def test_what_the_program_says_last_is_the_reason(program) -> None:
    program(
        'input(); print("say there are no bytes left"); print("failed the lines above say why", flush=True); input()'
    )
    with pytest.raises(ModelError, match="could not be fitted: there are no bytes left"):
        process.fit(KNOWN, JOB)


def test_a_program_that_cannot_start_is_told_by_its_last_line_and_started_anew(program) -> None:
    program("import no_such_module")
    with pytest.raises(ModelError, match="ModuleNotFoundError: No module named 'no_such_module'"):
        process.fit(KNOWN, JOB)
    program('input(); print("failed for a reason of its own", flush=True); input()')
    with pytest.raises(ModelError, match="for a reason of its own"):
        process.fit(KNOWN, JOB)


def test_a_fit_that_does_not_end_is_ended(program, monkeypatch) -> None:
    monkeypatch.setattr(process, "JOB_GRACE_SECONDS", 0.5)
    program("input(); time.sleep(600)")
    with pytest.raises(ModelError, match="not done after 1 s"):
        process.fit(KNOWN, JOB)


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_fit_that_nobody_waits_for_is_ended_and_not_begun_again(program, is_shared, tmp_path, monkeypatch) -> None:
    begun = tmp_path / "begun"
    program(f'input(); open("{begun}", "a").write("x"); time.sleep(600)')
    if is_shared:  # one that has gone is replaced, unless it is for this
        monkeypatch.setattr(process._process_of(0), "_socket", tmp_path / "socket")
        monkeypatch.setattr(process.FittingProcess, "_shared", lambda _, python: process.FittingProcess._own(python))

    def end() -> None:
        wait_for(begun.exists)
        process.give_up()

    other = threading.Thread(target=end)
    other.start()
    with pytest.raises(ModelError, match="nobody waits for it any more"):
        process.fit(KNOWN, JOB)
    other.join()
    assert begun.read_text() == "x"
    program('input(); print("failed for a reason of its own", flush=True); input()')  # the next one is begun anew
    with pytest.raises(ModelError, match="for a reason of its own"):
        process.fit(KNOWN, JOB)


def test_what_a_killed_fit_left_is_removed_by_the_next_one(program, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(process.tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    left, running = (tmp_path / f"{process.SCRATCH}{pid}-abc" for pid in (gone.pid, os.getppid()))
    for folder in (left, running):
        folder.mkdir()
    program('input(); print("failed for a reason", flush=True); input()')
    with pytest.raises(ModelError, match="for a reason"):
        process.fit(KNOWN, JOB)
    assert list(tmp_path.glob(f"{process.SCRATCH}*")) == [running]


@pytest.mark.skipif(not environment.is_installed(), reason="no TensorFlow here; make dev installs it")
def test_a_job_that_fails_says_why_and_the_next_one_is_done() -> None:
    broken = KNOWN._replace(movies=np.full_like(KNOWN.movies, 99))
    with pytest.raises(ModelError, match=r"IndexError: index .* out of bounds"):
        process.fit(broken, JOB)
    weights, fitted = process.fit(KNOWN, JOB)
    assert fitted.architecture == "autoencoder"
    assert weights["output.bias"].shape == (3,)


@pytest.mark.skipif(not environment.is_installed(), reason="no TensorFlow here; make dev installs it")
def test_the_process_and_its_job_end_with_the_one_that_asked(tmp_path: Path) -> None:
    """As when Airflow kills a task: nobody is left to tell it anything."""
    script = tmp_path / "task.py"
    script.write_text(
        "import numpy as np\n"
        "from movierec.rankers.neural import process\n"
        "from tests.rankers.neural.test_process import SLOW, many\n"
        "process.fit(many(), SLOW)\n"
    )
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'include'}:{ROOT}"}
    task = subprocess.Popen([sys.executable, str(script)], env=env)
    try:
        fitting = wait_for(lambda: _fitting(task.pid))
    finally:
        task.send_signal(signal.SIGKILL)
        task.wait()
    wait_for(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in fitting))


@pytest.fixture
def shared_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this process be a task of an installation whose tasks share the process that fits."""
    monkeypatch.setenv(shared_process.FOLDER, str(tmp_path))
    monkeypatch.setattr(process, "_process_of", lambda pid, it=process.FittingProcess(): it)  # noqa: B008
    return tmp_path


def hosts(folder: Path) -> list[psutil.Process]:
    """Return the processes that listen in a folder and those they have forked."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if one.cmdline()[1:3] == list(shared_process.PROGRAM) and str(folder) in one.cmdline()[-1]:
                found.append(one)
    return found


def end_hosts(folder: Path) -> None:
    for one in hosts(folder):
        with suppress(psutil.Error):
            one.kill()


@pytest.mark.skipif(not environment.is_installed(), reason="no TensorFlow here; make dev installs it")
def test_tasks_share_one_process_which_outlives_them_and_is_replaced_where_it_was_killed(shared_folder, caplog) -> None:
    try:
        weights, _ = process.fit(KNOWN, JOB)
        (first,) = (one for one in hosts(shared_folder) if one.ppid() == 1 or one.parent() not in hosts(shared_folder))
        another = process.FittingProcess()
        assert another._running().stdin is not None  # the other task connects to the same one
        assert {one.pid for one in hosts(shared_folder) if one.ppid() != first.pid} == {first.pid}
        end_hosts(shared_folder)
        with caplog.at_level(logging.WARNING):
            again, _ = process.fit(KNOWN, JOB)
        assert "the process that all tasks share has gone; this one starts its own" in caplog.text
        np.testing.assert_array_equal(again["output.kernel"], weights["output.kernel"])
        # What it left behind is in nobody's way.
        path = shared_process.socket_path(fitting_code())
        connection = shared_process.connect(path, str(environment.find_python()), process._environment())
        assert connection.poll() is None
        connection.wait()
    finally:
        end_hosts(shared_folder)


@pytest.mark.skipif(not environment.is_installed(), reason="no TensorFlow here; make dev installs it")
def test_a_job_that_takes_too_long_ends_in_the_shared_process_too(shared_folder, monkeypatch) -> None:
    process.fit(KNOWN, JOB)
    monkeypatch.setattr(process, "JOB_GRACE_SECONDS", -599.0)
    try:
        with pytest.raises(ModelError, match="not done after 1 s"):
            process.fit(many(), SLOW)
        wait_for(lambda: len(hosts(shared_folder)) == 1)  # what was forked for it has ended
    finally:
        end_hosts(shared_folder)


def test_where_nothing_can_listen_a_task_starts_its_own(program, tmp_path, monkeypatch, caplog) -> None:
    program('input(); print("failed of itself", flush=True); input()')
    monkeypatch.setenv(shared_process.FOLDER, str(tmp_path / "missing"))
    monkeypatch.setattr(process, "_process_of", lambda pid, it=process.FittingProcess(): it)  # noqa: B008
    with caplog.at_level(logging.WARNING), pytest.raises(ModelError, match="of itself"):
        process.fit(KNOWN, JOB)
    assert "the process that all tasks share cannot be had" in caplog.text


def test_a_path_that_is_too_long_for_a_socket_is_not_shared(monkeypatch) -> None:
    monkeypatch.setenv(shared_process.FOLDER, "/" + "x" * 120)
    assert shared_process.socket_path("version") is None


def _fitting(pid: int) -> list[psutil.Process]:
    """Return the process that fits and its job, once the job is there."""
    found = psutil.Process(pid).children(recursive=True)
    return found if len(found) > 1 else []


def wait_for(condition, seconds: float = 120.0):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer
