import logging
import os
import subprocess
import sys

import pytest

from movierec import locks
from movierec.errors import MovierecError
from tests.conftest import fill, read_only

HOLD = (
    "import sys, pathlib\n"
    "from movierec import locks\n"
    "with locks.lock(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_lock_held_elsewhere_names_its_holder(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(MovierecError, match=f"one is running \\(pid {holder.pid}\\)"),
            locks.lock(path, "one is running"),
        ):
            pytest.fail("entered a held lock")
        holder.stdin.close()
    with locks.lock(path, "one is running"):
        assert path.exists()


@pytest.fixture
def held_lock(tmp_path):
    """Return a lock that another process holds, and that process."""
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        yield path, holder
        holder.stdin.close()


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"somebody\nelse"])
def test_a_lock_whose_file_was_damaged_is_told_without_a_name(held_lock, damage):
    path, _ = held_lock
    path.write_bytes(damage)
    with pytest.raises(MovierecError, match=r"^one is running \(pid unknown\)$"), locks.lock(path, "one is running"):
        pytest.fail("entered a held lock")


def test_whoever_waits_says_for_whom_and_not_for_ever(held_lock, caplog, monkeypatch):
    path, holder = held_lock
    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.1)
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(
            MovierecError, match=f"{path} is still locked after 0 s by pid {holder.pid}; wait for it or end it"
        ),
        locks.lock(path, timeout_seconds=0.3),
    ):
        pytest.fail("entered a held lock")
    assert [record.getMessage() for record in caplog.records] == [
        f"waiting for pid {holder.pid}, which has locked {path}"
    ]


def test_a_lock_that_becomes_free_is_taken(held_lock):
    path, holder = held_lock
    holder.stdin.close()
    with locks.lock(path):
        assert path.read_text() == str(os.getpid())


def test_nobody_else_can_open_a_lock(tmp_path):
    path = tmp_path / "lock"
    path.touch(0o666)
    path.chmod(0o666)
    with locks.lock(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_no_lock(tmp_path):
    (tmp_path / "theirs").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="symbolic links"), locks.lock(tmp_path / "lock"):
        pass
    assert (tmp_path / "theirs").read_text() == "precious"


def test_a_full_disk_has_no_room_for_the_holders_name_and_the_lock_holds(small_disk):
    path = small_disk / "lock"
    fill(small_disk)
    refused = pytest.raises(MovierecError, match=r"busy \(pid unknown\)")
    with locks.lock(path), refused, locks.lock(path, "busy"):
        pytest.fail("entered a held lock")
    assert path.read_bytes() == b""


def test_a_lock_is_taken_where_nothing_can_be_written(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    path = folder / "lock"
    refused = pytest.raises(MovierecError, match=rf"busy \(pid {os.getpid()}\)")
    with locks.lock(path), read_only(folder), refused, locks.lock(path, "busy"):
        pytest.fail("entered a held lock")
    with read_only(folder), locks.lock(path):
        pass
    with read_only(folder), pytest.raises(OSError, match="Read-only"), locks.lock(folder / "none"):
        pass
