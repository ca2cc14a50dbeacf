import os
import pwd
import subprocess
import tempfile
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest

from movierec import cli, locks
from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.local import credentials, halt, state
from movierec.local.postgres import embedded_server
from movierec.local.postgres.account import server_account
from tests.conftest import read_only
from tests.installation import QUICK


def test_a_folder_with_other_files_is_never_taken_over(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="holds other files; name a new or empty folder"):
        state.prepare(tmp_path)


@pytest.mark.parametrize("held", ["secrets.json", "postgres/data"])
def test_a_state_folder_whose_mark_was_deleted_is_not_passed_over_in_silence(tmp_path, monkeypatch, capsys, held):
    home = tmp_path / "state"
    state.prepare(home)
    (home / held).mkdir(parents=True) if "data" in held else (home / held).touch()
    (home / "movierec-state").unlink()
    monkeypatch.setenv("MOVIEREC_HOME", str(home))
    sentence = f"which looks like movierec's, but its mark is gone; `touch '{home}/movierec-state'` puts it back"
    with pytest.raises(ConfigError, match=sentence):
        state.prepare(home)
    assert cli.main(["down"]) == 1
    assert capsys.readouterr().err == f"movierec: MOVIEREC_HOME is {home}, {sentence}\n"
    (home / "movierec-state").touch()
    state.prepare(home)


def test_down_says_that_a_folder_is_of_somebody_else_and_nothing_where_there_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path / "none"))
    assert cli.main(["down"]) == 0
    (tmp_path / "thesis.tex").touch()
    monkeypatch.setenv("MOVIEREC_HOME", str(tmp_path))
    assert cli.main(["down"]) == 1
    assert "which holds other files; name a new or empty folder" in capsys.readouterr().err


@pytest.mark.parametrize("damage", [b"", b"\xff", b"two words", b"\n" * 9])
def test_what_says_which_make_down_was_the_last_is_made_anew_where_it_was_damaged(tmp_path, damage):
    home = tmp_path / "state"
    first = halt.begin(home)
    (home / "halt").write_bytes(damage)
    assert halt.is_halted(home, first)
    second = halt.begin(home)
    assert second.isalnum()
    assert halt.begin(home) == second
    assert not halt.is_halted(home, second)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff"])
def test_the_password_file_is_made_anew_and_damaged_secrets_are_named(tmp_path, damage):
    installation = replace(Settings(), home=tmp_path / "state")
    state.prepare(installation.home)
    credentials.write_password_file(installation)
    path = credentials.password_file(installation)
    password = state.read_json(path)
    path.write_bytes(damage)
    credentials.write_password_file(installation)
    assert state.read_json(path) == password
    installation.state_folder.secrets.write_bytes(damage)
    with pytest.raises(MovierecError, match=f"^{installation.state_folder.secrets} (lacks|is not readable JSON)"):
        credentials.load_secrets(installation)


def test_a_state_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        state.prepare(tmp_path / "file")


def test_a_new_state_folder_is_private_and_accepted_again(tmp_path):
    state.prepare(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    state.prepare(tmp_path / "new")
    assert state.is_ours(tmp_path / "new")


@pytest.mark.parametrize("part", ["", "airflow"])
def test_a_state_folder_of_which_a_part_can_only_be_read_is_told_before_anything_starts(tmp_path, part):
    home = tmp_path / "state"
    state.prepare(home)
    halt.begin(home)
    (home / "airflow").mkdir()
    for begin in (state.prepare, halt.begin):
        with read_only(home / part), pytest.raises(ConfigError) as refused:
            begin(home)
        assert str(refused.value) == (
            f"MOVIEREC_HOME is {home}, but {home / part} can only be read (Read-only file system): mend the disk, or "
            "let this user write there"
        )
        begin(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_state_folder_that_may_not_be_written_is_told_as_that():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "state"
        state.prepare(home)
        for path in (home.parent, home):
            path.chmod(0o755)
        receiver, sender = get_context("fork").Pipe()
        get_context("fork").Process(target=tell_as_nobody, args=(home, sender)).start()
        assert receiver.recv() == f"{home} can only be read (Permission denied)"


def tell_as_nobody(home, sender):
    nobody = pwd.getpwnam("nobody").pw_uid
    os.setresuid(nobody, nobody, nobody)
    sender.send(state.why_read_only(home))


def test_private_files_are_private_from_the_first_byte(tmp_path):
    state.write_private(tmp_path / "secret", {"a": 1})
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert state.read_json(tmp_path / "secret") == {"a": 1}


def test_a_state_folder_that_others_could_enter_is_closed_again(tmp_path):
    home = tmp_path / "state"
    state.prepare(home)
    (home / "artifacts").mkdir(mode=0o755)
    (home / "artifacts").chmod(0o755)
    home.chmod(0o755)
    state.prepare(home)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home, home / "artifacts", home / "logs")}
    assert modes == {"state": 0o700, "artifacts": 0o700, "logs": 0o700}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_closes_the_folder_while_the_server_gets_its_own_keeps_the_server_in(tmp_path, monkeypatch):
    home = tmp_path / "state"
    state.prepare(home)
    set_mode, makers = state._set_mode, []

    def set_late(path, mode):
        if not makers:
            makers.append(Thread(target=state.make_server_folder, args=(home, 12345, 12346)))
            makers[0].start()
            makers[0].join(0.5)
        set_mode(path, mode)

    monkeypatch.setattr(state, "_set_mode", set_late)
    state.prepare(home)
    makers[0].join(10)
    assert (home.stat().st_mode & 0o777, home.stat().st_gid) == (0o710, 12346)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_reads_nothing_and_holds_no_lock_while_the_server_gets_to_its_files(tmp_path_factory):
    home = tmp_path_factory.mktemp("installation") / "state"
    installation = replace(Settings(), home=home)
    embedded_server.start(installation, QUICK)
    try:
        users = home / "artifacts" / "users.parquet"
        users.parent.mkdir()
        users.write_bytes(b"age, gender, postcode")
        users.chmod(0o644)
        state.prepare(home)
        with locks.lock(home / "group.lock"):
            pass
        assert home.stat().st_mode & 0o007 == 0
        for command in (["cat", users], ["ls", home], ["flock", "--nonblock", home / "group.lock", "true"]):
            done = as_nobody(command)
            assert done.returncode != 0
            assert "ermission denied" in done.stderr
        server = server_account(embedded_server.data_directory(installation))
        as_server = subprocess.run(["cat", users], capture_output=True, check=False, **server.subprocess_arguments())
        assert as_server.returncode != 0
        embedded_server.stop(installation)
        embedded_server.start(installation, QUICK)
        assert embedded_server.is_running(installation)
    finally:
        embedded_server.stop(installation)


def as_nobody(command):
    """Run a command as another local user; the folders above the state folder let everybody through."""
    nobody = pwd.getpwnam("nobody")
    return subprocess.run(
        command,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
