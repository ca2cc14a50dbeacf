import bz2
import gzip
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from movierec.errors import SourceError
from movierec.sources.movielens import MovieLens, profiles
from movierec.sources.movielens_layouts import GENRES
from movierec.sources.movielens_tables import find_tables
from movierec.sources.source import Notes
from tests import movielens
from tests.sources.copied import rows
from tests.sources.web import serve

LATEST_SMALL = Path(__file__).resolve().parents[3] / "shared" / "data" / "ml-latest-small"
FLAGS = "0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0"
LAYOUTS = {
    "100k": {
        "u.data": "196\t242\t3\t881250949\n",
        "u.item": f"1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)|{FLAGS}\n",
        "u.user": "1|24|M|technician|85711\n",
        "u.genre": "unknown|0\nAction|1\n",
        "u1.base": "196\t242\t3\t881250949\n",
        "README": "about\n",
    },
    "1m": {
        "ratings.dat": "1::1193::5::978300760\n",
        "movies.dat": "1::Toy Story (1995)::Animation|Children's|Comedy\n",
        "users.dat": "1::F::1::10::48067\n",
    },
    "10m": {
        "ratings.dat": "1::122::5::838985046\n",
        "movies.dat": "1::Toy Story (1995)::Adventure|Animation\n",
        "tags.dat": "15::4973:::)::1215184630\n",
    },
    "25m": {
        "ratings.csv": "userId,movieId,rating,timestamp\r\n1,296,5.0,1147880044\r\n",
        "movies.csv": 'movieId,title,genres\r\n11,"American President, The (1995)",Comedy|Drama\r\n',
        "tags.csv": "userId,movieId,tag,timestamp\r\n3,260,classic,1439472355\r\n",
        "links.csv": "movieId,imdbId,tmdbId\r\n1,0114709,862\r\n",
        "genome-tags.csv": "tagId,tag\r\n1,007\r\n",
        "genome-scores.csv": "movieId,tagId,relevance\r\n1,1,0.029\r\n",
    },
}
PROFILE = {"user_id": "1", "age": "24", "gender": "M", "occupation": "technician", "zip_code": "85711"}


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def pieces(path):
    return list(MovieLens(str(path), Path("/nowhere")).pieces())


def read(path):
    """Return the rows by table; a dataset of one row per table is easy to compare."""
    return {piece.contract.table: rows(piece.read(Notes())) for piece in pieces(path)}


def offered_pieces(path):
    return [(piece.contract.table, piece.name) for piece in pieces(path)]


def test_movielens_100k(tmp_path):
    found = read(write(tmp_path, LAYOUTS["100k"]))
    assert list(found) == ["movies", "user_profile", "ratings"]
    assert found["ratings"] == [{"user_id": "196", "movie_id": "242", "rating": "3", "rated_at": "881250949"}]
    assert found["user_profile"] == [PROFILE]
    assert found["movies"] == [
        {
            "movie_id": "1",
            "title": "Toy Story (1995)",
            "release_date": "01-Jan-1995",
            "genres": "Animation|Children's|Comedy",
            "extra": {"imdb_url": "http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)"},
        }
    ]


def test_movielens_100k_is_western(tmp_path):
    line = LAYOUTS["100k"]["u.item"].replace("Toy Story", "Misérables, Les").encode("latin-1")
    (movie,) = read(write(tmp_path, {**LAYOUTS["100k"], "u.item": line}))["movies"]
    assert movie["title"] == "Misérables, Les (1995)"


def test_flags_that_are_none_are_kept_as_they_came(tmp_path):
    first = LAYOUTS["100k"]["u.item"]
    shifted = first.replace("Toy Story", "Toy|Story")
    short = "3|Short|01-Jan-1995||\n"
    found = read(write(tmp_path, {**LAYOUTS["100k"], "u.item": first * 3 + shifted + short}))["movies"]
    assert found[3]["extra"]["overflow"] == ["0"]
    assert len(found[3]["extra"]["flags"]) == len(GENRES) + 1
    assert found[4]["extra"] == {"missing": len(GENRES), "flags": []}
    assert found[4]["genres"] is None


def test_movielens_1m(tmp_path):
    found = read(write(tmp_path, LAYOUTS["1m"]))
    assert list(found) == ["movies", "user_profile", "ratings"]
    assert found["ratings"] == [{"user_id": "1", "movie_id": "1193", "rating": "5", "rated_at": "978300760"}]
    assert found["movies"] == [{"movie_id": "1", "title": "Toy Story (1995)", "genres": "Animation|Children's|Comedy"}]
    assert found["user_profile"] == [
        {"user_id": "1", "gender": "F", "age": "1", "occupation": "10", "zip_code": "48067"}
    ]


def test_movielens_10m_has_tags(tmp_path):
    found = read(write(tmp_path, LAYOUTS["10m"]))
    assert list(found) == ["movies", "ratings", "tags"]
    assert found["tags"] == [{"user_id": "15", "movie_id": "4973", "tag": ":)", "tagged_at": "1215184630"}]


def test_movielens_25m_with_its_genome(tmp_path):
    found = read(write(tmp_path, LAYOUTS["25m"]))
    assert list(found) == ["movies", "links", "genome", "ratings", "tags"]
    assert found["movies"][0]["title"] == "American President, The (1995)"
    assert found["links"] == [{"movie_id": "1", "imdb_id": "0114709", "tmdb_id": "862"}]
    assert found["genome"] == [{"movie_id": "1", "tags": "007", "relevances": "0.029"}]


def test_recbole_atomic_files(tmp_path):
    found = read(movielens.write(tmp_path))
    assert list(found) == ["movies", "movie_link", "graph", "user_profile", "ratings"]
    assert found["movies"][0] == {
        "movie_id": "1",
        "title": "Toy Story",
        "release_year": "1995",
        "genres": "Animation Children's Comedy",
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_do_not_matter_where_the_content_tells(tmp_path, layout):
    files = {
        name: content for name, content in LAYOUTS[layout].items() if not name.startswith(("genome", "u1", "READ"))
    }
    renamed = {f"file{number}.txt": content for number, content in enumerate(files.values())}
    assert list(read(write(tmp_path / "renamed", renamed))) == list(read(write(tmp_path / "named", files)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_zip_with_a_top_folder_is_the_same_dataset(tmp_path, layout):
    folder = write(tmp_path / "set", LAYOUTS[layout])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"ml-{layout}/{path.name}")
    assert read(tmp_path / "set.zip") == read(folder)
    assert [piece.fingerprint for piece in pieces(tmp_path / "set.zip")] == [
        piece.fingerprint for piece in pieces(folder)
    ]


def test_a_dataset_comes_from_a_url(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name, content in LAYOUTS["1m"].items():
            archive.writestr(f"ml-1m/{name}", content)
    with serve({"/ml-1m.zip": (tmp_path / "set.zip").read_bytes()}) as site:
        found = list(MovieLens(site.address + "/ml-1m.zip", tmp_path / "cache").pieces())
    assert [piece.name for piece in found] == ["movies.dat", "users.dat", "ratings.dat"]


def test_other_editions_are_recognised_by_their_header(tmp_path):
    files = {
        "my_ratings.csv": "timestamp;rating;movieId;userId\n99;3;2;1\n",
        "films.tsv": "movie_id\ttitle\n2\tAlien\n",
        "people.csv": "userId|age\n1|24\n",
    }
    found = read(write(tmp_path, files))
    assert found["ratings"] == [{"rated_at": "99", "rating": "3", "movie_id": "2", "user_id": "1"}]
    assert found["movies"] == [{"movie_id": "2", "title": "Alien"}]
    assert found["user_profile"] == [{"user_id": "1", "age": "24"}]


def test_a_table_may_come_in_parts_packed_or_not(tmp_path):
    header = "userId,movieId,rating,timestamp\n"
    files = {
        **{"movies.csv": "movieId,title,genres\n1,A,B\n", "ratings/2024-05.csv": header + "1,1,3,99\n"},
        **{"ratings/2024-06.csv.gz": gzip.compress((header + "1,1,4,100\n").encode())},
    }
    assert offered_pieces(write(tmp_path, files)) == [
        ("movies", "movies.csv"),
        ("ratings", "ratings/2024-05.csv"),
        ("ratings", "ratings/2024-06.csv"),
    ]


def test_scraped_movies_with_credits_and_links_serve_three_tables(tmp_path):
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\n1,1,3,99\n",
        "scraped.csv": "movieId,title,director,actors,imdbId,mood\n1,A,B,C,0114709,dark\n",
    }
    found = {piece.contract.table: piece for piece in pieces(write(tmp_path, files))}
    assert list(found) == ["movies", "links", "credits", "ratings"]
    notes = Notes()
    assert rows(found["credits"].read(notes))[0]["director"] == "B"
    assert notes.new_columns == ["mood"]


def test_credits_beside_the_movies_are_no_movies(tmp_path):
    files = {**LAYOUTS["25m"], "credits.csv": "movieId,title,actors,director\n11,American President,A,B\n"}
    assert ("credits", "credits.csv") in offered_pieces(write(tmp_path, files))
    assert [name for table, name in offered_pieces(tmp_path) if table == "movies"] == ["movies.csv"]


@pytest.mark.parametrize(
    ("files", "row"),
    [
        ({"a.csv": "user,item,stars,date\n1,2,3,99\n"}, ("1", "2", "3", "99")),
        ({"a.csv": "uid;movie;ratings;time\n1;2;3;99\n"}, ("1", "2", "3", "99")),
        ({"a.tsv": "viewer-id\tiid\tRating\tdatetime\n1\t2\t3\t99\n"}, ("1", "2", "3", "99")),
        ({"a.csv": "User ID,film_id,rating,Rated-At\n1,2,3,99\n"}, ("1", "2", "3", "99")),
    ],
)
def test_ratings_are_known_by_any_of_their_columns_names(tmp_path, files, row):
    found = read(write(tmp_path, {"movies.csv": LAYOUTS["25m"]["movies.csv"], **files}))
    assert found["ratings"] == [dict(zip(("user_id", "movie_id", "rating", "rated_at"), row, strict=True))]


def test_movies_and_users_are_known_by_any_of_their_columns_names(tmp_path):
    files = {
        "ratings.csv": LAYOUTS["25m"]["ratings.csv"],
        "a.csv": "item,name,year,genre\n1,Heat,1995,Crime\n",
        "b.csv": "user,age,sex,ZIP code,name\n1,24,M,85711,Joe\n",
        "c.csv": "movieId,directors,actor,writer\n1,A,B,C\n",
    }
    found = read(write(tmp_path, files))
    assert found["movies"] == [{"movie_id": "1", "title": "Heat", "release_year": "1995", "genres": "Crime"}]
    (user,) = found["user_profile"]
    assert (user["gender"], user["zip_code"], user["extra"]) == ("M", "85711", {"name": "Joe"})
    assert found["credits"] == [{"movie_id": "1", "director": "A", "actors": "B", "writers": "C"}]


def test_of_two_columns_that_mean_the_same_the_first_synonym_counts_and_the_other_is_new(tmp_path):
    files = {**LAYOUTS["25m"], "ratings.csv": "userId,movieId,rating,date,timestamp\n1,296,5.0,2006-05-17,1147880044\n"}
    (row,) = read(write(tmp_path, files))["ratings"]
    assert (row["rated_at"], row["extra"]) == ("1147880044", {"date": "2006-05-17"})


def test_a_column_that_stands_twice_stops_the_source(tmp_path):
    files = {**LAYOUTS["25m"], "ratings.csv": "userId,user_id,movieId,rating,timestamp\n1,1,296,5.0,1147880044\n"}
    with pytest.raises(SourceError, match=r"ratings.csv: a column stands twice; seen: userId, user_id"):
        read(write(tmp_path, files))


def test_a_value_that_is_also_a_columns_name_makes_no_header(tmp_path):
    found = read(write(tmp_path, {**LAYOUTS["100k"], "u.user": "1|24|M|writer|85711\n"}))
    assert found["user_profile"] == [{**PROFILE, "occupation": "writer"}]


@pytest.mark.parametrize("missing", ["ratings.csv", "movies.csv"])
def test_ratings_and_movies_are_required(tmp_path, missing):
    files = {name: content for name, content in LAYOUTS["25m"].items() if name != missing}
    with pytest.raises(SourceError, match=rf"no file has {missing[:-4]} \(.*\); seen: genome-.*; required are ratings"):
        pieces(write(tmp_path, files))


def test_nothing_is_offered_when_a_later_file_breaks_its_contract(tmp_path):
    files = {**LAYOUTS["25m"], "ratings.csv": "userId,movieId,score,timestamp\n1,2,3,4\n"}
    with pytest.raises(
        SourceError, match=r"ratings.csv: column rating is missing; seen: userId, movieId, score, timest"
    ):
        next(MovieLens(str(write(tmp_path, files)), tmp_path).pieces())


@pytest.mark.parametrize(("layout", "name"), [("25m", "ratings.csv"), ("100k", "u.data"), ("1m", "movies.dat")])
def test_an_empty_file_is_named(tmp_path, layout, name):
    with pytest.raises(SourceError, match=rf"{name} is empty; required"):
        pieces(write(tmp_path, {**LAYOUTS[layout], name: ""}))


def test_a_damaged_file_is_named(tmp_path):
    packed = gzip.compress(LAYOUTS["25m"]["ratings.csv"].encode())[:-4]
    files = {name: content for name, content in LAYOUTS["25m"].items() if name != "ratings.csv"}
    with pytest.raises(SourceError, match=r"ratings.csv.gz is damaged after"):
        pieces(write(tmp_path, {**files, "ratings.csv.gz": packed}))


def test_two_datasets_in_one_folder_are_one_too_many(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, LAYOUTS["25m"])
    with pytest.raises(SourceError, match=r"more than one dataset: a/movies.csv and b/movies.csv; choose the folder"):
        pieces(tmp_path)


def test_the_fingerprint_is_the_contents(tmp_path):
    first = {piece.name: piece.fingerprint for piece in pieces(write(tmp_path, LAYOUTS["25m"]))}
    (tmp_path / "tags.csv").write_text("userId,movieId,tag,timestamp\n3,260,other,1439472355\n")
    second = {piece.name: piece.fingerprint for piece in pieces(tmp_path)}
    assert [name for name in first if first[name] != second[name]] == ["tags.csv"]


@pytest.mark.parametrize("layout", ["100k", "1m"])
def test_profiles_come_from_any_layout_that_has_them(tmp_path, layout):
    assert [row["user_id"] for row in rows(profiles(write(tmp_path, LAYOUTS[layout])))] == ["1"]


def test_a_layout_without_profiles_has_none(tmp_path):
    assert rows(profiles(write(tmp_path, LAYOUTS["25m"]))) == []


@pytest.mark.skipif(not LATEST_SMALL.is_dir(), reason=f"{LATEST_SMALL} is not on this machine")
def test_every_row_of_the_real_small_edition_arrives():
    notes = Notes()
    counts = {
        piece.contract.table: sum(chunk.data.count(b"\n") for chunk in piece.read(notes))
        for piece in pieces(LATEST_SMALL)
    }
    assert counts == {"movies": 9_742, "links": 9_742, "ratings": 100_836, "tags": 3_683}
    assert notes == Notes()


# --- what lies beside the files of a dataset

RATED = "userId,movieId,rating,timestamp\n1,2,4,964982703\n2,2,3,964982704\n"
TITLED = "movieId,title,genres\n2,Heat,Crime\n"


def dataset(folder, **more):
    """Write a small dataset; a dot in a name is written `_dot_`, a slash `_in_`."""
    for name, text in {"ratings_dot_csv": RATED, "movies_dot_csv": TITLED, **more}.items():
        path = folder / name.replace("_dot_", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def used_files_and_remarks(folder):
    said = []
    return [table.file.name for table in find_tables(folder, remarks=said)], "\n".join(said)


@pytest.mark.parametrize("name", ["ratings.csv~", "ratings.csv.bak", "ratings.csv.part", "ratings.csv.crdownload"])
def test_backups_and_unfinished_downloads_are_named_and_not_read(tmp_path, name):
    (dataset(tmp_path) / name).write_text(RATED.replace("4,", "5,"))
    used, said = used_files_and_remarks(tmp_path)
    assert used == ["movies.csv", "ratings.csv"]
    assert f"{name} is not read: it is by its name a backup or an unfinished download" in said


@pytest.mark.parametrize("name", ["desktop.ini", "Thumbs.db", "~$ratings.xlsx", "_SUCCESS", ".ratings.csv.crc"])
def test_files_that_systems_hide_are_no_files_of_a_dataset(tmp_path, name):
    (dataset(tmp_path) / name).write_bytes(b"[.ShellClassInfo]\n")
    assert used_files_and_remarks(tmp_path) == (["movies.csv", "ratings.csv"], "")


def test_a_name_that_is_no_utf_8_is_spelt_out(tmp_path):
    folder = os.fsencode(dataset(tmp_path))
    os.rename(folder + b"/ratings.csv", folder + b"/ratings-\xe9.csv")  # noqa: PTH104 (a path is text)
    assert used_files_and_remarks(tmp_path)[0] == ["movies.csv", r"ratings-\xe9.csv"]


def test_links_that_are_not_read_are_named_where_ratings_are_missing(tmp_path):
    folder = dataset(tmp_path / "data")
    (folder / "ratings.csv").rename(tmp_path / "elsewhere.csv")
    (folder / "ratings.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(SourceError, match=r"no file has ratings.*ratings.csv is a link out of the dataset's folder"):
        find_tables(folder)


def test_links_in_a_circle_or_to_nothing_are_named_and_stop_nothing(tmp_path):
    folder = dataset(tmp_path)
    (folder / "loop").symlink_to(folder)
    (folder / "tags.csv").symlink_to(folder / "nowhere.csv")
    used, said = used_files_and_remarks(folder)
    assert used == ["movies.csv", "ratings.csv"]
    assert "loop is not read: it is a link to a folder that it lies in" in said
    assert "tags.csv is not read: it is a link that leads nowhere" in said


def test_a_pipe_among_the_files_is_named_and_stops_nothing(tmp_path):
    os.mkfifo(dataset(tmp_path) / "tags.csv")
    assert used_files_and_remarks(tmp_path) == (
        ["movies.csv", "ratings.csv"],
        "tags.csv is not read: it is a device, a pipe or a socket",
    )


def test_folders_of_partitions_divide_one_table(tmp_path):
    more = {
        "ratings_in_year=2000_in_part-0_dot_csv": RATED,
        "ratings_in_year=2001_in_part-0_dot_csv": RATED.replace("1,2,", "7,2,").replace("2,2,", "8,2,"),
    }
    folder = dataset(tmp_path, **more)
    (folder / "ratings.csv").unlink()
    assert used_files_and_remarks(folder)[0] == [
        "movies.csv",
        "ratings/year=2000/part-0.csv",
        "ratings/year=2001/part-0.csv",
    ]


def test_a_file_above_the_top_of_a_zip_is_read_where_it_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("../ratings.csv", RATED)
        archive.writestr("movies.csv", TITLED)
    assert used_files_and_remarks(tmp_path / "set.zip")[0] == ["movies.csv", "../ratings.csv"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("combined_data_1.txt", "1:\n1488844,3,2005-09-06\n", "is written as the Netflix Prize is"),
        ("title.basics.tsv", "tconst\ttitleType\ntt1\tmovie\n", "MOVIEREC_IMDB names it"),
        ("export.json", '[{"rating": 4}]', "is a JSON array"),
        ("notes.ini", "[section]\nx=1\n", "is not a table that a rating dataset has"),
    ],
)
def test_layouts_of_elsewhere_are_named(tmp_path, name, text, sentence):
    (dataset(tmp_path) / name).write_text(text)
    assert sentence in used_files_and_remarks(tmp_path)[1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("userId movieId rating timestamp\n1 2 3 4\n", "is separated by spaces.*seen: userId, movieId, rating"),
        ('"userId" "movieId" "rating"\n"1" 1 2 3\n', "is separated by spaces"),
        ("1 2 4\n1 3 5\n", "is separated by spaces.*seen: no names of columns but values: a whole number"),
    ],
)
def test_spaces_between_columns_are_named(tmp_path, text, sentence):
    with pytest.raises(SourceError, match=sentence):
        find_tables(dataset(tmp_path, ratings_dot_csv=text))


@pytest.mark.parametrize("above", ["# made by a program\n", "Ratings of 2024\n\n", "+----+----+\n", "Exported,2024\n"])
@pytest.mark.parametrize("name", ["ratings.csv", "export.csv"])
def test_a_header_below_other_lines_is_named(tmp_path, above, name):
    folder = dataset(tmp_path)
    (folder / "ratings.csv").unlink()
    (folder / name).write_text(f"{above}userId;movieId;rating;timestamp\n1;1;3;964982703\n")
    with pytest.raises(SourceError, match=rf"{name}: the header \(userId, movieId, rating, .*leave those out"):
        find_tables(folder)


def test_lines_that_stand_in_quotes_as_one_value_are_named(tmp_path):
    lines = '"userId,movieId,rating,timestamp"\n"1,1,3,964982703"\n'
    with pytest.raises(SourceError, match=r"each line stands in quotes as one value; allowed are quotes around each"):
        find_tables(dataset(tmp_path, ratings_dot_csv=lines))


def test_the_mark_of_an_encoding_within_a_file_belongs_to_no_value(tmp_path):
    folder = dataset(tmp_path, ratings_dot_csv="\ufeff" + RATED + "\ufeff" + "9,2,3,964982705\n")
    (table,) = [table for table in find_tables(folder) if table.contract.table == "ratings"]
    assert [row["user_id"] for row in rows(table.read(Notes()))] == ["1", "2", "9"]


def test_objects_in_columns_of_numbers_are_refused(tmp_path):
    nested = "".join(f'{{"user": {{"id": {user}}}, "movie": 2, "rating": 4, "date": 9}}\n' for user in range(30))
    folder = dataset(tmp_path, ratings_dot_jsonl=nested)
    (folder / "ratings.csv").unlink()
    with pytest.raises(SourceError, match=r"ratings.jsonl: column user_id is retyped; seen: an object"):
        find_tables(folder)


@pytest.mark.parametrize(
    "titles",
    [
        ["Café “No. 1” – l’été…", "Amélie", "¿Qué?", "Der Spaß"],
        ["Les Misérables"],
        ["«Été» à côté", "Señora Acero™"],
    ],
)
def test_a_file_of_windows_1252_is_read_as_such(tmp_path, titles):
    table = "movieId,title,genres\n" + "".join(f"{at},{title},Drama\n" for at, title in enumerate(titles))
    assert titles_of(dataset(tmp_path, movies_dot_csv=table.encode("cp1252"))) == titles


def zstd(data):
    return pa.compress(data, "zstd", asbytes=True)


@pytest.mark.parametrize("packed", [bytes, gzip.compress, bz2.compress, zstd])
def test_a_packed_file_is_recognised_by_as_many_lines_as_another(tmp_path, packed):
    titles = [*(f"Film {number}" for number in range(200)), "bar|bed", 'say "hi", twice']
    rows = "".join(f"{at}|{title}|Drama\n" for at, title in enumerate(titles[:-2]))
    table = f'movieId|title|genres\n{rows}200|"bar|bed"|Drama\n201|"say ""hi"", twice"|Drama\n'
    assert titles_of(dataset(tmp_path, movies_dot_csv=packed(table.encode()))) == titles


@pytest.mark.parametrize(
    ("title", "encoding"),
    [
        ("Матрица и Брат", "cp1251"),
        ("Źdźbło i łąka", "cp1250"),
        ("七人の侍", "shift-jis"),
        ("霸王别姬", "gbk"),
        ("Ζορμπάς", "cp1253"),
        ("Kış Uykusu", "cp1254"),
    ],
)
def test_other_encodings_are_not_taken_for_it(tmp_path, title, encoding):
    content = f"movieId,title,genres\n1,{title},Drama\n".encode(encoding)
    assert "\\x" in titles_of(dataset(tmp_path, movies_dot_csv=content))[0]


def test_a_file_of_two_encodings_is_not_taken_for_it(tmp_path):
    content = b"movieId,title,genres\n1,Caf\xc3\xa9,A\n2,Caf\xe9 \x96 2,B\n"
    assert titles_of(dataset(tmp_path, movies_dot_csv=content)) == ["Café", r"Caf\xe9 \x96 2"]


def titles_of(folder):
    (table,) = [table for table in find_tables(folder) if table.contract.table == "movies"]
    return [row["title"] for row in rows(table.read(Notes()))]


@pytest.mark.parametrize("movie", ["1193", "1193.0", "1193,0", "1,193", "1\u202f193", "1.234.567", "1.1930E+03"])
@pytest.mark.parametrize("moment", ["978300760", "978,300,760", "9.78300760E+08", "31 Dec 2000 22:12:40"])
@pytest.mark.parametrize(("name", "delimiter"), [("ratings.dat", "::"), ("u.data", "\t")])
def test_ratings_without_a_header_may_have_numbers_in_every_form(tmp_path, name, delimiter, movie, moment):
    write(
        tmp_path, {name: delimiter.join(("1", movie, "4,5", moment)) + "\n", "movies.csv": "movieId,title\n1193,Heat\n"}
    )
    (found,) = [table for table in find_tables(tmp_path) if table.contract.table == "ratings"]
    assert found.file.name == name
