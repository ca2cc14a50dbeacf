import os
import sys

import pytest

from movierec.local import interpreters
from tests.local.stand_ins import place_program


def test_a_python_that_does_not_run_is_passed_over(tmp_path, monkeypatch):
    place_program(tmp_path / "python3.13", "exit 127")
    place_program(tmp_path / "python3.12", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(interpreters.sys, "executable", str(tmp_path / "python3.13"))
    assert interpreters.find_python() == "python3.12"


def test_no_python_at_all_is_one_sentence(tmp_path, monkeypatch):
    old = place_program(tmp_path / "python", "echo 3.9; echo complete")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(interpreters.sys, "executable", str(old))
    with pytest.raises(SystemExit, match=r"needs Python 3.11, 3.12 or 3.13"):
        interpreters.find_python()


def test_a_python_without_venv_says_what_to_install(tmp_path, monkeypatch):
    bare = place_program(tmp_path / "python", "echo 3.11; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(interpreters.sys, "executable", str(bare))
    with pytest.raises(SystemExit, match="without venv and ensurepip; install its venv package"):
        interpreters.find_python()
