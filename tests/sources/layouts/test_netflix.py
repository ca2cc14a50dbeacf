"""The Netflix Prize's layout, as rows written for the test."""

import io
import tarfile
import tracemalloc
import zipfile

import pytest

from movierec.errors import SourceError
from movierec.rating_scale import RatingScale
from movierec.sources.movielens import MovieLens
from movierec.sources.movielens_tables import find_tables
from movierec.sources.source import Notes
from tests.sources.copied import rows
from tests.sources.landing import InMemoryState

TITLES = "1,2003,Sea, Sand and Señor\n2,NULL,No Year\r\n3,1997,1999: A Title, or 2\n".encode("latin-1")
FIRST = b"1:\n11,3,2005-09-06\n12,5,2004-01-31\n2:\n11,4,2005-10-01\n"
SECOND = b"3:\r\n12,1,2003-12-31\r\n\r\n13,2,2003-12-30"
RATED = {
    ("11", "1", "3", "2005-09-06"),
    ("12", "1", "5", "2004-01-31"),
    ("11", "2", "4", "2005-10-01"),
    ("12", "3", "1", "2003-12-31"),
    ("13", "3", "2", "2003-12-30"),
}
KAGGLE = {
    "combined_data_1.txt": FIRST,
    "combined_data_2.txt": SECOND,
    "movie_titles.csv": TITLES,
    "probe.txt": b"1:\n11\n12\n",
    "qualifying.txt": b"1:\n11,2005-09-06\n",
}
PRIZE = {
    "download/training_set/mv_0000001.txt": FIRST.partition(b"2:")[0],
    "download/training_set/mv_0000002.txt": b"2:" + FIRST.partition(b"2:")[2],
    "download/training_set/mv_0000003.txt": SECOND,
    "download/movie_titles.txt": TITLES,
}


def in_folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def in_tar(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def in_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def read(path):
    state = InMemoryState()
    pieces = {piece.contract.table: piece for piece in MovieLens(str(path), path.parent).pieces(state)}
    return pieces, {table: rows(piece.read(Notes())) for table, piece in pieces.items()}, "\n".join(state.remarks)


@pytest.mark.parametrize("files", [KAGGLE, PRIZE], ids=["kaggle", "prize"])
@pytest.mark.parametrize("form", ["folder", "tar", "tar.gz", "zip"])
def test_ratings_below_their_movies_are_read(tmp_path, files, form):
    path = tmp_path / f"set.{form}"
    if form == "folder":
        in_folder(path, files)
    elif form == "zip":
        in_zip(path, files)
    else:
        in_tar(path, files, "w" if form == "tar" else "w:gz")
    pieces, found, remarks = read(path)
    fields = ("user_id", "movie_id", "rating", "rated_at")
    assert {tuple(row[field] for field in fields) for row in found["ratings"]} == RATED
    assert len(found["ratings"]) == len(RATED)
    assert [(row["movie_id"], row["release_year"] or "", row["title"]) for row in found["movies"]] == [
        ("1", "2003", "Sea, Sand and Señor"),
        ("2", "", "No Year"),
        ("3", "1997", "1999: A Title, or 2"),
    ]
    assert pieces["ratings"].scale == RatingScale()
    assert "more have the ratings of the Netflix Prize" in remarks
    if files is KAGGLE:
        assert "probe.txt is not read: it is a list of the Netflix Prize's, without ratings" in remarks
        assert "qualifying.txt is not read: it is a list of the Netflix Prize's, without ratings" in remarks


def test_titles_are_needed(tmp_path):
    in_folder(tmp_path, {"combined_data_1.txt": FIRST})
    with pytest.raises(SourceError, match=r"no file has movies \(movie_id, title\)"):
        find_tables(tmp_path)


def test_a_table_of_movies_with_a_header_will_do(tmp_path):
    in_folder(tmp_path, {"combined_data_1.txt": FIRST, "movies.csv": b"movie_id,title\n1,Sand\n2,No Year\n"})
    assert [table.contract.table for table in find_tables(tmp_path)] == ["movies", "ratings"]


def test_a_line_that_is_no_rating_is_kept_as_a_row_that_is_too_short(tmp_path):
    in_folder(tmp_path, {"combined_data_1.txt": FIRST + b"total 3\n", "movie_titles.csv": TITLES})
    _, found, _ = read(tmp_path)
    assert found["ratings"][-1]["extra"] == {"missing": 2}


def test_beside_other_ratings_many_files_are_named_in_one_sentence(tmp_path):
    many = {f"mv_{number:07}.txt": b"%d:\n11,3,2005-09-06\n" % number for number in range(1, 40)}
    others = {
        "ratings.csv": b"userId,movieId,rating,timestamp\n1,2,3,964982703\n",
        "movies.csv": b"movieId,title\n2,A\n",
    }
    remarks = []
    find_tables(in_folder(tmp_path, many | others), remarks=remarks)
    (said,) = remarks
    assert said.startswith("mv_0000001.txt and 38 more are not read: each is written as the Netflix Prize is")


def test_what_is_written_to_while_it_is_read_is_refused(tmp_path):
    in_folder(tmp_path, KAGGLE)
    *_, ratings = MovieLens(str(tmp_path), tmp_path).pieces()
    (tmp_path / "combined_data_2.txt").write_bytes(SECOND + b"\n14,5,2005-01-01\n")
    with pytest.raises(SourceError, match="was written to while it was read"):
        list(ratings.read(Notes()))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["folder", "tar.gz", "zip"])
def test_as_many_files_as_there_are_movies_are_read_in_bounded_memory(tmp_path, form):
    below = b"".join(b"%d,4,2005-09-06\n" % user for user in range(1, 51))
    many = {f"training_set/mv_{number:07}.txt": b"%d:\n%s" % (number, below) for number in range(1, 17_771)}
    titles = b"".join(b"%d,2000,Title, %d\n" % (number, number) for number in range(1, 17_771))
    many["movie_titles.txt"] = titles
    path = tmp_path / f"set.{form}"
    {"folder": in_folder, "zip": in_zip, "tar.gz": in_tar}[form](path, many)
    del many
    tracemalloc.start()
    *_, ratings = MovieLens(str(path), tmp_path).pieces()
    lines = sum(chunk.data.count(b"\n") for chunk in ratings.read(Notes()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == 17_770 * 50
    assert peak < 200 << 20
