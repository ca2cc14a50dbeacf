import asyncio
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import psycopg
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from movierec.errors import MovierecError
from movierec.local.postgres import embedded_server, postmaster, sockets
from movierec.local.postgres.account import Account, server_account
from tests.installation import QUICK, delete_in_use, has_ended


def ask(settings, query, database="postgres"):
    with psycopg.connect(embedded_server.conninfo(settings, database), autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]


def test_a_started_server_answers_on_its_socket_and_on_no_port(server):
    assert embedded_server.is_running(server)
    assert ask(server, "show listen_addresses") == ""
    assert ask(server, "show server_version").startswith("18")
    process = postmaster.find_postmaster(embedded_server.data_directory(server))
    assert psutil.Process(process.pid).net_connections("inet") == []


def test_only_its_own_user_reaches_socket_and_data(server):
    assert sockets.socket_directory(server).stat().st_mode & 0o777 == 0o700
    assert embedded_server.data_directory(server).stat().st_mode & 0o777 == 0o700
    assert (server.home / "postgres").stat().st_mode & 0o777 == 0o700


def test_the_server_never_runs_as_root(server):
    assert postmaster.find_postmaster(embedded_server.data_directory(server)).uids().real != 0


def test_its_log_tells_of_an_error_and_names_nobody(server):
    twice = "create temporary table viewer (user_id bigint primary key); insert into viewer values (770077), (770077)"
    with pytest.raises(psycopg.errors.UniqueViolation, match="770077"):
        ask(server, twice)
    log = embedded_server.log_file(server).read_text()
    assert "duplicate key value violates unique constraint" in log
    assert "770077" not in log


def test_starting_twice_keeps_the_first_server(server):
    first = postmaster.find_postmaster(embedded_server.data_directory(server)).pid
    embedded_server.start(server)
    assert postmaster.find_postmaster(embedded_server.data_directory(server)).pid == first


def test_many_starters_at_once_make_one_server(settings):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: embedded_server.start(settings, QUICK), range(4)))
    assert ask(settings, "select 1") == 1


def test_databases_are_created_once(server):
    embedded_server.ensure_databases(server)
    with psycopg.connect(embedded_server.conninfo(server, "warehouse")) as connection:
        connection.execute("create table kept (one int)")
    embedded_server.ensure_databases(server)
    assert ask(server, "select to_regclass('kept')::text", "warehouse") == "kept"


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_sqlalchemy_reaches_the_socket(server, driver):
    engine = sqlalchemy.create_engine(embedded_server.url(server, "postgres", driver))
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("select 1")) == 1
    engine.dispose()


def test_airflows_asynchronous_driver_reaches_the_socket(server):
    async def one():
        engine = create_async_engine(embedded_server.url(server, "postgres", "asyncpg"))
        async with engine.connect() as connection:
            answer = await connection.scalar(sqlalchemy.text("select 1"))
        await engine.dispose()
        return answer

    assert asyncio.run(one()) == 1


def test_rows_survive_a_kill_of_the_server(server):
    with psycopg.connect(embedded_server.conninfo(server, "postgres")) as connection:
        connection.execute("create table kept as select 42 as answer")
    kill(postmaster.find_postmaster(embedded_server.data_directory(server)).pid)
    assert not embedded_server.is_running(server)
    embedded_server.start(server, QUICK)
    assert ask(server, "select answer from kept") == 42


def test_a_server_whose_socket_was_removed_is_started_again(server):
    (sockets.socket_directory(server) / sockets.SOCKET_NAME).unlink()
    assert not embedded_server.is_running(server)
    embedded_server.start(server, QUICK)
    assert ask(server, "select 1") == 1


def test_a_server_that_was_halted_can_be_stopped(server):
    data = embedded_server.data_directory(server)
    process = postmaster.find_postmaster(data)
    process.suspend()
    embedded_server.stop(server)
    assert postmaster.find_postmaster(data) is None


def test_who_needs_a_server_that_was_halted_is_told_so_at_once(server):
    process = postmaster.find_postmaster(embedded_server.data_directory(server))
    process.suspend()
    while process.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    told = rf"its process {process.pid} is halted \(SIGSTOP\), and kill -CONT {process.pid} lets it go on$"
    with pytest.raises(MovierecError, match=f"^PostgreSQL does not answer: {told}"):
        embedded_server.start(server, QUICK)


def test_a_server_that_lets_nobody_in_is_not_waited_for_without_a_word(server, monkeypatch):
    monkeypatch.setattr(embedded_server, "LONG_ANSWER_SECONDS", 2)
    monkeypatch.setattr(postmaster, "_is_halted", lambda _: False)  # as if it were its disk
    postmaster.find_postmaster(embedded_server.data_directory(server)).suspend()
    with pytest.raises(MovierecError, match=r"^PostgreSQL does not answer: it lets nobody in within 2 s"):
        embedded_server.start(server, QUICK)


def test_a_server_that_refuses_for_want_of_connections_answers(settings):
    embedded_server.start(settings, {**QUICK, "max_connections": "4", "superuser_reserved_connections": "1"})
    with psycopg.connect(embedded_server.conninfo(settings, "postgres")) as first:
        held = [first]
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            for _ in range(10):
                held.append(psycopg.connect(embedded_server.conninfo(settings, "postgres")))
        assert embedded_server.why_stuck(settings) == ""
        for connection in held:
            connection.close()


def test_a_server_of_whose_processes_one_was_halted_can_be_stopped(server):
    with psycopg.connect(embedded_server.conninfo(server, "postgres")) as connection:
        halted = psutil.Process(connection.info.backend_pid)
        halted.suspend()
        started = time.monotonic()
        embedded_server.stop(server)
        assert time.monotonic() - started < 30  # it is not waited for until it has to be killed
        assert has_ended(halted)


def test_a_pid_file_that_names_another_program_is_stale(server):
    data = embedded_server.data_directory(server)
    text = (data / "postmaster.pid").read_text()
    kill(postmaster.find_postmaster(data).pid)
    with subprocess.Popen(["sleep", "60"]) as other:
        lock = sockets.socket_directory(server) / f"{sockets.SOCKET_NAME}.lock"
        for path in (data / "postmaster.pid", lock):
            path.write_text(text.replace(text.split()[0], str(other.pid), 1))
        try:
            assert not embedded_server.is_running(server)
            embedded_server.start(server, QUICK)
            assert other.poll() is None
        finally:
            other.kill()
    assert ask(server, "select 1") == 1


def test_a_path_too_long_for_a_socket_moves_it_to_a_private_folder(tmp_path, settings):
    distant = replace(settings, home=tmp_path / ("long" * 25))
    embedded_server.start(distant, QUICK)
    try:
        folder = sockets.socket_directory(distant)
        assert tmp_path not in folder.parents
        assert folder.stat().st_mode & 0o777 == 0o700
        assert ask(distant, "select 1") == 1
    finally:
        embedded_server.stop(distant)
    assert not folder.exists()


@pytest.mark.parametrize("gone", ["postgres", "."])
def test_a_folder_of_sockets_goes_where_the_databases_or_all_is_gone(tmp_path, settings, gone):
    distant = replace(settings, home=tmp_path / ("long" * 25))
    embedded_server.start(distant, QUICK)
    folder = sockets.socket_directory(distant)
    shutil.rmtree(distant.home / gone)
    embedded_server.stop(distant)
    assert not folder.exists()
    assert distant.home.exists() == (gone != ".")


@pytest.mark.parametrize("is_killed", [True, False])
def test_a_folder_of_sockets_goes_with_a_killed_server_and_stays_with_what_is_not_of_one(tmp_path, settings, is_killed):
    distant = replace(settings, home=tmp_path / ("long" * 25))
    embedded_server.start(distant, QUICK)
    folder = sockets.socket_directory(distant)
    if is_killed:
        kill(postmaster.find_postmaster(embedded_server.data_directory(distant)).pid)
        assert list(folder.iterdir())
    else:
        (folder / "somebody's").touch()
    embedded_server.stop(distant)
    assert folder.exists() == (not is_killed)
    if not is_killed:
        assert [path.name for path in folder.iterdir()] == ["somebody's"]
        shutil.rmtree(folder)


def test_a_folder_of_sockets_of_somebody_else_is_left_alone(tmp_path, settings, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    distant = replace(settings, home=tmp_path / ("long" * 25))
    folder = sockets.socket_directory(distant)
    folder.mkdir()
    other = folder.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    sockets.remove_socket_directory(distant, Account("other", other, other))
    assert folder.exists()


@pytest.mark.parametrize(
    "name", ["häuser & co", "Ada's", 'a "b"', "$HOME", "$(touch theirs)", "`id`", "back\\slash", "a;b"]
)
def test_a_state_folder_may_have_any_name(tmp_path, settings, name):
    odd = replace(settings, home=tmp_path / name)
    embedded_server.start(odd, QUICK)
    try:
        assert ask(odd, "select 1") == 1
        assert "ready to accept connections" in embedded_server.log_file(odd).read_text()
    finally:
        embedded_server.stop(odd)
        assert (
            sockets.socket_directory(odd).parent == odd.home / "postgres" or not sockets.socket_directory(odd).exists()
        )


def test_a_copy_of_a_state_folder_has_a_socket_of_its_own(tmp_path, settings):
    first, second = (replace(settings, home=tmp_path / (name * 100)) for name in ("a", "b"))
    embedded_server.start(first, QUICK)
    embedded_server.stop(first)
    shutil.copytree(first.home, second.home)
    account = server_account(embedded_server.data_directory(first))
    subprocess.run(["chown", "-R", f"{account.uid}:{account.gid}", second.home / "postgres"], check=True)
    for installation in (first, second):
        embedded_server.start(installation, QUICK)
    try:
        for installation in (first, second):
            data = str(embedded_server.data_directory(installation))
            assert ask(installation, "show data_directory") == data
    finally:
        for installation in (first, second):
            embedded_server.stop(installation)
            assert not sockets.socket_directory(installation).exists()


def test_a_state_folder_may_be_spelled_in_a_roundabout_way(server, tmp_path):
    (tmp_path / "other").mkdir()
    roundabout = replace(server, home=tmp_path / "other" / ".." / server.home.name)
    assert embedded_server.is_running(roundabout)
    embedded_server.stop(roundabout)
    embedded_server.start(roundabout, QUICK)
    assert ask(roundabout, "select 1") == 1


def test_a_server_that_cannot_start_shows_the_end_of_its_log(settings):
    with pytest.raises(MovierecError, match=r"did not start; the end of its log .*server.log:\n(.*\n)*.*FATAL"):
        embedded_server.start(settings, {**QUICK, "shared_buffers": "999TB"})


def test_a_first_start_killed_halfway_begins_anew(settings):
    draft = settings.home / "postgres" / "data.new"
    embedded_server.start(settings, QUICK)
    embedded_server.stop(settings)
    embedded_server.data_directory(settings).rename(draft)
    settings.state_folder.databases_made.unlink()
    embedded_server.start(settings, QUICK)
    assert ask(settings, "select 1") == 1
    assert not draft.exists()


@pytest.mark.parametrize(
    ("part", "seen"),
    [
        ("postgres", r"/postgres is gone"),
        ("postgres/data", r"/postgres/data is gone"),
        ("postgres/data/PG_VERSION", r"/postgres/data holds no databases \(PG_VERSION is gone\)"),
    ],
)
def test_no_empty_databases_take_the_place_of_those_that_are_gone(server, part, seen):
    embedded_server.stop(server)
    gone = (server.home / part).rename(server.home / "kept")
    with pytest.raises(MovierecError, match=rf'^{server.home}{seen}: .* make restore ARGS="--folder …"$'):
        embedded_server.start(server, QUICK)
    assert not (server.home / part).exists()
    gone.rename(server.home / part)
    embedded_server.start(server, QUICK)
    assert ask(server, "select 1") == 1


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_server_that_lost_its_folder_while_it_ran_is_stopped_and_leaves_what_was_moved_whole(server, is_moved):
    data = embedded_server.data_directory(server)
    process = postmaster.find_postmaster(data)
    with psycopg.connect(embedded_server.conninfo(server, "postgres")) as connection:
        connection.execute("create table kept as select 42 as answer")
    folder, kept = server.state_folder.postgres, server.home / "kept"
    if is_moved:
        folder.rename(kept)
    else:
        delete_in_use(folder)
    assert postmaster.find_displaced(data)
    embedded_server.stop(server)
    assert postmaster.find_displaced(data) == []
    assert has_ended(process)
    if is_moved:
        assert not (kept / "data" / "postmaster.pid").exists()
        kept.rename(folder)
        embedded_server.start(server, QUICK)
        assert ask(server, "select answer from kept") == 42


def test_a_server_whose_state_folder_was_moved_while_it_ran_is_found_there(server):
    moved = replace(server, home=server.home.rename(server.home.with_name("moved")))
    process = postmaster.find_postmaster(embedded_server.data_directory(moved))
    embedded_server.stop(moved)
    assert has_ended(process)
    embedded_server.start(moved, QUICK)
    assert ask(moved, "select 1") == 1
    embedded_server.stop(moved)


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
