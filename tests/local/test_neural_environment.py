import os
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest

from movierec.local import neural_environment
from movierec.rankers.neural import environment


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with an empty lock."""
    (tmp_path / "requirements-neural.txt").write_text("")
    monkeypatch.delenv("MOVIEREC_NEURAL", raising=False)
    monkeypatch.setattr(neural_environment, "ROOT", tmp_path)
    monkeypatch.setattr(neural_environment, "REQUIREMENTS", tmp_path / "requirements-neural.txt")
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path / ".venv-neural")
    return tmp_path


@pytest.fixture
def installed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Which files were installed, call by call."""
    calls: list[list[str]] = []
    monkeypatch.setattr(
        neural_environment.installers,
        "install",
        lambda python, requirements, environment, say: calls.append([path.name for path in requirements]),
    )
    return calls


def test_it_is_made_once_and_again_when_the_lock_changes(checkout: Path, installed: list[list[str]]) -> None:
    assert neural_environment.main([]) == neural_environment.main([]) == 0
    assert installed == [["requirements-neural.txt"]]
    assert environment.is_installed()
    subprocess.run([checkout / ".venv-neural" / "bin" / "python", "-m", "pip", "--version"], check=True)
    (checkout / "requirements-neural.txt").write_text("# changed\n")
    neural_environment.main([])
    assert len(installed) == 2


def test_where_it_is_not_wanted_nothing_is_made(checkout: Path, installed: list[list[str]], monkeypatch) -> None:
    monkeypatch.setenv("MOVIEREC_NEURAL", "no")
    assert neural_environment.main([]) == 0
    assert not (checkout / ".venv-neural").exists()


def test_the_env_file_says_that_it_is_not_wanted(checkout: Path, installed: list[list[str]], monkeypatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    (checkout / ".env").write_text("MOVIEREC_NEURAL=no\n")
    assert neural_environment.main([]) == 0
    assert not (checkout / ".venv-neural").exists()


def test_set_up_goes_on_without_it_and_developers_are_stopped(checkout: Path, monkeypatch, capsys) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(neural_environment.shutil, "disk_usage", lambda _: usage(1_200_000_000))
    assert neural_environment.main([]) == 0
    assert "could not be installed (it needs 2.0 GB free in" in capsys.readouterr().out
    assert neural_environment.main(["--dev"]) == 1
    assert not environment.is_installed()


def test_a_lock_that_cannot_be_installed_leaves_no_stamp(checkout: Path, monkeypatch, capsys) -> None:
    (checkout / "requirements-neural.txt").write_text("this is not a requirement\n")
    assert neural_environment.main([]) == 0
    assert "all rankers but neural work without it" in capsys.readouterr().out
    assert not environment.is_installed()


def test_in_the_background_the_folder_is_there_at_once_for_fits_to_wait_for(checkout: Path, monkeypatch) -> None:
    monkeypatch.setattr(neural_environment, "THIS", ("-c", "print('installing')"))
    assert neural_environment.main(["--in-background"]) == 0
    assert (checkout / ".venv-neural" / "movierec-install.log").exists()
