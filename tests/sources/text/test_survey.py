"""One pass over a file tells what only all of it can tell."""

import io
from contextlib import contextmanager

from movierec.sources.recognition import recognise
from movierec.sources.source import Notes
from movierec.sources.text.delimited import Table
from movierec.sources.text.file import File
from movierec.sources.text.survey import survey

MOVIES = "movieId,title,genres\n" + "".join(f"{movie},Été {movie},Drama\n" for movie in range(100_000))


class Counted(io.BytesIO):
    """Bytes that count how often their end was reached."""

    def __init__(self, content, ends):
        super().__init__(content)
        self.ends = ends

    def readinto(self, buffer):
        size = super().readinto(buffer)
        self.ends[0] += self.tell() == len(self.getbuffer())
        return size

    def read(self, size=-1):
        data = super().read(size)
        self.ends[0] += not data
        return data


def counted_file(path, content):
    path.write_bytes(content)
    ends = [0]

    @contextmanager
    def opener():
        yield Counted(content, ends)

    return File(path.name, str(path), opener, path), ends


def reads(path, content):
    """Recognise a file and read it; return what it is, how often its end was seen before reading, and its rows."""
    file, ends = counted_file(path, content)
    found = recognise(file)
    after_recognition = ends[0]
    checksum, read = Table(file, found.main, found.dialect, checksum=found.checksum).checksum_and_reader()
    assert checksum == file.sha256()
    return found, after_recognition, sum(chunk.data.count(b"\n") for chunk in read(Notes()))


def test_the_checksum_is_taken_while_a_file_is_recognised(tmp_path):
    found, after_recognition, rows = reads(tmp_path / "movies.csv", MOVIES.encode("cp1252"))
    assert found.dialect.is_western
    assert found.checksum is not None
    assert after_recognition > 0
    assert rows == 100_000


def test_numbers_alone_are_not_read_to_their_end_to_be_recognised(tmp_path):
    ratings = "userId,movieId,rating,timestamp\n" + "1,2,3.5,964982703\n" * 100_000
    found, after_recognition, rows = reads(tmp_path / "ratings.csv", ratings.encode())
    assert found.checksum is None
    assert after_recognition == 0
    assert rows == 100_000


def test_what_is_damaged_has_no_checksum(tmp_path):
    (tmp_path / "movies.csv.gz").write_bytes(b"\x1f\x8b\x08 damaged")
    path = tmp_path / "movies.csv.gz"
    assert survey(File("movies.csv", str(path), lambda: path.open("rb"), path), ",", 3, True).checksum is None
