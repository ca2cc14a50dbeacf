from pathlib import Path

import pytest

from movierec.errors import SourceError
from movierec.sources.credits import Credits
from movierec.sources.source import Notes
from tests.sources.copied import rows
from tests.sources.web import serve

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "movie-credits" / "movies.csv"
CONTENT = (
    "movieId,released,title,actors,director,genres,imdbRating\n"
    '1,1995-11-22,Toy Story,Tim Allen|Tom Hanks,John Lasseter,Comedy,8.3\n2,,"Jumanji, ""2""",,Joe Johnston,,\n'
)


def read(path, cache):
    (piece,) = Credits(str(path), cache).pieces()
    notes = Notes()
    return rows(piece.read(notes)), notes


def test_credits_come_with_what_else_the_file_knows(tmp_path):
    path = tmp_path / "movies.csv"
    path.write_text(CONTENT)
    (first, second), notes = read(path, tmp_path)
    assert first == {
        **{"movie_id": "1", "released": "1995-11-22", "title": "Toy Story"},
        **{"actors": "Tim Allen|Tom Hanks", "director": "John Lasseter"},
        "extra": {"genres": "Comedy", "imdbRating": "8.3"},
    }
    assert (second["title"], second["actors"]) == ('Jumanji, "2"', "")
    assert notes.new_columns == []


def test_credits_come_from_a_url(tmp_path):
    with serve({"/credits.csv": CONTENT.encode()}) as site:
        found, _ = read(site.address + "/credits.csv", tmp_path)
    assert [row["movie_id"] for row in found] == ["1", "2"]


def test_a_column_that_nobody_knows_is_reported(tmp_path):
    (tmp_path / "credits.csv").write_text("movieId,actors,director,mood\n1,A,B,dark\n")
    _, notes = read(tmp_path / "credits.csv", tmp_path)
    assert notes.new_columns == ["mood"]


def test_a_missing_director_stops_with_the_reason(tmp_path):
    (tmp_path / "credits.csv").write_text("movieId,actors\n1,A\n")
    with pytest.raises(SourceError, match=r"credits.csv: column director is missing; seen: movieId, actors"):
        read(tmp_path / "credits.csv", tmp_path)


def test_a_folder_is_no_file_of_credits(tmp_path):
    with pytest.raises(SourceError, match="is a folder; allowed is a file, or a zip of one"):
        read(tmp_path, tmp_path)


@pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not on this machine")
def test_every_row_of_the_real_file_arrives(tmp_path):
    found, notes = read(REAL, tmp_path)
    assert len(found) == 8_964
    assert notes == Notes()


def test_credits_may_be_written_as_a_german_excel_does(tmp_path):
    (tmp_path / "people.csv").write_bytes("movieId;director;actors\r\n1;Zoë Ü;Bo Li|Cy Wu\r\n".encode("cp1252"))
    found, _ = read(tmp_path / "people.csv", tmp_path)
    assert found == [{"movie_id": "1", "director": "Zoë Ü", "actors": "Bo Li|Cy Wu"}]


def test_credits_in_a_form_that_is_not_read_are_named(tmp_path):
    (tmp_path / "people.json").write_text('[{"movieId": 1}]')
    with pytest.raises(SourceError, match=r"people.json is a JSON array, which is not read; allowed is one object"):
        read(tmp_path / "people.json", tmp_path)
