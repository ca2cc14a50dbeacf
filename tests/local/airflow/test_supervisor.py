import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from movierec.local import state
from movierec.local.airflow import group, processes

SUPERVISE = (
    "import json, sys, pathlib\n"
    "from movierec.local.airflow import supervisor\n"
    "supervisor.GRACE_SECONDS = 1\n"
    "sys.exit(supervisor.supervise(pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), {}))\n"
)
STUBBORN = "trap '' TERM; sleep 300 & wait; sleep 300"


@pytest.fixture
def home(settings):
    state.prepare(settings.home)
    (settings.home / "airflow").mkdir()
    return settings.home


@pytest.fixture
def supervise(home):
    started = []

    def start(commands):
        command = (sys.executable, "-c", SUPERVISE, str(home), json.dumps(commands))
        marked = {**os.environ, processes.GROUP_VARIABLE: str(home)}
        started.append(subprocess.Popen(command, env=marked, start_new_session=True, stdout=subprocess.DEVNULL))
        wait_for(lambda: group.component_pids(home).keys() == commands.keys())
        return started[0]

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_a_component_that_dies_is_started_again(home, supervise):
    supervise({"sleeper": ["sleep", "300"]})
    first = group.component_pids(home)["sleeper"]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: group.component_pids(home).get("sleeper", first) != first)
    assert psutil.Process(group.component_pids(home)["sleeper"]).name() == "sleep"


def test_a_component_that_keeps_dying_ends_the_group_with_a_reason(home):
    quick = SUPERVISE.replace("sys.exit", "supervisor.MAX_DEATHS = 2\nsys.exit")
    command = (sys.executable, "-c", quick, str(home), json.dumps({"broken": ["false"]}))
    done = subprocess.run(
        command, env={**os.environ, processes.GROUP_VARIABLE: str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "broken ended 2 times" in group.failure_reason(home)
    assert str(home / "logs" / "broken.log") in group.failure_reason(home)


def test_down_ends_components_that_ignore_it_and_their_children(home, settings, supervise):
    supervise({"stubborn": ["sh", "-c", STUBBORN], "sleeper": ["sleep", "300"]})
    wait_for(lambda: len(processes.group_processes(home)) == 4)
    group.down(settings)
    assert processes.group_processes(home) == []


def test_down_finds_what_a_killed_supervisor_left_behind(home, settings, supervise):
    process = supervise({"sleeper": ["sleep", "300"]})
    process.kill()
    process.wait()
    assert len(processes.group_processes(home)) == 1
    group.down(settings)
    assert processes.group_processes(home) == []


def test_down_finds_processes_that_hide_their_environment(home, settings):
    hidden = "import subprocess; subprocess.Popen(['env', '-i', '/bin/sleep', '300']); __import__('time').sleep(300)"
    with subprocess.Popen([sys.executable, "-c", hidden], start_new_session=True) as leader:
        record = {"pid": leader.pid, "created": psutil.Process(leader.pid).create_time(), "components": {}}
        state.write_private(home / "group.json", record)
        wait_for(lambda: len(processes.group_processes(home)) == 2)
        group.down(settings)
        assert processes.group_processes(home) == []


def test_a_session_number_that_is_used_again_is_not_ours(home):
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as other:
        created = psutil.Process(other.pid).create_time() + 60
        state.write_private(home / "group.json", {"failure": "", "session": {"pid": other.pid, "created": created}})
        try:
            assert processes.group_processes(home) == []
        finally:
            other.kill()


def test_another_state_folders_processes_are_left_alone(home, settings, tmp_path):
    foreign = {**os.environ, processes.GROUP_VARIABLE: str(tmp_path / "elsewhere")}
    with subprocess.Popen(["sleep", "60"], env=foreign) as other:
        try:
            group.down(settings)
            assert other.poll() is None
        finally:
            other.kill()


def test_a_reused_pid_is_not_taken_for_the_supervisor(home):
    state.write_private(home / "group.json", {"pid": os.getpid(), "created": 1.0, "components": {"x": 1}})
    assert group.find_supervisor(home) is None
    assert group.component_pids(home) == {}
