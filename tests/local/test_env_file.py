from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from movierec.config import ROOT
from movierec.local import env_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def values(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and line[0] != "#")


def test_every_secret_is_made_once_and_is_private(path):
    assert env_file.complete(path) == list(env_file.SECRETS)
    made = values(path)
    assert len(set(made.values())) == len(env_file.SECRETS) + 1
    assert path.stat().st_mode & 0o777 == 0o600
    Fernet(made["MOVIEREC_FERNET_KEY"])
    assert env_file.complete(path) == []
    assert values(path) == made


def test_nothing_in_a_secret_has_a_meaning_in_a_url_or_for_compose(path):
    env_file.complete(path)
    for name in env_file.SECRETS:
        assert not set(values(path)[name]) & set("$:/@?#%'\" "), name


def test_lines_of_before_stay_and_empty_secrets_are_filled(path):
    path.write_text("# mine\nMOVIEREC_PORT=8081\nMOVIEREC_ETL_PASSWORD=\nMOVIEREC_WEB_PASSWORD = chosen\n")
    added = env_file.complete(path)
    assert "MOVIEREC_ETL_PASSWORD" in added
    assert "MOVIEREC_WEB_PASSWORD" not in added
    lines = path.read_text().splitlines()
    assert lines[:3] == ["# mine", "MOVIEREC_PORT=8081", "MOVIEREC_WEB_PASSWORD = chosen"]
    assert len([line for line in lines if line.startswith("MOVIEREC_ETL_PASSWORD")]) == 1


def test_the_commit_is_noted_anew(path, tmp_path):
    path.write_text("MOVIEREC_COMMIT=of-before\n")
    env_file.complete(path, root=tmp_path)
    assert path.read_text().count("MOVIEREC_COMMIT=") == 1
    assert values(path)["MOVIEREC_COMMIT"] == "no git: this tree is not a clone"


def test_git_leaves_the_file_alone():
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_command_names_the_file_and_no_secret(path, capsys):
    env_file.main([str(path)])
    printed = capsys.readouterr().out
    assert printed == f"{path}: {len(env_file.SECRETS)} secrets added, 0 were there\n"


def test_a_file_that_is_not_text_is_left_as_it_is_with_a_sentence(tmp_path):
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\n\xff\n")
    with pytest.raises(SystemExit, match=rf"^movierec: {path} is not text in UTF-8 \(byte 4\); mend it"):
        env_file.complete(path)
    assert path.read_bytes() == b"A=1\n\xff\n"
