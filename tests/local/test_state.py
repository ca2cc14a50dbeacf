import subprocess
import sys

import pytest

from movierec.errors import ConfigError, MovierecError
from movierec.local import state

HOLD = (
    "import sys, pathlib\n"
    "from movierec.local import state\n"
    "with state.lock(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_folder_with_other_files_is_never_taken_over(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="holds other files; name a new or empty folder"):
        state.prepare(tmp_path)


def test_a_state_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        state.prepare(tmp_path / "file")


def test_a_new_state_folder_is_private_and_accepted_again(tmp_path):
    state.prepare(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    state.prepare(tmp_path / "new")
    assert state.is_ours(tmp_path / "new")


def test_a_lock_held_elsewhere_names_its_holder(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(MovierecError, match=f"one is running \\(pid {holder.pid}\\)"),
            state.lock(path, "one is running"),
        ):
            pytest.fail("entered a held lock")
        holder.stdin.close()
    with state.lock(path, "one is running"):
        assert path.exists()


def test_private_files_are_private_from_the_first_byte(tmp_path):
    state.write_private(tmp_path / "secret", {"a": 1})
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert state.read_json(tmp_path / "secret") == {"a": 1}
