"""What becomes of a command whose output nobody reads any more."""

import os
import subprocess
import sys

import pytest

from movierec.config import ROOT
from movierec.local.postgres import embedded_server
from tests.installation import QUICK, installed

WORKING = """
import pathlib, sys
from movierec.local import streams
streams.outlive_readers()
for number in range(100_000):
    print("line", number, flush=True)
print("a remark", file=sys.stderr)
pathlib.Path(sys.argv[1]).write_text("done")
sys.exit(3)
"""
PRINTING_FOR_LONG = "import sys; sys.exit(streams.call([sys.executable, '-c', \"print('x' * 10**7)\"]))"


@pytest.fixture
def settings(tmp_path):
    yield from installed(tmp_path / "state")


@pytest.fixture
def gone():
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def run(*words, **streams):
    """Run a Python program that keeps nothing back, so that each line meets the pipe by itself."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, check=False, **streams)


@pytest.mark.parametrize(
    "words",
    [("status",), ("--help",), ("rollback", "--help"), ("airflow", "--help")],
)
def test_a_command_whose_reader_has_gone_says_nothing_and_succeeds(settings, monkeypatch, gone, words):
    monkeypatch.setenv("MOVIEREC_HOME", str(settings.home))
    done = run("-m", "movierec", *words, stdout=gone, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_query_with_more_rows_than_are_read_succeeds(settings, monkeypatch):
    embedded_server.start(settings, QUICK)
    monkeypatch.setenv("MOVIEREC_HOME", str(settings.home))
    command = f"{sys.executable} -m movierec sql 'select generate_series(1, 100000)' | head -3"
    checked = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(checked, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n2\n3\n", "")


def test_what_was_begun_is_done_and_the_status_is_its_own(gone, tmp_path):
    done = run("-c", WORKING, tmp_path / "result", stdout=gone, stderr=gone)
    assert done.returncode == 3
    assert (tmp_path / "result").read_text() == "done"


def test_a_program_that_a_command_runs_outlives_readers_too(gone):
    program = f"from movierec.local import streams; streams.outlive_readers(); {PRINTING_FOR_LONG}"
    done = run("-c", program, stdout=gone, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_is_read_arrives_whole_and_in_order():
    program = (
        "import sys; from movierec.local import streams; streams.outlive_readers(); print('before é');"
        "status = streams.call([sys.executable, '-c', 'import sys; print(\"between\"); sys.exit(4)']);"
        "print('after'); sys.exit(status)"
    )
    done = run("-c", program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (4, "before é\nbetween\nafter\n", "")
