"""The application as a process of its own: restarted and killed without refusing anybody."""

import os
import signal
import subprocess
import sys
import threading
import time

import httpx
import psutil
import pytest

from movierec.local.postgres.roles import WEB_ROLE
from movierec.state_folder import StateFolder
from tests.installation import free_port

from .conftest import WRITER, write_keys


def start(site, home, port):
    env = {
        **os.environ,
        "MOVIEREC_HOME": str(home),
        "MOVIEREC_WEB_PORT": str(port),
        "MOVIEREC_WEB_DATABASE": site.conninfo.replace("user=movierec_etl", f"user={WEB_ROLE}"),
    }
    return subprocess.Popen([sys.executable, "-m", "movierec.web"], env=env, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def process(site, tmp_path):
    write_keys(StateFolder(tmp_path).web_keys)
    port = free_port()
    running = start(site, tmp_path, port)
    running.url = f"http://127.0.0.1:{port}"
    with httpx.Client(timeout=60) as client:
        while True:
            try:
                client.get(f"{running.url}/health")
                break
            except httpx.ConnectError:
                assert running.poll() is None
                time.sleep(0.1)
    yield running
    running.terminate()
    running.wait(20)


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


def test_what_cannot_work_is_said_in_one_sentence(site, tmp_path):
    process = start(site, tmp_path, free_port())
    assert process.wait(60) == 1
    assert process.stderr.read() == f"movierec: {tmp_path}/web.json is missing; make up writes it\n"
