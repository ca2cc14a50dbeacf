import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import psycopg
import pytest

from movierec import locks
from movierec.local import state
from movierec.local.airflow import clock, database, group, heartbeats, processes
from movierec.local.airflow.component import Component
from movierec.local.airflow.database import Database
from movierec.local.postgres import embedded_server, sockets
from movierec.local.postgres.postmaster import find_postmaster
from movierec.local.status import status_text
from tests.conftest import fill, read_only
from tests.installation import QUICK, delete_in_use, has_ended

SUPERVISE = (
    "import json, sys, pathlib\n"
    "from movierec.local.airflow import supervisor\n"
    "supervisor.GRACE_SECONDS = 1\n"
    "sys.exit(supervisor.supervise(pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), {}))\n"
)
READY_ONCE_TOLD = SUPERVISE.replace("{}))", "{}, is_ready=(pathlib.Path(sys.argv[1]) / 'ready').exists))")
WATCHING = SUPERVISE.replace(
    "sys.exit",
    "from dataclasses import replace\n"
    "from movierec.config import Settings\n"
    "from movierec.local.airflow.database import Database\n"
    "database = Database(replace(Settings(), home=pathlib.Path(sys.argv[1])))\n"
    "sys.exit",
).replace("{}))", "{}, database))")
WATCHING_CLOSELY = WATCHING.replace(
    "sys.exit", "from movierec.local.airflow import database as watched\nwatched.LOOK_SECONDS = 0.2\nsys.exit"
)
BEATING = SUPERVISE.replace(
    "sys.exit",
    "from movierec.local.airflow.heartbeats import Heartbeats\n"
    "beats = pathlib.Path(sys.argv[1]) / 'beats'\n"
    "read = lambda: json.loads(beats.read_text()) if beats.exists() else {}\n"
    "heartbeats = Heartbeats(read, 'server', hung_seconds=2, look_seconds=0)\n"
    "sys.exit",
).replace("{}))", "{}, heartbeats=heartbeats))")
TWO_DEATHS = SUPERVISE.replace("sys.exit", "supervisor.MAX_DEATHS = 2\nsys.exit")
SHORT_PAUSE = TWO_DEATHS.replace("sys.exit", "supervisor.FULL_DISK_PAUSE_SECONDS = 0.5\nsys.exit")
STUBBORN = "trap '' TERM; sleep 300 & wait; sleep 300"


@pytest.fixture
def home(settings):
    state.prepare(settings.home)
    (settings.home / "airflow").mkdir()
    return settings.home


@pytest.fixture
def supervise(home):
    started = []

    def start(commands, program=SUPERVISE, expected=None, home=home):
        command = (sys.executable, "-c", program, str(home), json.dumps(commands))
        marked = {**os.environ, processes.GROUP_VARIABLE: str(home)}
        with (home / "logs" / "supervisor.log").open("ab") as log:
            started.append(subprocess.Popen(command, env=marked, start_new_session=True, stdout=log))
        wait_for(lambda: group.component_pids(home).keys() == (expected or commands).keys())
        return started[0]

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_for(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def kill_and_wait_for_another(home):
    """Kill the component `sleeper`, and wait until it has started again."""
    first = group.component_pids(home)["sleeper"]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: group.component_pids(home).get("sleeper", first) != first)


def test_a_component_that_dies_is_started_again(home, supervise):
    supervise({"sleeper": ["sleep", "300"]})
    kill_and_wait_for_another(home)
    assert psutil.Process(group.component_pids(home)["sleeper"]).name() == "sleep"


def test_a_component_starts_again_although_its_log_is_gone(home, supervise):
    supervise({"sleeper": ["sleep", "300"]})
    delete_in_use(home / "logs")
    kill_and_wait_for_another(home)
    assert (home / "logs" / "sleeper.log").is_file()
    assert (home / "logs").stat().st_mode & 0o077 == 0


def test_a_copied_state_folder_leaves_the_original_alone(home, settings, supervise):
    supervise({"sleeper": ["sleep", "300"]})
    copy = replace(settings, home=shutil.copytree(home, home.with_name("copy")))
    assert group.find_supervisor(copy.home) is None
    assert status_text(copy).endswith("Airflow: stopped")
    group.down(copy)
    assert group.find_supervisor(home)
    assert psutil.pid_exists(group.component_pids(home)["sleeper"])
    group.down(settings)
    assert group.find_supervisor(home) is None


def test_a_state_folder_that_was_moved_while_it_ran_can_still_be_stopped(home, settings, supervise):
    running = supervise({"sleeper": ["sleep", "300"]})
    moved = replace(settings, home=home.rename(home.with_name("moved")))
    assert group.find_supervisor(moved.home).pid == running.pid
    group.down(moved)
    assert running.wait(60) is not None


def test_a_full_disk_does_not_end_what_keeps_components_running(small_disk, supervise):
    home = small_disk / "state"
    state.prepare(home)
    (home / "airflow").mkdir()
    supervisor = supervise({"sleeper": ["sleep", "300"]}, home=home)
    first = group.component_pids(home)["sleeper"]
    fill(small_disk)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: {child.pid for child in psutil.Process(supervisor.pid).children()} - {first})
    time.sleep(1.2)  # two more rounds, in which it cannot say so
    assert group.component_pids(home) == {"sleeper": first}
    assert list(home.glob("group.json.*")) == []
    (small_disk / "ballast").unlink()
    wait_for(lambda: group.component_pids(home).get("sleeper", first) != first)


def test_what_keeps_ending_on_a_full_disk_ends_nothing_else_and_starts_once_there_is_room(disk_of, settings, supervise):
    disk = disk_of("16m")
    home = disk / "state"
    state.prepare(home)
    (home / "airflow").mkdir()
    needs_room = ["sh", "-c", f"test -e {disk}/ballast && exit 1; exec sleep 300"]
    supervise({"web": ["sleep", "300"], "scheduler": needs_room}, SHORT_PAUSE, home=home)
    first = group.component_pids(home)
    fill(disk)
    os.kill(first["scheduler"], signal.SIGKILL)
    said = f"state folder: {home}; no room is left on its disk: readers have the live lists for as long as "
    assert status_text(replace(settings, home=home)).startswith(said)
    time.sleep(4)  # for more starts than may fail
    assert group.find_supervisor(home)
    assert psutil.pid_exists(first["web"])
    (disk / "ballast").unlink()
    wait_for(lambda: group.component_pids(home).get("scheduler", first["scheduler"]) != first["scheduler"])
    assert status_text(replace(settings, home=home)).startswith(f"state folder: {home}\n")


def test_what_runs_goes_on_alone_while_the_disk_can_only_be_read(home, settings, supervise):
    supervise({"web": ["sleep", "300"], "scheduler": ["sleep", "300"]}, TWO_DEATHS)
    first = group.component_pids(home)
    assert status_text(settings).startswith(f"state folder: {home}\n")
    with read_only(home):
        os.kill(first["scheduler"], signal.SIGKILL)
        said = f"state folder: {home}; can only be read (Read-only file system): readers keep the live lists, nobody"
        assert status_text(settings).startswith(said)
        time.sleep(4)  # for more starts than may fail
        assert group.find_supervisor(home)
        assert psutil.pid_exists(first["web"])
    wait_for(lambda: group.component_pids(home).get("scheduler", first["scheduler"]) != first["scheduler"])
    assert group.component_pids(home)["web"] == first["web"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_record_that_was_damaged_is_written_anew_and_ends_nothing(home, supervise, damage):
    process = supervise({"sleeper": ["sleep", "300"]})
    first = group.component_pids(home)
    (home / "group.json").write_bytes(damage)
    wait_for(lambda: group.component_pids(home) == first)
    assert process.poll() is None


def test_a_component_starts_again_although_airflows_folder_is_gone(home, supervise):
    supervise({"sleeper": ["sleep", "300"]})
    delete_in_use(home / "airflow")
    kill_and_wait_for_another(home)
    assert (home / "airflow").stat().st_mode & 0o077 == 0


def test_a_component_that_keeps_dying_ends_the_group_with_a_reason(home):
    command = (sys.executable, "-c", TWO_DEATHS, str(home), json.dumps({"broken": ["false"]}))
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


def test_down_ends_everything_on_a_disk_that_can_be_read_only(home, settings, supervise, caplog):
    supervise({"sleeper": ["sleep", "300"]})
    with locks.lock(home / "group.lock"):
        pass
    with read_only(home):
        group.down(settings)
    assert processes.group_processes(home) == []
    goes_on = f"what is being started now goes on: {home / 'halt'} cannot be written: Read-only file system"
    assert [record.getMessage() for record in caplog.records].count(goes_on) == 1


def test_down_ends_everything_although_the_record_was_damaged(home, settings, supervise):
    process = supervise({"sleeper": ["sleep", "300"]})
    process.kill()
    process.wait()
    (home / "group.json").write_bytes(b"{")
    group.down(settings)
    assert processes.group_processes(home) == []


def test_down_finds_what_a_killed_supervisor_left_behind(home, settings, supervise):
    process = supervise({"sleeper": ["sleep", "300"]})
    process.kill()
    process.wait()
    assert len(processes.group_processes(home)) == 1
    assert "Airflow: its supervisor has ended, and 1 of its processes go on, but" in status_text(settings)
    group.down(settings)
    assert processes.group_processes(home) == []
    assert status_text(settings).endswith("Airflow: stopped")


def test_down_finds_processes_that_hide_their_environment(home, settings):
    hidden = "import subprocess; subprocess.Popen(['env', '-i', '/bin/sleep', '300']); __import__('time').sleep(300)"
    with subprocess.Popen([sys.executable, "-c", hidden], start_new_session=True) as leader:
        record = {"pid": leader.pid, "created": psutil.Process(leader.pid).create_time(), "components": {}}
        state.write_private(home / "group.json", record)
        wait_for(lambda: len(processes.group_processes(home)) == 2)
        group.down(settings)
        assert processes.group_processes(home) == []


@pytest.mark.parametrize("seconds", [60, -60])
def test_a_session_number_that_is_used_again_is_not_ours(home, seconds):
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as other:
        created = psutil.Process(other.pid).create_time() + seconds
        state.write_private(home / "group.json", {"failure": "", "session": {"pid": other.pid, "created": created}})
        try:
            assert processes.group_processes(home) == []
        finally:
            other.kill()


@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_clock_that_is_set_hides_nothing_of_the_group(home, supervise, monkeypatch, step):
    process = supervise({"hidden": ["env", "-i", "/bin/sleep", "300"]})
    started, booted = group.started_at(home), psutil.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: booted + step)  # as Linux tells it afterwards
    assert group.find_supervisor(home).pid == process.pid
    assert group.started_at(home) == pytest.approx(started + min(step, 0), abs=1)
    assert len(processes.group_processes(home)) == 2


def test_another_state_folders_processes_are_left_alone(home, settings, tmp_path):
    foreign = {**os.environ, processes.GROUP_VARIABLE: str(tmp_path / "elsewhere")}
    with subprocess.Popen(["sleep", "60"], env=foreign) as other:
        try:
            group.down(settings)
            assert other.poll() is None
        finally:
            other.kill()


def test_nothing_is_started_before_the_first_component_answers(home, supervise):
    both = {"server": ["sleep", "300"], "client": ["sleep", "300"]}
    supervise(both, READY_ONCE_TOLD, expected={"server": 0})
    time.sleep(1.2)  # two more rounds
    assert set(group.component_pids(home)) == {"server"}
    (home / "ready").touch()
    wait_for(lambda: set(group.component_pids(home)) == {"server", "client"})


def test_a_component_that_hangs_is_killed_with_its_children_and_starts_again(home, supervise):
    commands = {"server": ["sleep", "300"], "scheduler": ["sh", "-c", "sleep 300 & wait"], "web": ["sleep", "300"]}
    supervise(commands, BEATING)
    first = group.component_pids(home)
    (child,) = psutil.Process(first["scheduler"]).children()
    os.kill(first["scheduler"], signal.SIGSTOP)
    (home / "beats").write_text('{"scheduler": "12:00"}')
    wait_for(lambda: group.component_pids(home).get("scheduler", first["scheduler"]) != first["scheduler"])
    assert not child.is_running()
    assert {name: pid for name, pid in group.component_pids(home).items() if name != "scheduler"} == {
        name: pid for name, pid in first.items() if name != "scheduler"
    }
    said = (home / "logs" / "supervisor.log").read_text()
    assert "scheduler has sent no heartbeat for 2 s; it is killed and starts again\n" in said


def test_only_the_one_that_answers_hangs_where_nobody_answers(monkeypatch):
    clock, beats, pids = [0.0], {"scheduler": 1}, {"server": 1, "scheduler": 2, "web": 3}
    monkeypatch.setattr(heartbeats.time, "monotonic", lambda: clock[0])
    watched = heartbeats.Heartbeats(lambda: beats, "server", hung_seconds=100, look_seconds=30)

    def hung_after(seconds, **options):
        clock[0] += seconds
        return watched.hung(pids, **options)

    assert [hung_after(30) for _ in range(3)] == [[], [], []]
    beats = {"scheduler": 2}
    assert [hung_after(30) for _ in range(4)] == [[]] * 4
    assert hung_after(1) == []  # asked a moment ago
    assert hung_after(30) == ["scheduler"]
    pids["scheduler"] = 4
    assert [hung_after(30) for _ in range(4)] == [[]] * 4
    assert hung_after(30, is_excused=True) == []
    beats = None
    assert [hung_after(30) for _ in range(4)] == [[], [], [], ["server"]]


def test_a_database_that_was_killed_is_brought_back_and_status_says_so(home, settings, supervise):
    embedded_server.start(settings, QUICK)
    with psycopg.connect(embedded_server.conninfo(settings, "postgres")) as conn:
        conn.execute("create table kept as select 42 as answer")
    supervise({"sleeper": ["sleep", "300"]}, WATCHING)
    postmaster = find_postmaster(embedded_server.data_directory(settings))
    postmaster.kill()
    wait_for(lambda: group.database_details(home).get("returns"))
    with psycopg.connect(embedded_server.conninfo(settings, "postgres")) as conn:
        assert conn.execute("select answer from kept").fetchone() == (42,)
    (returned_at,) = group.database_details(home)["returns"]
    assert f"PostgreSQL: running; it died and was brought back once, last at {returned_at}\n" in status_text(settings)
    said = (home / "logs" / "supervisor.log").read_text()
    assert "PostgreSQL has ended or cannot be reached; starting it again, its log: " in said
    assert f"PostgreSQL is back since {returned_at}" in said


@pytest.mark.parametrize("part", ["postmaster", "walwriter"])
def test_a_database_that_was_halted_is_named_and_left_alone_until_it_goes_on(home, settings, supervise, part):
    embedded_server.start(settings, QUICK)
    supervise({"sleeper": ["sleep", "300"]}, WATCHING_CLOSELY)
    server = find_postmaster(embedded_server.data_directory(settings))
    helper = next(child for child in server.children() if "walwriter" in " ".join(child.cmdline()))
    halted = {"postmaster": server, "walwriter": helper}[part]
    halted.suspend()
    wait_for(lambda: group.database_details(home)["stuck_since"])
    since = group.database_details(home)["stuck_since"]
    told = f"does not answer everybody since {since}: its process {halted.pid} is halted (SIGSTOP), and kill -CONT "
    assert f"\nPostgreSQL: {told}{halted.pid} lets it go on; it is left alone" in status_text(settings)
    sleeper = psutil.Process(group.component_pids(home)["sleeper"])
    sleeper.kill()
    wait_for(lambda: "sleeper" not in group.component_pids(home))
    time.sleep(1.2)  # two more rounds
    assert "sleeper" not in group.component_pids(home)
    halted.resume()
    wait_for(lambda: "sleeper" in group.component_pids(home))
    assert "\nPostgreSQL: running\n" in status_text(settings)
    said = (home / "logs" / "supervisor.log").read_text()
    assert said.count(f"PostgreSQL {told}") == 1
    assert f"PostgreSQL answers everybody again; it did not since {since}" in said
    assert group.database_details(home)["returns"] == []


def test_the_supervisor_waits_for_no_database_that_lets_nobody_in(settings, monkeypatch):
    embedded_server.start(settings, QUICK)
    monkeypatch.setattr(database, "CONNECT_SECONDS", 2)
    monkeypatch.setattr(clock, "CONNECT_SECONDS", 2)
    find_postmaster(embedded_server.data_directory(settings)).suspend()
    for ask in (database.give_back_tries, clock.follow_clock):
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            ask(settings)


def test_a_database_whose_socket_was_removed_is_started_again(home, settings, supervise):
    embedded_server.start(settings, QUICK)
    first = find_postmaster(embedded_server.data_directory(settings)).pid
    supervise({"sleeper": ["sleep", "300"]}, WATCHING)
    (sockets.socket_directory(settings) / sockets.SOCKET_NAME).unlink()
    wait_for(lambda: group.database_details(home).get("returns"))
    with psycopg.connect(embedded_server.conninfo(settings, "postgres")) as conn:
        assert conn.execute("select 1").fetchone() == (1,)
    assert find_postmaster(embedded_server.data_directory(settings)).pid != first


def test_databases_that_were_moved_away_are_missed_and_not_made_anew(home, settings, supervise):
    embedded_server.start(settings, QUICK)
    supervise({"sleeper": ["sleep", "300"]}, WATCHING)
    process = find_postmaster(embedded_server.data_directory(settings))
    kept = (home / "postgres").rename(home / "kept")
    wait_for(lambda: group.database_details(home)["problem"])
    assert f"\nPostgreSQL: {home / 'postgres'} is gone: the databases were there, and nothing" in status_text(settings)
    assert psutil.pid_exists(group.component_pids(home)["sleeper"])
    assert not (home / "postgres").exists()
    state.prepare(home)  # as every command does
    kept.rename(home / "postgres")
    wait_for(lambda: not group.database_details(home)["problem"])
    assert "\nPostgreSQL: running\n" in status_text(settings)
    assert "PostgreSQL can be reached again, without" in (home / "logs" / "supervisor.log").read_text()
    assert find_postmaster(embedded_server.data_directory(settings)) == process


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_state_folder_that_is_gone_while_it_runs_is_not_made_anew_and_down_ends_what_runs(
    home, settings, supervise, is_moved
):
    embedded_server.start(settings, QUICK)
    supervisor = supervise({"sleeper": ["sleep", "300"]}, WATCHING)
    sleeper = psutil.Process(group.component_pids(home)["sleeper"])
    server = find_postmaster(embedded_server.data_directory(settings))
    if is_moved:
        moved = replace(settings, home=home.rename(home.with_name("moved")))
    else:
        delete_in_use(home)
    time.sleep(1.2)  # two more rounds
    assert supervisor.poll() is None
    assert not home.exists()
    group.down(settings)
    assert supervisor.wait(60) is not None
    assert has_ended(sleeper)
    assert has_ended(server)
    assert not home.exists()
    if is_moved:
        embedded_server.start(moved, QUICK)
        embedded_server.stop(moved)


def test_a_database_that_cannot_be_started_is_tried_again_and_its_reason_shown(home, settings):
    embedded_server.start(settings, QUICK)
    embedded_server.stop(settings)
    (embedded_server.data_directory(settings) / "global" / "pg_control").rename(home / "pg_control")
    watched = Database(settings)
    assert not watched.keep_running()
    assert "could not find the database system" in watched.problem
    assert not watched.keep_running()  # not again at once
    (home / "pg_control").rename(embedded_server.data_directory(settings) / "global" / "pg_control")
    watched._next_try = 0
    assert watched.keep_running()
    assert (watched.problem, len(watched.returns)) == ("", 1)


def test_a_component_that_dies_because_the_database_is_away_is_not_counted(home):
    component = Component("broken", ["false"])
    for is_excused in (True, True, False):
        component.next_start = 0
        component.start(home)
        component.process.wait()
        component.note_death(is_excused)
    assert len(component.deaths) == 1


def test_what_cannot_be_prepared_is_not_started_and_counts_as_a_death(home, capsys):
    def fail():
        raise OSError("no way")

    component = Component("scheduler", ["true"], fail)
    component.start(home)
    assert (component.process, len(component.deaths)) == (None, 1)
    assert "scheduler could not be started: no way" in capsys.readouterr().out


def test_what_a_dead_component_left_running_is_ended_and_nothing_else(home):
    parent = "import subprocess, sys; print(subprocess.Popen(['sleep', '300'], stdout=-3).pid, flush=True)"
    marked = {**os.environ, processes.GROUP_VARIABLE: str(home)}
    left = subprocess.run([sys.executable, "-c", parent], env=marked, stdout=subprocess.PIPE, check=True, text=True)
    with subprocess.Popen(["sleep", "300"], env=marked) as ours:
        processes.end_orphans(home, 1)
        assert processes.group_processes(home) == [psutil.Process(ours.pid)]
        assert not psutil.pid_exists(int(left.stdout)) or psutil.Process(int(left.stdout)).status() == "zombie"
        ours.kill()


def test_a_reused_pid_is_not_taken_for_the_supervisor(home):
    state.write_private(home / "group.json", {"pid": os.getpid(), "created": 1.0, "components": {"x": 1}})
    assert group.find_supervisor(home) is None
    assert group.component_pids(home) == {}
