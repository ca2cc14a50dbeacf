import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from upath import UPath

from movierec.artifacts import (
    copy_folder,
    load_arrays,
    load_frame,
    pack,
    read_bytes,
    remove_unfinished,
    save_arrays,
    save_frame,
    unpack,
    write_bytes,
)
from movierec.errors import DiskFullError, ModelError

FRAME = pd.DataFrame({"movie_id": [1, 2], "title": ["Alien", None]})
ARRAYS = {"movie_ids": np.array([1, 2]), "weights": np.eye(2, dtype=np.float32)}


@pytest.fixture
def path(tmp_path: Path) -> UPath:
    return UPath(tmp_path) / "new" / "file"


def test_a_frame_comes_back(path: UPath) -> None:
    save_frame(path, FRAME)
    pd.testing.assert_frame_equal(load_frame(path), FRAME)


def test_arrays_come_back_and_equal_arrays_are_equal_bytes(path: UPath) -> None:
    save_arrays(path, ARRAYS)
    before = path.read_bytes()
    loaded = load_arrays(path)
    assert loaded.keys() == ARRAYS.keys()
    np.testing.assert_array_equal(loaded["weights"], ARRAYS["weights"])
    save_arrays(path, loaded)
    assert path.read_bytes() == before


def test_a_sparse_matrix_comes_back_from_its_parts(path: UPath) -> None:
    matrix = sparse.csr_matrix([[0, 2, 0], [1, 0, 0]], dtype=np.float32)
    save_arrays(path, pack(matrix))
    assert unpack(load_arrays(path)).toarray().tolist() == [[0, 2, 0], [1, 0, 0]]


def test_pickles_are_not_read(path: UPath) -> None:
    path.parent.mkdir()
    np.savez(Path(path), things=np.array([{}], dtype=object))
    with pytest.raises(ModelError, match="does not hold readable arrays"):
        load_arrays(UPath(f"{path}.npz"))


@pytest.mark.parametrize("read", [read_bytes, load_frame, load_arrays])
def test_a_missing_file_is_named(path: UPath, read) -> None:
    with pytest.raises(ModelError, match="file is missing; train again"):
        read(path)


@pytest.mark.parametrize(
    ("save", "content", "load"), [(save_frame, FRAME, load_frame), (save_arrays, ARRAYS, load_arrays)]
)
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.99])
def test_a_file_that_was_cut_short_is_named(path: UPath, save, content, load, keep: float) -> None:
    save(path, content)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(ModelError, match="readable"):
        load(path)


@pytest.mark.parametrize("load", [load_frame, load_arrays])
@pytest.mark.parametrize("start", range(0, 100, 7))
def test_overwritten_bytes_are_no_trouble_worth_another_try(path: UPath, load, start: int) -> None:
    save_frame(path, FRAME) if load is load_frame else save_arrays(path, ARRAYS)
    data = bytearray(path.read_bytes())
    data[len(data) * start // 100 :] = b"\xff" * (len(data) - len(data) * start // 100)
    path.write_bytes(bytes(data))
    with pytest.raises(ModelError, match="readable"):
        load(path)


@pytest.mark.parametrize("load", [read_bytes, load_frame, load_arrays])
def test_trouble_on_the_way_to_a_file_comes_through(path: UPath, load, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> bytes:
        raise ConnectionResetError("connection reset by peer")

    monkeypatch.setattr(type(path), "read_bytes", interrupted)
    with pytest.raises(ConnectionResetError):
        load(path)


def test_a_full_disk_says_what_was_needed_and_leaves_the_file_of_before(small_disk: Path) -> None:
    path = UPath(small_disk) / "model" / "arrays.npz"
    write_bytes(path, b"before")
    with pytest.raises(DiskFullError, match=rf"^no room for {path}: 2,000,000 bytes are needed, \d[\d,]* are free$"):
        write_bytes(path, bytes(2_000_000))
    assert path.read_bytes() == b"before"
    assert [file.name for file in (small_disk / "model").iterdir()] == ["arrays.npz"]


def test_a_full_disk_leaves_nothing_under_a_new_name(small_disk: Path) -> None:
    path = UPath(small_disk) / "new" / "arrays.npz"
    with pytest.raises(DiskFullError):
        write_bytes(path, bytes(2_000_000))
    assert list((small_disk / "new").iterdir()) == []


def test_a_store_that_is_no_object_store_shows_whole_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    path = UPath("memory://models/arrays.npz")
    write_bytes(path, b"before")

    def fail(*_: object, **__: object) -> None:
        raise OSError("the connection broke")

    with monkeypatch.context() as patched:
        patched.setattr(type(path.fs), "mv", fail)
        with pytest.raises(OSError, match="the connection broke"):
            write_bytes(path, b"after")
    assert path.read_bytes() == b"before"
    write_bytes(path, b"after")
    assert path.read_bytes() == b"after"
    assert [file.name for file in path.parent.iterdir()] == ["arrays.npz"]


def test_what_a_kill_left_unfinished_is_not_copied(tmp_path: Path) -> None:
    source = UPath(tmp_path) / "one"
    write_bytes(source / "card.json", b"card")
    write_bytes(source / ".arrays.npz.abc", b"half")
    copy_folder(source, UPath(tmp_path) / "two", last="card.json")
    assert [file.name for file in (tmp_path / "two").iterdir()] == ["card.json"]


@pytest.mark.parametrize("can_link", [True, False])
def test_a_copied_folder_takes_no_room_twice_and_changes_with_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    if not can_link:
        monkeypatch.setattr(os, "link", refuse)
    one, two = UPath(tmp_path) / "one", UPath(tmp_path) / "two"
    write_bytes(one / "deep" / "arrays.npz", b"before")
    copy_folder(one, two, last="card.json")
    copy_folder(one, two, last="card.json")  # again, over what is there
    copied = two / "deep" / "arrays.npz"
    assert copied.read_bytes() == b"before"
    assert (copied.stat().st_ino == (one / "deep" / "arrays.npz").stat().st_ino) is can_link
    write_bytes(copied, b"after")
    assert (one / "deep" / "arrays.npz").read_bytes() == b"before"
    assert [path.name for path in copied.parent.iterdir()] == ["arrays.npz"]


def test_what_a_killed_process_had_begun_to_write_is_removed_and_nothing_else(tmp_path: Path) -> None:
    save_frame(UPath(tmp_path) / "1" / "ratings.parquet", FRAME)
    dead, alive = (tmp_path / "1" / f".ratings.parquet.{digit * 32}" for digit in "ab")
    others = [tmp_path / ".hidden", tmp_path / "1" / ".arrays.npz.short"]
    for path in (dead, alive, *others):
        path.write_bytes(b"x")
    for path in (dead, *others):
        os.utime(path, (0, 0))
    assert remove_unfinished(UPath(tmp_path)) == 1
    assert not dead.exists()
    assert all(path.exists() for path in (alive, *others, tmp_path / "1" / "ratings.parquet"))
