"""Layouts that people try first, each as a small extract written for its test."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile

import pyarrow as pa
import pytest
from pyarrow import parquet

from movierec.errors import SourceError
from movierec.rating_scale import RatingScale
from movierec.sources.literals import names, parse, people
from movierec.sources.movielens import MovieLens
from movierec.sources.movielens_tables import find_tables
from movierec.sources.source import Notes
from tests.sources.copied import rows
from tests.sources.landing import InMemoryState

RATINGS = "userId,movieId,rating,timestamp\n1,11,5.0,1147880044\n2,11,3.5,1147880045\n"
MOVIES = "movieId,title,genres\n11,Heat (1995),Crime\n"


def read(folder, **files):
    """Write files (a dot in a name is written `_dot_`); return the rows by table, the pieces and what was remarked."""
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("_dot_", ".")).write_bytes(data)
    state = InMemoryState()
    pieces = {piece.contract.table: piece for piece in MovieLens(str(folder), folder).pieces(state)}
    tables = {
        table: [{name: value for name, value in row.items() if name != "extra"} for row in rows(piece.read(Notes()))]
        for table, piece in pieces.items()
    }
    return tables, pieces, "\n".join(state.remarks)


def test_letterboxd(tmp_path):
    tables, pieces, remarks = read(
        tmp_path,
        ratings_dot_csv="Date,Name,Year,Letterboxd URI,Rating\n2024-05-01,Heat,1995,https://boxd.it/2a,4.5\n"
        '2024-05-02,"Good, the Bad, The",1966,https://boxd.it/2b,5\n',
        watched_dot_csv="Date,Name,Year,Letterboxd URI\n2024-05-01,Heat,1995,https://boxd.it/2a\n",
    )
    (heat, good) = tables["ratings"]
    assert (heat["user_id"], heat["rating"], heat["rated_at"]) == ("1", "4.5", "2024-05-01")
    assert {row["movie_id"]: row["title"] for row in tables["movies"]}[good["movie_id"]] == "Good, the Bad, The"
    assert 0 <= int(heat["movie_id"]) < 2**31
    assert pieces["ratings"].scale == RatingScale()
    assert "ratings.csv is an export of Letterboxd" in remarks
    assert "watched.csv is not read" in remarks


def test_a_whole_export_of_letterboxd(tmp_path):
    rated = "Date,Name,Year,Letterboxd URI,Rating\n2024-05-01,Heat,1995,https://boxd.it/2a,4.5\n"
    diary = (
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n2024-05-01,Heat,1995,https://boxd.it/9,5,,,\n"
    )
    with zipfile.ZipFile(tmp_path / "letterboxd.zip", "w") as archive:
        for name in ("ratings.csv", "deleted/ratings.csv", "orphaned/ratings.csv"):
            archive.writestr(name, rated)
        for name in ("diary.csv", "reviews.csv", "deleted/diary.csv"):
            archive.writestr(name, diary)
        archive.writestr("lists/best-of.csv", "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n")
        archive.writestr("profile.csv", "Date Joined,Username,Email Address\n2015-01-01,jane,jane@example.org\n")
    remarks = []
    tables = find_tables(tmp_path / "letterboxd.zip", remarks=remarks)
    assert [table.file.name for table in tables] == ["ratings.csv (movies)", "ratings.csv (ratings)"]
    text = "\n".join(remarks)
    assert "deleted/ratings.csv is not read: it has the ratings that the person has taken back" in text
    assert [
        name for name in ("diary.csv", "lists/best-of.csv", "profile.csv") if f"{name} is not read" not in text
    ] == []
    assert "jane" not in text


def test_ones_own_ratings_beside_those_of_others_are_refused(tmp_path):
    (tmp_path / "own.csv").write_text(
        "Date,Name,Year,Letterboxd URI,Rating\n2024-05-01,Heat,1995,https://boxd.it/2a,4.5\n"
    )
    with pytest.raises(SourceError, match=r"own.csv has the ratings of one person.*a user of ratings.csv.*EXCLUDE=own"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=RATINGS)


def test_rows_of_a_known_layout_that_are_left_out_are_counted(tmp_path):
    _, _, remarks = read(
        tmp_path,
        ratings_dot_csv="Date,Name,Year,Letterboxd URI,Rating\n2024-05-01,Heat,1995,https://boxd.it/2a,4.5\n"
        "2024-05-02,Good, the Bad,1966,https://boxd.it/2b,5\n",
    )
    assert "ratings.csv: 1 rows are left out, which have more or fewer fields than the header" in remarks


def test_rows_of_a_known_layout_between_which_only_cr_stands_are_rows(tmp_path):
    header = "Date,Name,Year,Letterboxd URI,Rating\n"
    rows = "2024-05-01,Heat,1995,https://boxd.it/2a,4.5\r2024-05-02,Ran,1985,https://boxd.it/2b,4\n"
    tables, _, remarks = read(tmp_path, ratings_dot_csv=f'{header}{rows}2024-05-03,"R"an\r,1985,x,4\n,,,,\n')
    assert [row["title"] for row in tables["movies"]] == ["Heat", "Ran"]
    assert "ratings.csv: 1 rows are left out" in remarks


def test_imdb_export(tmp_path):
    tables, pieces, remarks = read(
        tmp_path,
        ratings_dot_csv="Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,"
        "Num Votes,Release Date,Directors\ntt0113277,9,2024-05-01,Heat,https://x,movie,8.3,170,1995,"
        '"Action, Crime",1,1995-12-15,Michael Mann\n',
    )
    assert tables["ratings"] == [{"user_id": "1", "movie_id": "113277", "rating": "9", "rated_at": "2024-05-01"}]
    assert tables["movies"][0]["genres"] == "Action|Crime"
    assert tables["links"] == [{"movie_id": "113277", "imdb_id": "tt0113277"}]
    assert pieces["ratings"].scale == RatingScale(1, 10)
    assert "export of IMDb" in remarks


def test_letterboxd_may_have_been_saved_by_a_german_excel(tmp_path):
    tables, pieces, _ = read(
        tmp_path,
        ratings_dot_csv="Date;Name;Year;Letterboxd URI;Rating\n01.05.2024;Heat;1995;https://boxd.it/2a;4,5\n",
    )
    assert [(row["rating"], row["rated_at"]) for row in tables["ratings"]] == [("4,5", "01.05.2024")]
    assert pieces["ratings"].scale == RatingScale()


def test_rows_of_an_export_of_imdb_without_an_id_are_counted(tmp_path):
    header = "Const,Your Rating,Date Rated,Title,Year,Genres\n"
    found, _, said = read(
        tmp_path,
        ratings_dot_csv=f"{header}tt0113277,9,2024-05-01,Heat,1995,Crime\n,8,2024-05-01,Lost,,\n1 titles,,,,,\n",
    )
    assert len(found["ratings"]) == len(found["movies"]) == 1
    assert "its person is user 1; 2 rows without an id such as tt0114709 are left out" in said


def test_films_of_letterboxd_without_a_rating_are_counted(tmp_path):
    header = "Date,Name,Year,Letterboxd URI,Rating\n"
    rows = "2024-05-01,Heat,1995,https://boxd.it/2a,4.5\n2024-05-02,Ran,1985,https://boxd.it/2b,\n"
    found, _, said = read(tmp_path, ratings_dot_csv=header + rows)
    assert [len(found[table]) for table in ("ratings", "movies")] == [1, 2]
    assert "its person is user 1; 1 films without a rating are left out of the ratings" in said


def test_lists_of_imdb_are_no_ratings_of_a_person(tmp_path):
    header = "Const,Your Rating,Date Rated,Title,Year\n"
    listed = "Position,Const,Created,Title,Your Rating,Date Rated\n1,tt0113277,2024-01-01,Heat,9,2024-05-01\n"
    tables, _, remarks = read(
        tmp_path, ratings_dot_csv=f"{header}tt0113277,9,2024-05-01,Heat,1995\n", watchlist_dot_csv=listed
    )
    assert len(tables["ratings"]) == 1
    assert "watchlist.csv is not read: it is not a table that a rating dataset has" in remarks


def test_what_is_wrong_with_ratings_is_said_before_that_movies_are_missing(tmp_path):
    with pytest.raises(SourceError, match=r"ratings.csv: column user_id, movie_id, rating, rated_at is missing; seen"):
        read(tmp_path, ratings_dot_csv='"position","const","Title","You rated"\n"1","tt0113277","Heat","9"\n')


def test_movie_tweetings(tmp_path):
    tables, _, remarks = read(
        tmp_path,
        ratings_dot_dat="1::0114508::8::1381006850\n2::0208092::5::1586466072\n",
        movies_dot_dat="0114508::Species (1995)::Action|Horror\n0208092::Snatch (2000)::Comedy|Crime\n",
        users_dot_dat="".join(f"{user}::{user}00\n" for user in range(1, 30)),
    )
    assert tables["ratings"][0] == {"user_id": "1", "movie_id": "0114508", "rating": "8", "rated_at": "1381006850"}
    assert [row["title"] for row in tables["movies"]] == ["Species (1995)", "Snatch (2000)"]
    assert "user_profile" not in tables
    assert "users.dat is left out" in remarks


def test_hetrec(tmp_path):
    tables, _, remarks = read(
        tmp_path,
        movies_dot_dat="id\ttitle\timdbID\tspanishTitle\tyear\n1\tToy Story\t0114709\tToy Story (juguetes)\t1995\n"
        "2\tAmélie\t0211915\tAmélie\t2001\n".encode("latin-1"),
        movie_genres_dot_dat="movieID\tgenre\n1\tAnimation\n1\tComedy\n",
        movie_directors_dot_dat="movieID\tdirectorID\tdirectorName\n1\tjl\tJohn Lasseter\n",
        movie_actors_dot_dat="movieID\tactorID\tactorName\tranking\n1\tta\tTim Allen\t2\n1\tth\tTom Hanks\t1\n",
        tags_dot_dat="id\tvalue\n7\tearth\n",
        **{
            "user_ratedmovies-timestamps_dot_dat": "userID\tmovieID\trating\ttimestamp\n75\t1\t4.5\t1162160415000\n",
            "user_taggedmovies-timestamps_dot_dat": "userID\tmovieID\ttagID\ttimestamp\n75\t1\t7\t1162160415000\n",
        },
    )
    assert tables["movies"] == [
        {"movie_id": "1", "title": "Toy Story", "release_year": "1995", "genres": "Animation|Comedy"},
        {"movie_id": "2", "title": "Amélie", "release_year": "2001", "genres": ""},
    ]
    assert tables["credits"] == [{"movie_id": "1", "director": "John Lasseter", "actors": "Tom Hanks|Tim Allen"}]
    assert tables["tags"] == [{"user_id": "75", "movie_id": "1", "tag": "earth", "tagged_at": "1162160415000"}]
    assert tables["ratings"][0]["rated_at"] == "1162160415000"
    assert "are HetRec 2011" in remarks


def test_a_header_that_comes_again_in_hetrec_stops_nothing(tmp_path):
    movies = "id\ttitle\timdbID\tspanishTitle\tyear\n"
    actors = "movieID\tactorID\tactorName\tranking\n"
    found, _, _ = read(
        tmp_path,
        movies_dot_dat=f"{movies}1\tToy Story\t\\N\tJuguetes\t\\N\n{movies}2\tHeat\t113277\tHeat\t1995\n",
        movie_actors_dot_dat=f"{actors}10\tta\tTim Allen\t1\n{actors}2\tap\tAl Pacino\t1\n",
        **{"user_ratedmovies-timestamps_dot_dat": "userID\tmovieID\trating\ttimestamp\n75\t1\t4.5\t1162160415000\n"},
    )
    assert [row["movie_id"] for row in found["movies"]] == ["1", "id", "2"]  # which the rules reject
    assert [(row["imdb_id"]) for row in found["links"]] == ["", "imdbID", "113277"]
    assert [row["movie_id"] for row in found["credits"]] == ["2", "10", "movieID"]


METADATA = (
    "adult,belongs_to_collection,genres,id,imdb_id,original_title,overview,release_date,title\n"
    "False,,\"[{'id': 16, 'name': 'Animation'}, {'id': 10751, 'name': \"\"Kids' Family\"\"}]\",862,tt0114709,Toy Story,"
    '"Led by ""Woody"",\nAndy\'s toys",1995-10-30,Toy Story\n'
    " - Written by somebody,0.065736,[],1997-08-20,0,104.0,,1,\n"
)


def test_the_movies_dataset(tmp_path):
    tables, _, remarks = read(
        tmp_path,
        movies_metadata_dot_csv=METADATA,
        links_dot_csv="movieId,imdbId,tmdbId\n11,0114709,862\n12,0113497,\n",
        ratings_dot_csv=RATINGS,
        credits_dot_csv="cast,crew,id\n\"[{'character': 'Woody', 'name': 'Tom Hanks'}]\","
        "\"[{'job': 'Director', 'name': 'John Lasseter'}, {'job': 'Screenplay', 'name': 'Joss Whedon'}]\",862\n",
    )
    assert tables["movies"] == [
        {"movie_id": "11", "title": "Toy Story", "release_date": "1995-10-30", "genres": "Animation|Kids' Family"}
    ]
    assert tables["credits"] == [
        {"movie_id": "11", "director": "John Lasseter", "actors": "Tom Hanks", "writers": "Joss Whedon"}
    ]
    assert "by the ids that links give" in remarks


def test_movies_of_the_movies_dataset_that_no_link_leads_to_are_counted(tmp_path):
    floats = METADATA.replace(",862,", ",862.0,")
    found, _, said = read(
        tmp_path,
        movies_metadata_dot_csv=f"{floats}False,,[],863.0,tt0089881,Ran,,1985-06-01,Ran\n",
        links_dot_csv="movieId,imdbId,tmdbId\n11,0114709,862\n",
        ratings_dot_csv=RATINGS,
    )
    assert [row["movie_id"] for row in found["movies"]] == ["11"]
    assert "1 rows without an id are left out; 1 movies that no link leads to are left out" in said


def test_tmdb_5000(tmp_path):
    genres = json.dumps([{"id": 28, "name": "Science Fiction"}]).replace('"', '""')
    cast = json.dumps([{"name": "Sam Worthington"}]).replace('"', '""')
    crew = json.dumps([{"job": "Director", "name": "James Cameron"}]).replace('"', '""')
    tables, _, remarks = read(
        tmp_path,
        tmdb_5000_movies_dot_csv="budget,genres,id,keywords,original_title,release_date,title\n"
        f'237,"{genres}",11,[],Avatar,2009-12-10,Avatar\n',
        tmdb_5000_credits_dot_csv=f'movie_id,title,cast,crew\n11,Avatar,"{cast}","{crew}"\n',
        ratings_dot_csv=RATINGS,
    )
    assert tables["movies"][0]["genres"] == "Science Fiction"
    assert tables["credits"][0]["director"] == "James Cameron"
    assert "they are read by TMDB's ids (links.csv would lead from others to them)" in remarks


@pytest.mark.parametrize("text", ["__import__('os').system('true')", "[" * 10_000, "{'name': 1}", "", "[1, 2]", "1 +"])
def test_a_literal_is_never_run(text):
    assert parse(text) == []


def test_names_and_crew_of_literals():
    assert names("[{'name': 'A|B'}, {'name': None}, {'name': 'C'}, {'name': 'C'}]") == ["A B", "C"]
    assert people('[{"job": "Author", "name": "X"}, {"job": "Editor", "name": "Y"}]') == {
        "Director": [],
        "Writer": ["X"],
    }


# --- forms of files


def tar(**files):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"ml/{name.replace('_dot_', '.')}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return sink.getvalue()


def zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}


@pytest.mark.parametrize("suffix", PACKERS)
def test_files_may_be_packed(tmp_path, suffix):
    packed = {f"ratings_dot_csv_dot_{suffix}": PACKERS[suffix](RATINGS.encode())}
    tables, pieces, _ = read(tmp_path, movies_dot_csv=MOVIES, **packed)
    assert [row["rating"] for row in tables["ratings"]] == ["5.0", "3.5"]
    assert pieces["ratings"].name == "ratings.csv"


@pytest.mark.parametrize("suffix", [None, *PACKERS])
def test_a_tar_may_be_packed(tmp_path, suffix):
    data = tar(ratings_dot_csv=RATINGS, movies_dot_csv=MOVIES)
    path = tmp_path / f"ml.tar.{suffix}"
    path.write_bytes(PACKERS[suffix](data) if suffix else data)
    tables = {piece.contract.table: rows(piece.read(Notes())) for piece in MovieLens(str(path), tmp_path).pieces()}
    assert [row["rating"] for row in tables["ratings"]] == ["5.0", "3.5"]
    assert [row["title"] for row in tables["movies"]] == ["Heat (1995)"]


def test_parquet(tmp_path):
    sink = io.BytesIO()
    columns = {
        "userId": [1, 2],
        "movieId": [11.0, 11.0],
        "rating": [5.0, 3.5],
        "timestamp": pa.array([1147880044, 1147880045], pa.timestamp("s")),
    }
    parquet.write_table(pa.table(columns), sink)
    movies = io.BytesIO()
    parquet.write_table(
        pa.table({"movieId": [11], "title": ['Heat, "the" film'], "genres": [["Crime", "Film, noir"]]}), movies
    )
    tables, _, _ = read(tmp_path, ratings_dot_parquet=sink.getvalue(), movies_dot_parquet=movies.getvalue())
    assert tables["ratings"][1] == {
        "user_id": "2",
        "movie_id": "11",
        "rating": "3.5",
        "rated_at": "2006-05-17T15:34:05",
    }
    assert tables["movies"] == [{"movie_id": "11", "title": 'Heat, "the" film', "genres": "Crime|Film, noir"}]


def test_json_lines(tmp_path):
    lines = '{"userId": 1, "movieId": 11, "rating": 4.50, "timestamp": 1147880044}\n{"movieId": 11, "userId": 2}\n'
    tables, _, _ = read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_jsonl=lines)
    assert tables["ratings"][0] == {"user_id": "1", "movie_id": "11", "rating": "4.50", "rated_at": "1147880044"}
    assert tables["ratings"][1]["rating"] == ""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_json_lines_in_other_encodings_and_with_other_line_ends(tmp_path, encoding, line_end):
    line = '{"userId": 1, "movieId": 11, "rating": 4, "timestamp": 1147880044}'
    lines = line_end.join([line, line.replace("11,", "862,")])
    (tmp_path / "ratings.jsonl").write_bytes((lines + line_end).encode(encoding))
    tables, _, _ = read(tmp_path, movies_dot_csv=MOVIES)
    assert [(row["user_id"], row["movie_id"]) for row in tables["ratings"]] == [("1", "11"), ("1", "862")]


def test_values_that_mongodb_wraps_are_unwrapped(tmp_path):
    line = (
        '{"_id": {"$oid": "0a"}, "userId": {"$numberInt": "1"}, "movieId": {"$numberLong": "11"}, '
        '"rating": {"$numberDouble": "4.5"}, "timestamp": {"$date": {"$numberLong": "1147880044000"}}}'
    )
    tables, _, _ = read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_jsonl=f"{line}\n")
    (row,) = tables["ratings"]
    assert [row[name] for name in ("user_id", "movie_id", "rating", "rated_at")] == ["1", "11", "4.5", "1147880044000"]


def test_lines_may_end_in_cr(tmp_path):
    tables, _, _ = read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=RATINGS.replace("\n", "\r"))
    assert len(tables["ratings"]) == 2


def sqlite_bytes(folder):
    path = folder.parent / f"{folder.name}.db"
    with sqlite3.connect(path) as database:
        database.execute("create table ratings (a)")
    return path.read_bytes()


@pytest.mark.parametrize("genres", ['"Action, Science Fiction"', "Action|Science Fiction"])
def test_genres_that_somebody_has_taken_out_of_tmdbs_lists_are_kept(tmp_path, genres):
    movies = f"id,title,release_date,imdb_id,genres\n11,Heat,1995-12-15,tt0113277,{genres}\n"
    tables, _, _ = read(tmp_path, all_dot_csv=movies, ratings_dot_csv=RATINGS)
    assert tables["movies"][0]["genres"] == genres.strip('"')


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("ratings-2.csv", gzip.compress(gzip.compress(RATINGS.encode(), mtime=0), mtime=0), "packed twice"),
        ("ratings.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 99, "a spreadsheet of Excel"),
        ("ratings.db", sqlite_bytes, "a SQLite database.*sqlite3 -header -csv"),
        ("ratings.h5", b"\x89HDF\r\n" + b"\0" * 99, "an HDF5 file"),
        ("ratings.json", b'[{"userId": 1}]', "a JSON array"),
        ("ratings.json", b'{\n "ratings": [\n  {"userId": 1}\n ]\n}\n', "a JSON document over several lines"),
        ("ratings.json", b'{"userId":{"0":1,"1":2},"movieId":{"0":1,"1":2}}', "JSON with an object for each column"),
        ("ratings-2.csv.Z", b"\x1f\x9d\x90" + b"\0" * 99, "packed by compress"),
        ("ratings-2.csv.br", bytes(range(256)), "not text, and of no kind that is read"),
        ("ratings-2.csv", RATINGS.encode("utf-16-le"), "text in UTF-16 without a byte order mark"),
        ("ratings.xml", b"<?xml version='1.0'?>\n<ratings/>\n", "XML or HTML"),
        ("ratings.sql", b"-- dump\nCREATE TABLE ratings (a int);\n", "a dump of a database"),
        ("ratings.sql", b"--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n", "a dump of a database"),
        ("ratings.sql", b"-- MySQL dump 10.13  Distrib 8.0.35, for Linux (x86_64)\n--\n", "a dump of a database"),
        ("ratings.sql", b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB", "a dump of a database"),
        ("ratings.sql", b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "a dump of a database"),
        ("ratings.dump", b"PGDMP\x01\x0e\0\4\x08\1\1\1" + b"\0" * 99, "a dump of a database.*pg_restore"),
        ("ratings.bin", b"PGCOPY\n\xff\r\n\0" + b"\0" * 99, "written by COPY as binary"),
        ("ratings-2.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "a pointer of Git LFS"),
        ("ratings-2.json", '[{"userId": 1}]'.encode("utf-16"), "a JSON array"),
        ("ratings.pkl", b"\x80\x02]q\x00(K\x01K\x02e.", "a pickle of Python"),
        ("ratings.rds", gzip.compress(b"X\n\0\0\0\3\0\4" + b"\0" * 99, mtime=0), "data of R"),
        ("ratings.mtx", b"%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 5\n", "a matrix"),
        ("ratings.arff", b"% made by\n@RELATION ratings\n@attribute userId numeric\n@data\n1\n", "ARFF"),
        ("ratings.yaml", b"- userId: 1\n  movieId: 2\n  rating: 5\n", "YAML"),
        ("ratings.xpt", b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 99, "a file of SAS"),
        ("ratings-2.csv.lz4", b"\x04\x22\x4d\x18" + b"\0" * 99, "packed by LZ4"),
        ("ratings-2.zip", b"PK\x03\x04" + b"\0" * 99, "a zip inside"),
    ],
)
def test_ratings_in_a_form_that_is_not_read_are_named_and_may_be_left_out(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content(tmp_path) if callable(content) else content)
    with pytest.raises(SourceError, match=rf"{name} is {sentence}.*; or leave it out by MOVIEREC_EXCLUDE={name}"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=RATINGS)
    state = InMemoryState()
    tables = [piece.contract.table for piece in MovieLens(str(tmp_path), tmp_path, (name,)).pieces(state)]
    assert tables == ["movies", "ratings"]
    assert state.remarks == [f"{name} is not read: MOVIEREC_EXCLUDE leaves it out"]


def test_other_files_are_named_with_the_reason(tmp_path):
    _, _, remarks = read(
        tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=RATINGS, notes_dot_txt="about\n", a_dot_pdf=b"%PDF"
    )
    assert "notes.txt is not read: it is not a table that a rating dataset has" in remarks
    assert "a.pdf is not read: it is a PDF" in remarks


# --- a tag genome

GENOME_TAGS = "tagId,tag\n1,crime\n2,heist | bank\n3,slow\n"


def test_a_tag_genome_is_one_row_for_each_movie_with_its_best_tags_first(tmp_path):
    scores = "movieId,tagId,relevance\n11,1,0.97\n11,2,1\n11,3,0.02500\n12,1,0.5\n"
    tables, _, remarks = read(
        tmp_path,
        **{"movies_dot_csv": MOVIES, "ratings_dot_csv": RATINGS},
        **{"genome-scores_dot_csv": scores, "genome-tags_dot_csv": GENOME_TAGS},
    )
    assert tables["genome"] == [
        {"movie_id": "11", "tags": "heist   bank|crime|slow", "relevances": "1|0.97|0.025"},
        {"movie_id": "12", "tags": "crime", "relevances": "0.5"},
    ]
    assert "genome-scores.csv and genome-tags.csv are a tag genome; each movie has its 100 best tags" in remarks


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ("movieId,tagId,relevance\n11,1,0.9\n12,1,0.5\n11,2,0.1\n", "the rows of movie 11 lie apart"),
        ("movieId,tagId,relevance\n11,1,9.5\n", "movie 11 has a relevance that is not a number from 0 to 1"),
        ("movieId,tagId,relevance\n11,7,0.5\n", "movie 11 has the tag 7, which has no word"),
        ("movieId,tagId,relevance\n11,1,high\n", "is not a tag genome"),
        ("movieId,tagId,relevance\n11,1,\n", "lacks a value"),
        ("movieId,tagId,score\n11,1,0.5\n", "genome-scores.csv is not read: it is a part of a tag genome"),
    ],
)
def test_a_broken_tag_genome_is_left_out_with_a_sentence(tmp_path, scores, sentence):
    tables, _, remarks = read(
        tmp_path,
        **{"movies_dot_csv": MOVIES, "ratings_dot_csv": RATINGS},
        **{"genome-scores_dot_csv": scores, "genome-tags_dot_csv": GENOME_TAGS},
    )
    assert list(tables) == ["movies", "ratings"]
    assert sentence in remarks


def test_an_optional_file_that_is_cut_off_in_its_middle_is_left_out(tmp_path):
    users = "userId,age,gender\n" + "".join(f"{user},{user * 7919 % 60 + 10},F\n" for user in range(400_000))
    packed = gzip.compress(users.encode())
    tables, _, remarks = read(
        tmp_path,
        **{"movies_dot_csv": MOVIES, "ratings_dot_csv": RATINGS},
        users_dot_csv_dot_gz=packed[: len(packed) // 2 * 2 - 99],
    )
    assert list(tables) == ["movies", "ratings"]
    assert "users.csv is left out, and with it user_profile" in remarks


# --- headers


def test_a_header_in_another_language_is_shown_with_what_is_needed(tmp_path):
    with pytest.raises(
        SourceError, match=r"votos.csv has the columns usuario, pelicula, nota, fecha, and lacks user_id"
    ):
        read(tmp_path, movies_dot_csv=MOVIES, votos_dot_csv="usuario,pelicula,nota,fecha\n1,11,5,1147880044\n")


def test_the_nearest_name_is_asked_about(tmp_path):
    text = RATINGS.replace("rating", "user_ratng").replace("timestamp", "time_stamp")
    with pytest.raises(SourceError, match=r"is user_ratng meant to be rating\?|ratng"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=text)


def test_types_are_cut_in_recboles_files_alone(tmp_path):
    header = "Unnamed: 0.1,Unnamed: 0,userId,movieId,rating,timestamp"
    (tmp_path / "ratings.csv").write_text(f"{header}\n0,0,1,11,5.0,1147880044\n")
    (tmp_path / "movies.csv").write_text(MOVIES)
    notes = Notes()
    (piece,) = [it for it in MovieLens(str(tmp_path), tmp_path).pieces() if it.contract.table == "ratings"]
    list(piece.read(notes))
    assert notes.new_columns == ["Unnamed: 0.1", "Unnamed: 0"]


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("user,item,score,ts", "is score meant to be rating?; is ts meant to be rated_at?"),
        ("nutzer,film_id,bewertung,datum", "is nutzer meant to be user_id?; is bewertung meant to be rating?"),
        ("USER_ID,MOVIE_ID,RATING,RATING_TIME", "is RATING_TIME meant to be rated_at?"),
        ("userId,artistId,rating,timestamp", "is artistId meant to be movie_id?"),
        ("user_id,book_id,rating,timestamp", "is book_id meant to be movie_id?"),
    ],
)
def test_a_usual_name_of_elsewhere_is_asked_about(tmp_path, header, hint):
    with pytest.raises(SourceError) as refused:
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=f"{header}\n1,11,5,1147880044\n")
    assert hint in str(refused.value)


def test_a_file_that_is_named_ratings_and_reads_as_movies_is_described(tmp_path):
    line = '{"movie_id": "11", "movie_title": "Heat", "timestamp": 1147880044, "user_id": "1", "user_rating": 4.0}\n'
    with pytest.raises(SourceError, match=r"ratings.jsonl has the columns .* lacks rating; is user_rating meant to be"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_jsonl=line)


def test_a_file_that_is_named_ratings_and_has_no_columns_is_described(tmp_path):
    with pytest.raises(SourceError, match=r"ratings.md has no columns that are separated by commas"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_md="# Ratings\n\nnone yet\n")


@pytest.mark.parametrize(
    ("document", "columns"),
    [
        ('{"data": [{"userId": 1, "movieId": 11}]}', "data"),
        ('{"columns": ["userId"], "index": [0], "data": [[1]]}', "columns, index, data"),
    ],
)
def test_keys_of_a_json_document_are_named_as_columns(tmp_path, document, columns):
    with pytest.raises(SourceError, match=rf"ratings.json has the columns {columns}, and lacks user_id"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_json=document)


def test_one_column_is_no_hint_for_two(tmp_path):
    with pytest.raises(SourceError) as refused:
        read(tmp_path, movies_dot_csv=MOVIES, votes_dot_csv="id,rating,timestamp\n1,5,1147880044\n")
    assert str(refused.value).count("is id meant to be") == 1


def test_a_column_that_is_known_is_no_hint_for_another(tmp_path):
    _, _, remarks = read(
        tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=RATINGS, links_dot_csv="movieId,tmdbId\n11,862\n"
    )
    assert "links.csv is left out" in remarks
    assert "meant to be" not in remarks


def test_a_table_without_a_header_is_described_by_kinds(tmp_path):
    lines = "".join(f"A{user},B00{user},5.0,1147880044\n" for user in range(30))
    with pytest.raises(
        SourceError, match=r"x_and_tv.csv begins with no names of columns but values: a text, a text, a"
    ):
        read(tmp_path, movies_dot_csv=MOVIES, x_and_tv_dot_csv=lines)


def test_a_wide_table_is_not_listed_whole(tmp_path):
    header = ",".join(["user_id", *(f"film {number}" for number in range(500))])
    with pytest.raises(SourceError, match=r"film 28 and 471 more; required"):
        read(tmp_path, movies_dot_csv=MOVIES, ratings_dot_csv=f"{header}\n")


@pytest.mark.parametrize("log", ["_delta_log/00000000000000000000.json", "metadata/v2.metadata.json"])
def test_a_table_whose_files_do_not_all_count_is_refused(tmp_path, log):
    (tmp_path / "ratings" / log).parent.mkdir(parents=True)
    (tmp_path / "ratings" / log).write_text('{"add": {"path": "part-1.csv"}}\n')
    (tmp_path / "ratings" / "part-0.csv").write_text(RATINGS)
    with pytest.raises(
        SourceError, match=rf"Delta Lake or Iceberg, of which ratings/{log} says which files still count"
    ):
        read(tmp_path, movies_dot_csv=MOVIES)
