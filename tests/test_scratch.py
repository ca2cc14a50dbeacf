"""A temporary folder that is full: whoever works in it names it, leaves nothing, and works once there is room."""

import errno
import gzip
import io
import os
import tarfile
import tempfile

import pyarrow as pa
import pytest
from pyarrow import parquet

from movierec.comparison.delimited import read_columns, read_layout
from movierec.comparison.output import write_results
from movierec.errors import DiskFullError
from movierec.scratch import naming_the_folder, scratch_file, scratch_folder
from movierec.sources.text.archive import files, single_file
from tests.conftest import fill

MB = 1_000_000
IDS = ("user_id", "movie_id")


@pytest.fixture
def full(small_disk, monkeypatch):
    """Let the temporary folder be on a disk of a megabyte that has no room."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    fill(small_disk)
    return small_disk


def refused(folder):
    sentence = rf"no room in the temporary folder {folder}, where [\d,]+ bytes are free now: make room there, or let"
    return pytest.raises(DiskFullError, match=f"^{sentence} TMPDIR name a larger one$")


def compare(path):
    """Read the columns of a file as `make evaluate` does."""
    return read_columns(read_layout(path, IDS, IDS), dict.fromkeys(IDS, pa.int64()), IDS)


def make_room(folder):
    (folder / "ballast").unlink()


def write_in_folder():
    with scratch_folder() as folder:
        (folder / "file").write_bytes(bytes(MB // 4))
        return (folder / "file").stat().st_size


def write_in_file():
    with scratch_file() as file:
        file.write(bytes(MB // 4))
        return file.tell()


def write_little_in_file():
    with scratch_file() as file:
        return file.write(bytes(100))  # which stays in memory until the file is closed


@pytest.mark.parametrize("write", [write_in_folder, write_in_file, write_little_in_file])
def test_who_writes_names_the_folder_and_leaves_nothing(full, write):
    with refused(full):
        write()
    assert [path.name for path in full.iterdir()] == ["ballast"]
    make_room(full)
    assert write() > 0
    assert list(full.iterdir()) == []


def test_other_errors_are_passed_on(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), naming_the_folder():
        (tmp_path / "nowhere").read_bytes()
    with pytest.raises(DiskFullError, match="of another disk"), naming_the_folder():
        raise DiskFullError("of another disk")
    with pytest.raises(DiskFullError, match="no room in the temporary folder"), naming_the_folder():
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


def json_lines(folder):
    path = folder / "ratings.json"
    path.write_bytes(b'{"userId": 1, "movieId": 2, "rating": 4, "timestamp": 881250949}\n' * 9)
    return path


def packed_parquet(folder):
    sink = io.BytesIO()
    parquet.write_table(pa.table({"userId": list(range(9)), "movieId": [2] * 9, "rating": [4.0] * 9}), sink)
    path = folder / "ratings.parquet.gz"
    path.write_bytes(gzip.compress(sink.getvalue()))
    return path


def packed_tar(folder):
    path = folder / "data.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(json_lines(folder), "ratings.json")
    return path


def read(path):
    with single_file(path).open() as stream:
        return stream.read(100)


@pytest.mark.parametrize("make", [json_lines, packed_parquet, packed_tar])
def test_a_file_that_is_well_is_not_called_damaged(full, tmp_path, make):
    path = make(tmp_path)
    with refused(full):
        read(path)
    assert [each.name for each in full.iterdir()] == ["ballast"]
    make_room(full)
    assert read(path).startswith(b"userId,movieId,rating")


@pytest.mark.parametrize("make", [json_lines, packed_parquet, packed_tar])
def test_a_comparison_does_not_call_it_unreadable_either(full, tmp_path, make):
    path = make(tmp_path)
    with refused(full):
        compare(path)
    make_room(full)
    layout = read_layout(path, IDS, IDS)
    fill(full)
    with refused(full):
        read_columns(layout, dict.fromkeys(IDS, pa.int64()), IDS)
    make_room(full)
    assert compare(path).num_rows == 9


def test_results_that_have_no_room_name_their_folder_and_leave_nothing(small_disk):
    fill(small_disk)
    (small_disk / "results.json").touch()
    sentence = rf"^no room in {small_disk}, where [\d,]+ bytes are free now: make room there$"
    with pytest.raises(DiskFullError, match=sentence):
        write_results(small_disk / "results.json", {"ease": "-" * MB})
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", "results.json"]


def test_an_archive_of_which_nothing_is_read_yet_is_not_called_unreadable(full, tmp_path):
    with refused(full):
        files(packed_tar(tmp_path))
