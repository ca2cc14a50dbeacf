import subprocess
import sys

from movierec import code_version as recorded
from movierec.local.commit import NO_GIT, commit_of, record_commit


def git(root, *words):
    environment = {"HOME": str(root), "PATH": "/usr/bin:/bin"}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ("git", *identity, *words), cwd=root, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_the_commit_of_a_clone_is_recorded_with_whether_files_differ(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert commit_of(tmp_path) == commit
    (tmp_path / "a").write_text("2")
    assert commit_of(tmp_path) == f"{commit}-dirty"


def test_a_tree_without_git_says_so(tmp_path):
    record_commit(tmp_path, tmp_path / "commit.txt")
    assert (tmp_path / "commit.txt").read_text() == f"{NO_GIT}\n"


def test_a_folder_within_somebody_elses_clone_is_no_clone(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "below").mkdir()
    assert commit_of(tmp_path / "below") == NO_GIT


def test_what_set_up_recorded_is_what_the_program_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert recorded.code_version() == recorded.NOT_RECORDED
    record_commit(tmp_path, tmp_path / recorded.COMMIT_FILE)
    assert recorded.code_version() == NO_GIT
