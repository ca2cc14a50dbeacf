"""Backslashes that protect what stands behind them, in every dialect that is claimed to be read; and all others."""

import csv
import io

import pytest

from movierec.sources.movielens_tables import find_tables
from movierec.sources.source import Notes
from movierec.sources.text.quoting import Evidence, weigh
from tests.sources.copied import rows
from tests.written_tables import jsonl, parquet_of

HEADER = ("movieId", "title", "genres")
TITLES = (
    *('Say "Hi"', "Comma, The", "Semi;colon", "Bar|bed", "Tab\tbed", "AC\\DC", '"Start" of it', 'End\\"'),
    *("two\nlines", "Plain", "\\", "last\\\nline"),
)
ROWS = [(str(number), title, "Film-Noir") for number, title in enumerate(TITLES)]
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(f"1,{row[0]},4,96498270{row[0][-1]}\n" for row in ROWS)
DELIMITERS = [",", ";", "\t", "|"]


def titles(folder, content, name="movies.csv"):
    """Return the titles of a file of movies as they come to raw."""
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (table,) = [table for table in find_tables(folder) if table.contract.table == "movies"]
    return [row["title"] for row in rows(table.read(Notes()))]


def written(table, **dialect):
    sink = io.StringIO()
    csv.writer(sink, doublequote=False, escapechar="\\", **dialect).writerows(table)
    return sink.getvalue()


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_NONE, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_python_and_pandas_escape_comes_back(tmp_path, delimiter, quoting, line_end):
    content = written([HEADER, *ROWS], delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    assert titles(tmp_path, content) == list(TITLES)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_NONE, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_one_line_of_a_thousand_tells_the_dialect(tmp_path, delimiter, quoting):
    plain = [(str(number), f"Film {number}", "Drama") for number in range(3_000)]
    content = written([HEADER, *plain, ("7", 'Say "Hi"', "A")], delimiter=delimiter, quoting=quoting)
    assert titles(tmp_path, content)[-1] == 'Say "Hi"'


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_backslashes_that_protect_nothing_are_letters(tmp_path, delimiter):
    names = ["C:\\films\\new", "\\\\server\\share", "a\\Name", "¯\\_(ツ)_/¯", "ends with \\", "Plain"]
    lines = [delimiter.join(HEADER), *(delimiter.join((str(at), name, "A")) for at, name in enumerate(names)), ""]
    assert titles(tmp_path, "\n".join(lines)) == names


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_paths_of_windows_in_doubled_quotes_are_whole(tmp_path, delimiter):
    names = ["C:\\films\\", 'C:\\the "best"\\', f"C:\\a{delimiter}b\\"]
    sink = io.StringIO()
    table = [(str(at), name, "A") for at, name in enumerate(names)]
    csv.writer(sink, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *table])
    assert titles(tmp_path, sink.getvalue()) == names


def test_a_path_in_the_last_column_does_not_go_on_in_the_next_line(tmp_path):
    content = "movieId,genres,title\n1,A,C:\\films\\\n2,B,C:\\new\\\n3,C,Plain\n"
    assert titles(tmp_path, content) == ["C:\\films\\", "C:\\new\\", "Plain"]


def test_a_title_in_the_last_column_goes_on_in_the_next_line(tmp_path):
    assert titles(tmp_path, "movieId,genres,title\n1,A,two\\\nlines\n2,B,Plain\n") == ["two\nlines", "Plain"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_spark_escapes_in_quotes_and_leaves_other_backslashes(tmp_path, delimiter):
    lines = ['1,"Say \\"Hi\\", twice",A', "2,AC\\DC,B", '3,"Back\\slash \\"it\\"",C', '4,"\\"",D']
    content = "\n".join(["movieId,title,genres", *lines, ""]).replace(",", delimiter)
    found = titles(tmp_path, content)
    assert found == [f'Say "Hi"{delimiter} twice', "AC\\DC", 'Back\\slash "it"', '"']


def test_mysql_into_outfile_escapes_tabs_line_ends_and_backslashes_and_writes_null(tmp_path):
    content = 'movieId\ttitle\tgenres\n1\tTab\\\tbed\\\nand more\tA\n2\tAC\\\\DC "live"\t\\N\n3\t"Alien" 3\tC\n'
    assert titles(tmp_path, content) == ["Tab\tbed\nand more", 'AC\\DC "live"', '"Alien" 3']
    (table,) = [table for table in find_tables(tmp_path) if table.contract.table == "movies"]
    assert [row["genres"] for row in rows(table.read(Notes()))] == ["A", None, "C"]


def test_mysql_into_outfile_with_commas_and_enclosed_values(tmp_path):
    content = 'movieId,title,genres\n1,"Say \\"Hi\\", AC\\\\DC",\\N\n2,"two\\\nlines",A\n'
    assert titles(tmp_path, content) == ['Say "Hi", AC\\DC', "two\nlines"]


def test_copy_of_postgresql_and_mysqls_output_write_letters_between_tabs(tmp_path):
    content = "movieId\ttitle\tgenres\n1\ttwo\\nlines\\tand AC\\\\DC\tA\n2\tPlain\t\\N\n"
    assert titles(tmp_path, content) == ["two\nlines\tand AC\\DC", "Plain"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_nothing_but_a_backslash_and_n_is_null_and_says_nothing_of_escapes(tmp_path, delimiter):
    content = "movieId,title,genres\n1,C:\\films,\\N\n2,Name \\N,B\n".replace(",", delimiter)
    assert titles(tmp_path, content) == ["C:\\films", "Name \\N"]
    (table,) = [table for table in find_tables(tmp_path) if table.contract.table == "movies"]
    assert [row["genres"] for row in rows(table.read(Notes()))] == [None, "B"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_backslashes_of_parquet_and_json_lines_are_letters(tmp_path, kind):
    names = ['Say \\"Hi\\"', "a\\,b", "AC\\\\DC"]
    table = [(str(at), name, "A") for at, name in enumerate(names)]
    columns = {name: [row[at] for row in table] for at, name in enumerate(HEADER)}
    content = jsonl(HEADER, table) if kind == "jsonl" else parquet_of(columns)
    assert titles(tmp_path, content, f"movies.{kind}") == names


def test_numbers_with_escaped_separators_are_whole(tmp_path):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1234,Heat,Crime\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n7,1\\,234,4\\,5,964982703\n")
    (table,) = [table for table in find_tables(tmp_path) if table.contract.table == "ratings"]
    assert rows(table.read(Notes()))[0]["movie_id"] == "1,234"


@pytest.mark.parametrize(
    ("line", "evidence"),
    [
        ("1,a\\,b,c", Evidence(1, 0)),
        ("1,a\\,b", Evidence(0, 1)),
        ('1,Say \\"Hi\\",c', Evidence(2, 0)),
        ('1,"ends\\",c', Evidence(0, 1)),
        ("1,C:\\new,\\N", Evidence(0, 1, 1)),
        ("\\N,\\N,\\N", Evidence(0, 0, 1)),
    ],
)
def test_each_backslash_speaks_for_escapes_or_for_letters(line, evidence):
    assert weigh([line], ",", 3, is_quoted=True) == evidence


@pytest.mark.parametrize("delimiter", ["\t", "|"])
def test_quotes_that_some_lines_need_and_escapes_within_them(tmp_path, delimiter):
    lines = ["movieId,title,genres", "0,AC\\\\DC,A", '1,"Both, \\"of; them,",A', '2,Say \\"Hi\\",A', ""]
    content = "\n".join(lines).replace(",", delimiter)
    both = f'Both{delimiter} "of; them{delimiter}'
    assert titles(tmp_path, content) == ["AC\\DC", both, 'Say "Hi"']


@pytest.mark.parametrize("delimiter", ["\t", "|"])
def test_a_value_in_quotes_that_holds_the_delimiter_is_one(tmp_path, delimiter):
    content = "movieId,title,genres\n0,Plain,A\n1,'Both, of',A\n".replace(",", delimiter).replace("'", '"')
    assert titles(tmp_path, content) == ["Plain", f"Both{delimiter} of"]


@pytest.mark.parametrize("delimiter", ["\t", "|"])
def test_quotes_around_two_values_are_letters(tmp_path, delimiter):
    content = "movieId,title,genres\n0,'Plain,A'\n".replace(",", delimiter).replace("'", '"')
    assert titles(tmp_path, content) == ['"Plain']
