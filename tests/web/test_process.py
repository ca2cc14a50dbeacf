"""The application as a process of its own: restarted and killed without refusing anybody."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from movierec.db import connect
from movierec.local.postgres.roles import WEB_ROLE
from movierec.state_folder import StateFolder
from movierec.web import keys
from tests.installation import free_port

from .conftest import WRITER, write_keys


def start(site, home, port, **other):
    env = {
        **os.environ,
        "MOVIEREC_HOME": str(home),
        "MOVIEREC_WEB_PORT": str(port),
        "MOVIEREC_WEB_DATABASE": site.conninfo.replace("user=movierec_etl", f"user={WEB_ROLE}"),
        **other,
    }
    return subprocess.Popen([sys.executable, "-m", "movierec.web"], env=env, stderr=subprocess.PIPE, text=True)


def await_answer(process, url):
    """Return once something answers at this address; the process must not end before."""
    with httpx.Client(timeout=60) as client:
        while True:
            try:
                return client.get(f"{url}/health")
            except httpx.ConnectError:
                assert process.poll() is None
                time.sleep(0.1)


@pytest.fixture
def process(site, tmp_path):
    write_keys(StateFolder(tmp_path).web_keys)
    port = free_port()
    running = start(site, tmp_path, port)
    running.url = f"http://127.0.0.1:{port}"
    await_answer(running, running.url)
    yield running
    running.terminate()
    running.communicate(timeout=20)


def answering(process):
    """Return the pid of the process that answers."""
    children = psutil.Process(process.pid).children()
    return max(child.pid for child in children if "spawn_main" in " ".join(child.cmdline()))


def test_a_restart_and_a_kill_refuse_nobody_who_tries_twice(process):
    statuses, ended = [], threading.Event()

    def read():
        while not ended.is_set():
            for trial in (1, 2):
                try:
                    headers = {"authorization": f"Bearer {WRITER}"}
                    path = f"{process.url}/api/v1/users/1/recommendations"
                    statuses.append(httpx.get(path, headers=headers, timeout=60).status_code)
                    break
                except httpx.TransportError as error:
                    if trial == 2:
                        statuses.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for end in (lambda: process.send_signal(signal.SIGHUP), lambda: os.kill(answering(process), signal.SIGKILL)):
            before = answering(process)
            end()
            deadline = time.monotonic() + 90
            while before in {child.pid for child in psutil.Process(process.pid).children()}:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert httpx.get(f"{process.url}/health", timeout=60).status_code == 200
    finally:
        ended.set()
        reader.join()
    assert set(statuses) == {200}


def test_one_that_is_killed_while_it_is_asked_how_it_is_is_replaced_at_once(process):
    before = answering(process)
    os.kill(before, signal.SIGSTOP)
    time.sleep(2)  # it is asked twice a second
    os.kill(before, signal.SIGKILL)
    assert httpx.get(f"{process.url}/health", timeout=40).status_code == 200  # an answer was awaited for 60 s


def test_feedback_that_was_answered_is_kept_and_counts_once_though_who_answers_is_killed(process, site):
    viewer, answered, unanswered, ended = 777_777, [], [], threading.Event()
    headers = {"authorization": f"Bearer {WRITER}"}

    def send(client, event_id):
        event = {"event_id": event_id, "user_id": viewer, "movie_id": 1, "kind": "view"}
        answer = client.post(f"{process.url}/api/v1/feedback", json={"events": [event]}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["outcomes"][0]["outcome"]

    def give(name):
        with httpx.Client(timeout=60) as client:
            for number in itertools.count():
                if ended.is_set():
                    return
                try:
                    assert send(client, f"{name}-{number}") == "accepted"
                    answered.append(f"{name}-{number}")
                except httpx.TransportError:
                    unanswered.append(f"{name}-{number}")

    with ThreadPoolExecutor(4) as pool:
        givers = [pool.submit(give, name) for name in "abcd"]
        try:
            for _ in range(3):
                before, so_far = answering(process), len(answered)
                while len(answered) < so_far + 20:
                    assert not any(giver.done() for giver in givers)
                    time.sleep(0.001)
                os.kill(before, signal.SIGKILL)
                await_answer(process, process.url)
        finally:
            ended.set()
        for giver in givers:
            giver.result()
    assert unanswered
    with connect(site.conninfo) as conn, httpx.Client(timeout=60) as client:
        kept = "select substr(event_id, 8) from serving.viewer_event where user_id = %s"
        before = {event_id for (event_id,) in conn.execute(kept, [viewer])}
        assert before >= set(answered)
        again = {event_id: send(client, event_id) for event_id in unanswered}
        assert {event_id for event_id, outcome in again.items() if outcome == "repeated"} == before - set(answered)
        assert sorted(event_id for (event_id,) in conn.execute(kept, [viewer])) == sorted([*answered, *unanswered])
        conn.execute("delete from serving.viewer_event where user_id = %s", [viewer])


def test_the_first_start_makes_up_a_key_and_says_where(site, tmp_path):
    port = free_port()
    process = start(site, tmp_path, port)
    try:
        await_answer(process, f"http://127.0.0.1:{port}")
        path = StateFolder(tmp_path).web_keys
        assert path.stat().st_mode & 0o777 == 0o600
        (key,) = keys.read(path).api_keys
        headers = {"authorization": f"Bearer {key}"}
        assert httpx.get(f"http://127.0.0.1:{port}/api/v1/movies/1", headers=headers, timeout=60).status_code == 200
    finally:
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert f"wrote {path} with a session secret and an API key" in told
    assert key not in told


@pytest.mark.parametrize(
    ("folder", "database", "sentence"),
    [
        (
            "nowhere",
            None,
            "{home}/web.json is missing and cannot be written (No such file or directory); MOVIEREC_HOME names its"
            " folder",
        ),
        ("", "", "MOVIEREC_WEB_DATABASE is not set; make up starts the web application with it"),
        (
            "",
            "warehouse password=s3cret",
            "MOVIEREC_WEB_DATABASE is no connection string, such as: host=db user=movierec_web",
        ),
    ],
    ids=["no folder", "no database", "no connection string"],
)
def test_what_cannot_work_is_said_in_one_sentence(site, tmp_path, folder, database, sentence):
    home = tmp_path / folder
    process = start(site, home, free_port(), **({} if database is None else {"MOVIEREC_WEB_DATABASE": database}))
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, f"movierec: {sentence.format(home=home)}\n")
