import shutil
import subprocess
import time
from collections import namedtuple

import pytest

from movierec.local import bootstrap
from tests.local.stand_ins import place_program


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A checkout whose environment, slow to make, is made once for all tests."""
    root = tmp_path_factory.mktemp("a checkout")
    yield root
    shutil.rmtree(root / ".venv", ignore_errors=True)


@pytest.fixture
def checkout(shared, monkeypatch):
    (shared / "requirements.txt").write_text("")
    (shared / "requirements-dev.txt").write_text("")
    venv = shared / ".venv"
    for stamp in venv.glob("*.stamp"):
        stamp.unlink()
    for name, value in {"ROOT": shared, "VENV": venv, "PYTHON": venv / "bin" / "python"}.items():
        monkeypatch.setattr(bootstrap, name, value)
    return shared


@pytest.fixture
def installed(checkout, monkeypatch):
    calls = []

    def install(python, requirements, environment, say):
        calls.append(("install", *(path.name for path in requirements)))

    def run(command, environment, say, doing):
        calls.append(command[command.index("-m") + 1 :])

    monkeypatch.setattr(bootstrap.installers, "install", install)
    monkeypatch.setattr(bootstrap.installers, "run", run)
    bootstrap.main([])
    return calls


def test_the_first_call_makes_an_environment_and_installs(checkout, installed):
    subprocess.run([checkout / ".venv" / "bin" / "python", "-m", "pip", "--version"], check=True)
    assert installed[0] == ("install", "requirements.txt")
    assert installed[1][0] == "pip"
    assert installed[1][-4:] == ("--no-deps", "--no-build-isolation", "--editable", str(checkout))
    assert installed[2] == ("movierec.local.kernels",)
    assert len(installed) == 3


def test_the_second_call_installs_nothing_until_a_requirement_changes(checkout, installed):
    bootstrap.main([])
    assert len(installed) == 3
    (checkout / "requirements.txt").write_text("# changed\n")
    bootstrap.main([])
    assert len(installed) == 6


def test_development_tools_come_on_top(checkout, installed):
    bootstrap.main(["--dev"])
    assert installed[3] == ("install", "requirements.txt", "requirements-dev.txt")
    bootstrap.main([])
    bootstrap.main(["--dev"])
    assert len(installed) == 6


def test_a_broken_environment_is_made_again(checkout, installed):
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    bootstrap.main([])
    subprocess.run([python, "-m", "pip", "--version"], check=True)


def test_too_little_disk_names_the_folder_and_both_amounts(checkout, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(bootstrap, "PYTHON", checkout / "not made yet")
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: usage(1_200_000_000))
    with pytest.raises(SystemExit, match=r"needs 2.5 GB free in .*a checkout0; there are 1.2 GB"):
        bootstrap.main([])


def test_what_pip_says_last_is_shown(checkout, capsys):
    (checkout / "requirements.txt").write_text("this is not a requirement\n")
    with pytest.raises(SystemExit, match="could not be installed"):
        bootstrap.main([])
    assert "Invalid requirement" in capsys.readouterr().err
    assert not list((checkout / ".venv").glob("*.stamp"))


def test_kernels_that_cannot_be_compiled_ahead_are_told_and_left_to_the_first_night(checkout, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.installers, "install", lambda *arguments: None)

    def run(command, environment, say, doing):
        assert "pip" in command or environment["OMP_NUM_THREADS"] == "1"
        if "movierec.local.kernels" in command:
            raise bootstrap.installers.InstallError("Traceback\nno numba here\n")

    monkeypatch.setattr(bootstrap.installers, "run", run)
    bootstrap.main([])
    assert "could not be compiled ahead (no numba here); the first night does it" in capsys.readouterr().out


def test_kernels_may_be_compiled_while_the_rest_goes_on(checkout, monkeypatch):
    place_program(checkout / "python", "sleep 0.2; echo $@")
    monkeypatch.setattr(bootstrap, "PYTHON", checkout / "python")
    bootstrap._compile_kernels(in_background=True)
    log = checkout / ".venv" / "movierec-kernels.log"
    deadline = time.monotonic() + 20
    while not log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert log.read_text() == "-m movierec.local.kernels\n"
