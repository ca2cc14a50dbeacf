import bz2
import gzip
import io
import os
import stat
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from movierec.errors import SourceError
from movierec.sources.source import Notes
from movierec.sources.table_contracts import RATINGS
from movierec.sources.text import file, lines, tables_as_text
from movierec.sources.text.archive import files, links_out, single_file, too_deep
from movierec.sources.text.delimited import Table, first_lines
from movierec.sources.text.records import Dialect
from tests.sources.copied import rows

CONTENT = b"userId,movieId,rating,timestamp\n" + b"1,2,3.5,964982703\n" * 200_000


def read(file):
    with file.open() as stream:
        return b"".join(iter(lambda: stream.read(1 << 16), b""))


def zipped(path, content, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_a_folder_a_zip_and_a_zip_with_a_top_folder_hold_the_same(tmp_path):
    folder = tmp_path / "set"
    (folder / "more").mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"a")
    (folder / "more" / "b.csv").write_bytes(b"b")
    flat = zipped(tmp_path / "flat.zip", {"a.csv": b"a", "more/b.csv": b"b"})
    deep = zipped(tmp_path / "deep.zip", {"set/a.csv": b"a", "set/more/b.csv": b"b", "__MACOSX/set/._a.csv": b"?"})
    for path in (folder, flat, deep):
        assert [(file.name, read(file)) for file in files(path)] == [("a.csv", b"a"), ("more/b.csv", b"b")]


def test_folders_that_lie_too_deep_are_named(tmp_path):
    (tmp_path / "a" / "b" / "c" / "d").mkdir(parents=True)
    (tmp_path / "a" / "b" / "read.csv").write_bytes(b"a")
    (tmp_path / "a" / "b" / "c" / "unread.csv").write_bytes(b"b")
    assert [file.name for file in files(tmp_path)] == ["read.csv"]
    assert too_deep(tmp_path) == ["a/b/c"]


def test_parquet_may_be_packed_once_more_and_hold_text_as_bytes(tmp_path):
    columns = {"userId": [b"1"], "movieId": [2], "rating": [3.5], "timestamp": [964_982_703]}
    parquet.write_table(pa.table(columns), tmp_path / "ratings.parquet")
    packed = gzip.compress((tmp_path / "ratings.parquet").read_bytes())
    (tmp_path / "packed.parquet.gz").write_bytes(packed)
    expected = {"user_id": "1", "movie_id": "2", "rating": "3.5", "rated_at": "964982703"}
    for path in ("ratings.parquet", "packed.parquet.gz"):
        table = Table(single_file(tmp_path / path), RATINGS, Dialect(is_quoted=True))
        assert rows(table.read(Notes())) == [expected]


def test_gzip_is_known_by_its_content_and_goes_by_the_plain_name(tmp_path):
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(b"a"))
    (tmp_path / "plain.csv.gz").write_bytes(b"b")
    zipped(tmp_path / "inside.zip", {"x.tsv.gz": gzip.compress(b"c")})
    assert {file.name: read(file) for file in files(tmp_path) if "csv" in file.name} == {
        "packed.csv": b"a",
        "plain.csv": b"b",
    }
    assert read(single_file(tmp_path / "inside.zip")) == b"c"


def test_the_checksum_is_the_contents(tmp_path):
    (tmp_path / "a.csv").write_bytes(CONTENT)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(CONTENT))
    assert len({file.sha256() for file in files(tmp_path)}) == 1


def test_a_truncated_gzip_says_where_it_ends(tmp_path):
    (tmp_path / "ratings.csv.gz").write_bytes(gzip.compress(CONTENT)[:-2000])
    with pytest.raises(
        SourceError, match=r"ratings.csv.gz is damaged after [\d,]+ bytes: Compressed file ended before"
    ):
        rows(Table(single_file(tmp_path / "ratings.csv.gz"), RATINGS, Dialect(is_quoted=True)).read(Notes()))


def test_a_changed_byte_in_a_gzip_is_noticed(tmp_path):
    packed = bytearray(gzip.compress(CONTENT))
    packed[-6] ^= 1
    (tmp_path / "ratings.csv.gz").write_bytes(packed)
    with pytest.raises(SourceError, match=r"ratings.csv.gz is damaged after [\d,]+ bytes: CRC check failed"):
        read(single_file(tmp_path / "ratings.csv.gz"))


def test_a_changed_byte_in_a_zip_is_noticed(tmp_path):
    path = zipped(tmp_path / "set.zip", {"ratings.csv": CONTENT})
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"set.zip: ratings.csv is damaged after [\d,]+ bytes: Bad CRC-32"):
        read(single_file(path))


def test_a_zip_that_was_cut_off_is_no_dataset(tmp_path):
    path = zipped(tmp_path / "set.zip", {"ratings.csv": CONTENT})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceError, match=r"set.zip is a damaged zip: its end is missing"):
        files(path)


def test_a_zip_whose_list_is_corrupt_is_named(tmp_path):
    path = zipped(tmp_path / "set.zip", {"ratings.csv": CONTENT})
    data = path.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[:at] + b"XXXX" + data[at + 4 :])
    with pytest.raises(SourceError, match=r"set.zip cannot be read: Bad magic number"):
        files(path)


def test_a_place_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere does not exist; allowed is a folder, a zip or a file"):
        files(tmp_path / "nowhere")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(SourceError, match=r"is a folder; allowed is a file, or a zip of one"):
        single_file(tmp_path)


def test_a_folder_in_a_files_place_is_named(tmp_path):
    (tmp_path / "ratings.csv").mkdir()
    assert files(tmp_path) == []


def test_a_zip_of_many_files_is_no_single_one(tmp_path):
    with pytest.raises(SourceError, match="holds 2 files; allowed is a file, or a zip of one"):
        single_file(zipped(tmp_path / "two.zip", {"a": b"", "b": b""}))


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_bytes(b"x")
    path.chmod(0)
    if path.stat().st_uid == 0:
        pytest.skip("root may read everything")
    with pytest.raises(SourceError, match=r"ratings.csv cannot be read: Permission denied"):
        read(single_file(path))


def test_a_zip_that_unpacks_to_much_more_is_read_in_small_pieces(tmp_path):
    path = zipped(tmp_path / "bomb.zip", {"zeros": b"\0" * 50_000_000}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    with single_file(path).open() as stream:
        assert len(stream.read(1000)) == 1000
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_refused_before_it_is_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("/dev/zero"), pipe):
        with pytest.raises(SourceError, match=f"{path} is a device, a pipe or a socket; allowed is a folder"):
            files(path)


def test_links_inside_of_a_folder_are_read_and_links_out_of_it_are_not(tmp_path):
    (tmp_path / "secret.csv").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "more.csv").write_text("secret")
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "a.csv").write_text("a")
    (folder / "b.csv").symlink_to(folder / "a.csv")
    (folder / "c.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "deep").symlink_to(tmp_path / "elsewhere")
    assert [file.name for file in files(folder)] == ["a.csv", "b.csv"]
    assert links_out(folder) == ["c.csv", "deep/more.csv"]


@pytest.mark.parametrize("suffix", [".zip", ".csv.gz", ".csv.bz2"])
def test_what_unpacks_to_far_more_than_text_can_is_refused_in_bounded_memory(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(file, "MIN_LIMIT_BYTES", 1 << 20)
    path = tmp_path / f"ratings{suffix}"
    line = b"1,2,3.5,964982703\n" if suffix != ".csv.bz2" else b"\0" * 18  # over text bzip2 takes its time
    bomb = line * 4_000_000
    if suffix == ".zip":
        zipped(path, {"ratings.csv": bomb}, compression=zipfile.ZIP_DEFLATED)
    else:
        path.write_bytes(bz2.compress(bomb) if suffix == ".csv.bz2" else gzip.compress(bomb))
    if suffix == ".csv.gz":
        monkeypatch.setattr(file, "MAX_RATIO", 50)
    del bomb
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=r"unpacks to more than .* bytes, which no dataset of its size does"):
            files(path)[0].sha256()
        assert tracemalloc.get_traced_memory()[1] < 30 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("start", [b'{"userId": "', b"userId,movieId,rating"])
def test_a_line_without_an_end_is_refused_in_bounded_memory(tmp_path, start, monkeypatch):
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 4 << 20)
    path = tmp_path / "ratings.csv"
    with path.open("wb") as sparse:  # as large as 10 GB, without taking them
        sparse.write(start)
        sparse.truncate(10 << 30)
    if start.startswith(b"{"):
        with path.open("r+b") as sparse:
            sparse.write(b'{"userId": 1, "rest": "')
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="a line is longer than 4 MB; allowed is text in lines"):
            first_lines(single_file(path))
        assert tracemalloc.get_traced_memory()[1] < 60 << 20
    finally:
        tracemalloc.stop()


def test_json_with_a_new_key_in_every_line_is_no_table(tmp_path, monkeypatch):
    monkeypatch.setattr(tables_as_text, "MAX_KEYS", 100)
    path = tmp_path / "ratings.jsonl"
    path.write_text("".join(f'{{"key{number}": 1}}\n' for number in range(200)))
    with pytest.raises(SourceError, match="more than 100 different keys; that is not a table"):
        first_lines(single_file(path))


def tar_with_links(path):
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("set/deep/a.csv")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"a"))
        for name, kind, target in (
            ("set/second.csv", tarfile.LNKTYPE, "set/deep/a.csv"),
            ("set/deep/soft.csv", tarfile.SYMTYPE, "../second.csv"),
            ("set/dead.csv", tarfile.SYMTYPE, "/etc/passwd"),
            ("set/round.csv", tarfile.SYMTYPE, "round.csv"),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(entry)
    return path


def zip_with_links(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("set/deep/a.csv", "a")
        for name, target in (
            ("set/second.csv", "deep/a.csv"),
            ("set/deep/soft.csv", "../second.csv"),
            ("set/dead.csv", "/etc/passwd"),
            ("set/round.csv", "round.csv"),
        ):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
    return path


@pytest.mark.parametrize("made_by", [tar_with_links, zip_with_links])
def test_links_within_an_archive_are_read_and_others_are_named(tmp_path, made_by):
    found = {file.name: file for file in files(made_by(tmp_path / "set"))}
    assert {name: read(found[name]) for name in ("deep/a.csv", "second.csv", "deep/soft.csv")} == dict.fromkeys(
        ("deep/a.csv", "second.csv", "deep/soft.csv"), b"a"
    )
    for name, target in (("dead.csv", "/etc/passwd"), ("round.csv", "round.csv")):
        with pytest.raises(SourceError, match=f"set/{name} cannot be read: it is a link to {target}, which is no file"):
            read(found[name])


def test_a_packed_file_beside_one_of_the_same_name_keeps_its_own(tmp_path):
    (tmp_path / "ratings.csv").write_bytes(b"a")
    (tmp_path / "ratings.csv.gz").write_bytes(gzip.compress(b"b"))
    (tmp_path / "tags.csv.gz").write_bytes(gzip.compress(b"c"))
    assert [(file.name, read(file)) for file in files(tmp_path)] == [
        *(("ratings.csv", b"a"), ("ratings.csv.gz", b"b"), ("tags.csv", b"c"))
    ]
