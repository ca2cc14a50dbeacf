import gzip
import logging
import tracemalloc

import pytest

from movierec.errors import SourceError
from movierec.sources.imdb import Imdb
from movierec.sources.source import Notes
from tests.sources.copied import rows
from tests.sources.web import serve

FILES = {
    "title.basics.tsv": [
        "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres",
        'tt1\tmovie\tA "Title\tUn \\ titre\t0\t1995\t\\N\t81\tAnimation,Comedy',
        "tt2\tmovie\tOther\tOther\t0\t1996\t\\N\t\\N\t\\N",
        "tt3\tshort\tUnknown\tUnknown\t0\t1894\t\\N\t1\tShort",
    ],
    "title.crew.tsv": ["tconst\tdirectors\twriters", "tt1\tnm1\tnm2,nm3", "tt3\tnm9\t\\N"],
    "title.principals.tsv": [
        "tconst\tordering\tnconst\tcategory\tjob\tcharacters",
        'tt1\t1\tnm4\tactor\t\\N\t["Woody"]',
        "tt3\t1\tnm8\tself\t\\N\t\\N",
    ],
    "title.ratings.tsv": ["tconst\taverageRating\tnumVotes", "tt1\t8.3\t1000", "tt3\t5.7\t2000"],
    "name.basics.tsv": [
        "nconst\tprimaryName\tbirthYear\tdeathYear\tprimaryProfession\tknownForTitles",
        *[f"nm{number}\tName {number}\t195{number}\t\\N\tdirector\ttt1" for number in range(10)],
    ],
}


class Known:
    """A warehouse that knows some movies."""

    def __init__(self, *titles):
        self.titles = frozenset(titles)

    def imdb_ids(self):
        return self.titles


def content(name, is_packed=True):
    data = ("\n".join(FILES[name]) + "\n").encode()
    return gzip.compress(data) if is_packed else data


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "imdb"
    folder.mkdir()
    for name in FILES:
        (folder / f"{name}.gz").write_bytes(content(name))
    return folder


def pieces(path, *titles):
    return {piece.contract.table: piece for piece in Imdb(str(path), path).pieces(Known(*titles))}


def read(piece):
    notes = Notes()
    return rows(piece.read(notes)), notes


def test_titles_come_first_and_names_last(folder):
    assert list(pieces(folder, "tt1")) == [
        *("imdb_title", "imdb_crew", "imdb_principal", "imdb_rating", "imdb_name"),
    ]


def test_known_titles_come_and_the_others_are_counted(folder):
    found, notes = read(pieces(folder, "tt1", "tt2")["imdb_title"])
    assert [row["tconst"] for row in found] == ["tt1", "tt2"]
    assert notes == Notes(skipped_rows=1)


def test_quotes_and_backslashes_are_text_and_a_null_is_one(folder):
    first, second = read(pieces(folder, "tt1", "tt2")["imdb_title"])[0]
    assert (first["primary_title"], first["original_title"]) == ('A "Title', "Un \\ titre")
    assert (second["runtime_minutes"], second["genres"]) == (None, None)
    assert second["extra"] == {"isAdult": "0"}


def test_names_are_those_of_the_kept_crew_and_cast(folder):
    found = pieces(folder, "tt1")
    for table in ("imdb_crew", "imdb_principal"):
        read(found[table])
    names, notes = read(found["imdb_name"])
    assert [row["nconst"] for row in names] == ["nm1", "nm2", "nm3", "nm4"]
    assert names[0]["primary_name"] == "Name 1"
    assert notes.skipped_rows == 6


def test_names_are_found_though_crew_and_cast_were_loaded_on_another_night(folder):
    names, _ = read(pieces(folder, "tt1")["imdb_name"])
    assert [row["nconst"] for row in names] == ["nm1", "nm2", "nm3", "nm4"]


def test_the_fingerprint_changes_with_the_file_and_with_the_movies(folder):
    first, other = pieces(folder, "tt1"), pieces(folder, "tt1", "tt2")
    assert all(first[table].fingerprint != other[table].fingerprint for table in first)
    assert pieces(folder, "tt1")["imdb_name"].fingerprint == first["imdb_name"].fingerprint
    (folder / "title.crew.tsv.gz").write_bytes(gzip.compress(b"tconst\tdirectors\twriters\ntt1\tnm5\t\\N\n"))
    changed = pieces(folder, "tt1")
    assert [table for table in first if first[table].fingerprint != changed[table].fingerprint] == [
        *("imdb_crew", "imdb_name"),
    ]


def test_the_order_of_columns_does_not_matter(folder):
    (folder / "title.ratings.tsv.gz").write_bytes(b"numVotes\ttconst\taverageRating\n10\ttt1\t8\n20\ttt3\t9\n30\n")
    found, notes = read(pieces(folder, "tt1")["imdb_rating"])
    assert found == [{"num_votes": "10", "tconst": "tt1", "average_rating": "8"}]
    assert notes.skipped_rows == 2


def test_titles_are_required_and_the_rest_is_not(folder, caplog):
    (folder / "name.basics.tsv.gz").unlink()
    with caplog.at_level(logging.WARNING):
        assert "imdb_name" not in pieces(folder, "tt1")
    assert "name.basics.tsv is not in" in caplog.text
    (folder / "title.basics.tsv.gz").unlink()
    with pytest.raises(SourceError, match=r"title.basics.tsv \(or title.basics.tsv.gz\) is not in .*; it is required"):
        pieces(folder, "tt1")


def test_files_come_from_a_server_packed_or_not(tmp_path):
    site_files = {f"/imdb/{name}.gz": content(name) for name in list(FILES)[:2]}
    with serve({**site_files, "/imdb/title.ratings.tsv": content("title.ratings.tsv", is_packed=False)}) as site:
        imdb = Imdb(site.address + "/imdb/", tmp_path)
        found = {piece.contract.table: read(piece)[0] for piece in imdb.pieces(Known("tt1"))}
    assert list(found) == ["imdb_title", "imdb_crew", "imdb_rating"]
    assert [len(table) for table in found.values()] == [1, 1, 1]


def test_nothing_is_kept_while_no_movie_is_known(folder, caplog):
    with caplog.at_level(logging.WARNING):
        found, notes = read(pieces(folder)["imdb_title"])
    assert (found, notes.skipped_rows) == ([], 3)
    assert "no movie has an IMDb id yet" in caplog.text


def test_a_truncated_file_is_named(folder):
    many = FILES["title.ratings.tsv"] + [f"tt{number}\t5.0\t{number}" for number in range(200_000)]
    packed = gzip.compress("\n".join(many).encode())
    (folder / "title.ratings.tsv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match=r"title.ratings.tsv.gz is damaged after [\d,]+ bytes"):
        pieces(folder, "tt1")


def test_memory_stays_flat_while_a_large_file_is_filtered(folder):
    with gzip.open(folder / "title.ratings.tsv.gz", "wb", compresslevel=1) as file:
        file.write(b"tconst\taverageRating\tnumVotes\n")
        for start in range(0, 1_000_000, 10_000):
            file.write(b"".join(b"tt%07d\t5.5\t%d\n" % (number, number) for number in range(start, start + 10_000)))
    piece = pieces(folder, "tt0000007", "tt0999999")["imdb_rating"]
    tracemalloc.start()
    found, notes = read(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row["tconst"] for row in found] == ["tt0000007", "tt0999999"]
    assert notes.skipped_rows == 999_998
    assert peak < 20_000_000
