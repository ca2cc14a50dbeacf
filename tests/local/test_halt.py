"""`make down` while something is still being set up or downloaded: once it has returned, nothing starts any more."""

import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from movierec.config import ROOT
from movierec.errors import MovierecError
from movierec.local import halt, state
from movierec.local.airflow import group
from tests import movielens
from tests.http_servers import serving
from tests.installation import CommandLine
from tests.local.stand_ins import place_program

MAX_SECONDS = 300


@pytest.fixture
def movierec(tmp_path):
    line = CommandLine(tmp_path, MOVIEREC_NEURAL="no")
    yield line
    group.down(line.settings)


@pytest.fixture
def slow_server(tmp_path):
    """Yield a server of a dataset, which sends it once it is told to."""
    data = movielens.generate(tmp_path / "data")
    archive = Path(shutil.make_archive(str(tmp_path / "dataset"), "zip", data))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.set()
            assert self.server.told.wait(MAX_SECONDS)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(archive.read_bytes())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.told = threading.Event(), threading.Event()
    with serving(server):
        yield server
        server.told.set()


@pytest.mark.parametrize("command", ["up", "run"])
def test_what_was_downloading_at_that_time_starts_nothing(movierec, slow_server, command):
    url = f"http://127.0.0.1:{slow_server.server_port}/dataset.zip"
    starting = subprocess.Popen(
        [sys.executable, "-m", "movierec", command],
        env={**movierec.env, "MOVIEREC_DATASET": url},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with starting:
        assert slow_server.asked.wait(MAX_SECONDS)
        assert movierec("down").returncode == 0
        slow_server.told.set()
        _, complaint = starting.communicate(timeout=MAX_SECONDS)
    assert complaint == f"movierec: {halt.HALTED}\n"
    assert starting.returncode == 1
    assert (movierec.home / "cache").exists()
    assert not movierec.settings.state_folder.postgres.exists()


def test_what_was_being_set_up_at_that_time_starts_nothing(movierec, tmp_path):
    down = f'make -s -C "{ROOT}" down'
    set_up = f'case "$*" in *bootstrap*) {down}; exit;; esac\nexec "{sys.executable}" "$@"'
    python = place_program(tmp_path / "python", set_up)
    home = tmp_path / "it's here"
    make = ("make", "-s", "-C", str(ROOT), "up", f"PYTHON={python}", f"MOVIEREC_HOME={home}")
    env = {name: value for name, value in movierec.env.items() if name != "MOVIEREC_HOME"}
    done = subprocess.run(make, env=env, capture_output=True, text=True, timeout=MAX_SECONDS, check=False)
    assert done.stderr.startswith(f"movierec: {halt.HALTED}\n")
    assert state.is_ours(home)
    assert not (home / "postgres").exists()


@pytest.mark.parametrize(
    ("options", "is_made"),
    [
        *(("-n", False), ("-sn", False), ("--dry-run --no-print-directory", False), ("-q", False)),
        *(("-s", True), ("--no-print-directory", True)),
    ],
)
def test_a_run_of_make_that_only_shows_what_it_would_do_makes_no_state_folder(movierec, tmp_path, options, is_made):
    home = tmp_path / "new"
    target = ".begun" if is_made else "run"
    make = ("make", *options.split(), "-C", str(ROOT), target, f"PYTHON={sys.executable}", f"MOVIEREC_HOME={home}")
    env = {name: value for name, value in movierec.env.items() if name != "MOVIEREC_HOME"}
    subprocess.run(make, env=env, capture_output=True, timeout=MAX_SECONDS, check=False)
    assert home.exists() == is_made


def test_two_first_starts_at_once_do_not_take_each_other_for_a_halt(tmp_path, monkeypatch):
    note, pauses = halt._note, [0.6, 0.1]

    def note_late(home):
        time.sleep(pauses.pop())
        note(home)

    monkeypatch.setattr(halt, "_note", note_late)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(halt.begin, [tmp_path / "state"] * 2)
    assert first == second
    assert not halt.is_halted(tmp_path / "state", first)


def test_who_waits_for_the_lock_sees_it(settings):
    last_halt = halt.begin(settings.home)
    assert halt.begin(settings.home) == last_halt
    halt.require_going(settings.home, last_halt)
    group.down(settings)
    with pytest.raises(MovierecError, match="make down was called after this had begun"):
        group.up(settings, last_halt=last_halt)
    halt.require_going(settings.home, halt.begin(settings.home))  # what begins now goes on


def test_a_state_folder_that_was_deleted_meanwhile_is_not_made_again(settings):
    last_halt = halt.begin(settings.home)
    shutil.rmtree(settings.home)
    with pytest.raises(MovierecError, match="nothing more is started"):
        group.up(settings, last_halt=last_halt)
    assert not settings.home.exists()


def test_down_says_what_it_cannot_end_before_set_up_has_ended(tmp_path):
    state.prepare(tmp_path / "state")
    last_halt = halt.begin(tmp_path / "state")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "include"), "MOVIEREC_HOME": str(tmp_path / "state")}
    bare = (sys.executable, "-S", "-m", "movierec", "down")  # without what set-up installs
    done = subprocess.run(bare, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("movierec: set-up has not ended, psutil is missing: what waits for it starts nothing")
    assert halt.is_halted(tmp_path / "state", last_halt)
