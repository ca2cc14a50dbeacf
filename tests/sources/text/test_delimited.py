import codecs
import csv
import io
import tracemalloc
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from movierec.config import Settings
from movierec.db import connect
from movierec.errors import SourceError
from movierec.local.postgres import embedded_server
from movierec.sources.source import Notes
from movierec.sources.table_contracts import IMDB_TITLE, MOVIES, RATINGS
from movierec.sources.text import blocks, records
from movierec.sources.text.archive import single_file
from movierec.sources.text.blocks import Converter
from movierec.sources.text.delimited import Table
from movierec.sources.text.file import File
from movierec.sources.text.records import Dialect, Rows
from tests.sources.copied import rows

CSV = Dialect(is_quoted=True)
TSV = Dialect("\t")
RATED = b"userId,movieId,rating,timestamp\n"
TITLED = b"movieId,title,genres\n"


def table(content, contract=RATINGS, dialect=CSV):
    return Table(File("file.csv", "file.csv", lambda: io.BytesIO(content), Path("file.csv")), contract, dialect)


def read(content, contract=RATINGS, dialect=CSV, notes=None):
    return rows(table(content, contract, dialect).read(notes or Notes()))


def movies(content, dialect=CSV):
    """Return the titles that come, with their extras."""
    return [(row["title"], row.get("extra")) for row in read(TITLED + content, MOVIES, dialect)]


def test_a_clean_file_is_copied_in_whole_blocks():
    chunks = list(table(RATED + b"1,2,3.5,99\n" * 10).read(Notes()))
    assert [(chunk.columns, chunk.data) for chunk in chunks] == [
        (("user_id", "movie_id", "rating", "rated_at"), b"1\t2\t3.5\t99\n" * 10)
    ]


def test_windows_line_ends_and_a_byte_order_mark_are_no_content():
    assert read(codecs.BOM_UTF8 + b"userId,movieId,rating,timestamp\r\n1,2,3,99\r\n") == [
        {"user_id": "1", "movie_id": "2", "rating": "3", "rated_at": "99"}
    ]


def test_a_last_line_without_an_end_is_a_row():
    assert [row["rating"] for row in read(RATED + b"1,2,3,99\n1,3,4,99")] == ["3", "4"]


def test_empty_lines_are_no_rows():
    assert len(read(RATED + b"1,2,3,99\n\n1,3,4,99\r\n\r\n\n")) == 2


@pytest.mark.parametrize("blank", [b",,,\n", b",,,\r\n", b'"","",,""\n', b"  \n"])
@pytest.mark.parametrize("first", [b"", b'"9",2,3,99\n'])
def test_lines_without_a_value_are_no_rows(first, blank):
    content = RATED + first + blank + b"1,2,3,99\n" + blank + b"1,3,4,99\n" + blank * 3
    assert [row["rating"] for row in read(content)] == ["3"] * bool(first) + ["3", "4"]


def test_an_object_of_json_without_a_key_is_a_row_that_is_too_short():
    content = b'{"userId": 1, "movieId": 2, "rating": 3, "timestamp": 99}\n{}\n'
    assert [row.get("extra") for row in read(content)] == [None, {"missing": 3}]


def test_a_value_in_quotes_may_be_as_long_as_a_line():
    title = "x, " * 70_000
    assert movies(f'1,"{title}",A\n2,Heat,B\n'.encode()) == [(title, None), ("Heat", None)]


def test_a_quote_that_stays_open_for_too_long_is_told_from_one_that_does_not_pair():
    long = b'1,"' + b"line of a plot\n" * 5_000 + b'end",A\n'
    assert movies(b"2,Heat,B\n" * 600 + long)[600][1]["quoting"] == records.TOO_LONG
    with pytest.raises(SourceError, match=r"a quote that opens in row 1 does not end within 64 KB"):
        movies(long)
    assert movies(b'1,"Toy Story,A\n2,Heat,B\n')[0][1]["quoting"] == records.UNQUOTED


def test_a_value_of_many_lines_at_the_beginning_is_one_value():
    plot = "line of a plot\n" * 2_000
    assert movies(f'1,"{plot}",A\n2,Heat,B\n'.encode()) == [(plot, None), ("Heat", None)]


def test_columns_may_come_in_any_order_and_still_whole():
    (chunk,) = table(b"timestamp,rating,movieId,userId\n99,3,2,1\n").read(Notes())
    assert chunk.columns == ("rated_at", "rating", "movie_id", "user_id")
    assert chunk.data == b"99\t3\t2\t1\n"


def test_a_new_column_is_kept_as_an_extra_and_reported():
    notes = Notes()
    assert read(b"userId,movieId,rating,timestamp,device\n1,2,3,99,phone\n", notes=notes) == [
        {"user_id": "1", "movie_id": "2", "rating": "3", "rated_at": "99", "extra": {"device": "phone"}}
    ]
    assert notes.new_columns == ["device"]


def test_a_column_that_belongs_to_the_layout_is_kept_and_no_news():
    notes = Notes()
    dialect = Dialect(is_quoted=True, expected_extras=frozenset({"device"}))
    (row,) = read(b"userId,movieId,rating,timestamp,device\n1,2,3,99,phone\n", dialect=dialect, notes=notes)
    assert row["extra"] == {"device": "phone"}
    assert notes.new_columns == []


@pytest.mark.parametrize("header", [b"userId,movieId,score,timestamp", b"userId,movieId,timestamp"])
def test_a_renamed_or_removed_column_stops_with_file_column_seen_and_required(header):
    with pytest.raises(SourceError, match=r"file.csv: column rating is missing; seen: userId, .*; required: user_id"):
        read(header + b"\n1,2,3,4\n")


def test_a_retyped_column_stops_before_the_first_row():
    content = RATED + b"".join(b"%d,1,good,99\n" % user for user in range(100))
    with pytest.raises(SourceError, match=r"file.csv: column rating is retyped; seen: 'good'.*allowed: a number"):
        next(table(content).read(Notes()))


def test_an_empty_file_is_named_with_what_it_lacks():
    with pytest.raises(
        SourceError, match=r"file.csv is empty; required is a header with user_id, movie_id, rating, rat"
    ):
        read(b"")
    with pytest.raises(SourceError, match=r"file.csv is empty; required are rows with user_id"):
        read(b"", dialect=Dialect("::", header=("user_id", "movie_id", "rating", "rated_at")))


def test_a_file_without_lines_is_refused_in_few_words():
    with pytest.raises(
        SourceError, match=r"file.csv: the first line has 900,000 bytes; required is a header"
    ) as raised:
        read(b"1,2,3,4\v" * 112_500)
    assert len(str(raised.value)) < 200


def test_a_file_that_is_written_to_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_bytes(RATED + b"1,2,3,99\n")
    _, reader = Table(single_file(path), RATINGS, CSV).checksum_and_reader()
    assert len(rows(reader(Notes()))) == 1
    path.write_bytes(RATED + b"1,2,3,99\n" * 2)
    with pytest.raises(SourceError, match=r"ratings.csv was written to while it was read; try again"):
        rows(reader(Notes()))


def test_a_header_alone_is_a_table_without_rows():
    assert read(RATED) == []
    assert read(RATED.strip()) == []


def test_ragged_rows_say_what_they_lack_and_keep_what_they_have_too_much():
    short, whole, long = read(RATED + b"1,2\n1,2,3,99\n1,2,3,99,and,more\n")
    assert short == {"user_id": "1", "movie_id": "2", "rating": None, "rated_at": None, "extra": {"missing": 2}}
    assert "extra" not in whole
    assert long["extra"] == {"overflow": ["and", "more"]}


def test_quotes_commas_and_newlines_inside_fields_are_content():
    content = b'1,"Matrix, The",A\r\n2,"Say ""Hi""",B\r\n3,"two\r\nlines",C\r\n4,5" tall,D\r\n'
    assert movies(content) == [("Matrix, The", None), ('Say "Hi"', None), ("two\r\nlines", None), ('5" tall', None)]


def test_a_quoted_field_goes_on_across_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "PART_BYTES", 8)
    monkeypatch.setattr("movierec.sources.text.lines.BLOCK_BYTES", 16)
    assert movies(b'1,"one\nand two\nand a third line\nand",A\n2,Next,B\n') == [
        ("one\nand two\nand a third line\nand", None),
        ("Next", None),
    ]


def test_an_unterminated_quote_costs_no_other_row():
    content = b'1,"Never closed,A\n' + b"2,Next,B\n" * 20_000 + b'3,"Closed, The",C\n4,Last,D\n'
    found = movies(content)
    assert found[0] == ('"Never closed', {"quoting": records.TOO_LONG})
    assert len(found) == 20_003
    assert found[-2:] == [("Closed, The", None), ("Last", None)]


def test_an_unterminated_quote_in_the_last_line_is_that_line():
    assert movies(b'1,First,A\n2,"Last,B') == [("First", None), ('"Last', {"quoting": records.UNQUOTED})]


def test_text_after_a_closing_quote_leaves_the_line_as_it_stands():
    assert movies(b'1,"The "Best" Film",A\n') == [('"The "Best" Film"', {"quoting": records.UNQUOTED})]


def test_quotes_in_files_without_quoting_are_content():
    content = b'movieId\ttitle\tgenres\n1\t"Alien" \tHorror\n2\t"open\tDrama\n'
    assert [row["title"] for row in read(content, MOVIES, TSV)] == ['"Alien" ', '"open']


def test_bytes_that_are_no_text_stay_visible_and_are_marked():
    assert movies(b"1,Mis\xe9rables,A\n2,Caf\xc3\xa9,B\n") == [
        (r"Mis\xe9rables", {"encoding": "invalid UTF-8"}),
        ("Café", None),
    ]


def test_an_old_layout_is_western_where_it_is_not_utf8():
    dialect = Dialect(is_quoted=True, is_western=True)
    assert movies(b"1,Mis\xe9rables \x96 1,A\n2,Caf\xc3\xa9,B\n3,\x81,C\n", dialect) == [
        ("Misérables – 1", None),
        ("Café", None),
        ("\x81", None),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_encodings_are_known_by_their_mark(encoding):
    assert movies((b"1,Caf\xc3\xa9,A\n").decode().encode()) == [("Café", None)]
    content = (TITLED.decode() + "1,Café 😀,A\r\n").encode(encoding)
    assert [row["title"] for row in read(content, MOVIES)] == ["Café 😀"]


def test_characters_that_copy_would_read_as_its_own_are_content():
    assert movies(b"1,a\\b\tc\\N,A\n2,\\.,B\n3,a\rb,C\n4,\x00x,D\n") == [
        ("a\\b\tc\\N", None),
        ("\\.", None),
        ("a\rb", None),
        ("\\x00x", None),
    ]


def test_a_null_is_one_where_the_layout_says_so():
    content = (
        b"tconst\ttitleType\tprimaryTitle\toriginalTitle\tstartYear\truntimeMinutes\tgenres\n"
        b"tt1\tmovie\tOne\tUne\t1999\t\\N\t\\N\n"
        b'tt2\tmovie\tA \\N "title"\t\\Name\t1999\t90\tDrama\n'
    )
    first, second = read(content, IMDB_TITLE, Dialect("\t", has_nulls=True))
    assert (first["runtime_minutes"], first["genres"]) == (None, None)
    assert (second["primary_title"], second["original_title"]) == ('A \\N "title"', "\\Name")


def test_two_colons_stand_between_fields():
    dialect = Dialect("::", header=("user_id", "movie_id", "rating", "rated_at"))
    (chunk,) = table(b"1::1193::5::978300760\n" * 3, dialect=dialect).read(Notes())
    assert chunk.data == b"1\t1193\t5\t978300760\n" * 3


def test_a_line_of_ten_megabytes_is_a_row():
    found = movies(b"1," + b"x" * 10_000_000 + b",A\n2,Next,B\n")
    assert [len(title) for title, _ in found] == [10_000_000, 4]


def test_a_file_without_line_ends_is_refused(monkeypatch):
    monkeypatch.setattr("movierec.sources.text.lines.MAX_LINE_BYTES", 1 << 20)
    with pytest.raises(SourceError, match=r"file.csv: a line is longer than 1 MB"):
        movies(b"x" * 5_000_000)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(
    "dialect", [CSV, TSV, Dialect("::"), Dialect("|", is_western=True), Dialect("\t", has_nulls=True)]
)
def test_whole_blocks_and_single_rows_yield_the_same(dialect, seed, monkeypatch):
    random = Random(seed)  # noqa: S311
    lines = [random_line(random, dialect.delimiter) for _ in range(200)]
    content = dialect.delimiter.join(("movieId", "title", "genres")).encode() + b"\n" + b"".join(lines)
    monkeypatch.setattr(blocks, "PART_BYTES", random.choice((16, 256, 1 << 15)))
    monkeypatch.setattr("movierec.sources.text.lines.BLOCK_BYTES", random.choice((64, 1024, 1 << 20)))
    mixed = read(content, MOVIES, dialect)
    for shortcut in ("_clean", "_unquote"):
        monkeypatch.setattr(Converter, shortcut, lambda self, block: None)
    assert mixed == read(content, MOVIES, dialect)
    assert len(mixed) >= 150 or dialect.is_quoted


def random_line(random, delimiter):
    """Return a line that is clean more often than not."""
    fields = [b"1", b"Toy Story", b"Drama|War"] if delimiter != "|" else [b"1", b"Toy Story", b"Drama"]
    if random.random() < 0.2:
        strange = (b"", b"\\N", b"\\", b'"', b'"a"', b'"a" ', b"\xe9", b"\xc3\xa9", b"\0", b"\r", b":", b"\t", b'""')
        fields[random.randrange(3)] += random.choice(strange)
    if random.random() < 0.05:
        fields = fields[: random.randrange(1, 3)] if random.random() < 0.5 else [*fields, b"more"]
    return delimiter.encode().join(fields) + random.choice((b"\n", b"\n", b"\r\n"))


@pytest.mark.parametrize("seed", range(20))
def test_what_a_csv_writer_wrote_comes_back(seed):
    random = Random(seed)  # noqa: S311
    letters = "ab,\"\n\r\\\té😀'; "
    written = [["".join(random.choices(letters, k=random.randrange(6))) for _ in range(2)] for _ in range(300)]
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([["7", *fields] for fields in written])
    found = read(TITLED + file.getvalue().encode(), MOVIES)
    assert [[row["title"], row["genres"]] for row in found] == written


def test_memory_stays_flat_while_a_large_file_is_read(tmp_path):
    path = tmp_path / "ratings.csv"
    with path.open("wb") as file:
        file.write(RATED)
        for start in range(0, 1_000_000, 10_000):
            file.write(b"".join(b"%d,%d,3.5,964982703\n" % (number, number) for number in range(start, start + 10_000)))
            file.write(b'7,"8",3.5,964982703\n')  # and an unclean line now and then
    tracemalloc.start()
    count = sum(chunk.data.count(b"\n") for chunk in Table(single_file(path), RATINGS, CSV).read(Notes()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1_000_100
    assert path.stat().st_size > 25_000_000
    assert peak < 20_000_000


@pytest.fixture
def database(tmp_path_factory):
    """Open a database without any of the warehouse's tables."""
    settings = replace(Settings(), home=tmp_path_factory.mktemp("server"))
    embedded_server.start(settings, {"fsync": "off"})
    try:
        with connect(embedded_server.conninfo(settings, "postgres")) as connection:
            yield connection
    finally:
        embedded_server.stop(settings)


def test_rows_load_into_a_real_table(database):
    database.execute("create temporary table movies (movie_id text, title text, genres text, extra jsonb)")
    content = b'1,"a\n""b""\t\\.",A\n2,x\xe9,B\n3,\\N,C,D\n4\n5,\x00,E\n6,Plain,F\n'
    for chunk in table(TITLED + content, MOVIES).read(Notes()):
        with database.cursor() as cursor, cursor.copy(f"copy movies ({', '.join(chunk.columns)}) from stdin") as copy:
            copy.write(chunk.data)
    assert database.execute("select title, genres, extra from movies order by movie_id").fetchall() == [
        ('a\n"b"\t\\.', "A", None),
        (r"x\xe9", "B", {"encoding": "invalid UTF-8"}),
        ("\\N", "C", {"overflow": ["D"]}),
        (None, None, {"missing": 2}),
        ("\\x00", "E", None),
        ("Plain", "F", None),
    ]


def test_rows_are_parsed_once_a_quote_needs_no_more_lines():
    rows_of = Rows(CSV, ("movieId", "title", "genres"), ("movie_id", "title", "genres"))
    records, pending = rows_of.parse(b'1,One,A\n2,"open\n3,Three,C\n', is_last=False)
    assert [values for values, _ in records] == [["1", "One", "A"]]
    assert pending == b'2,"open\n3,Three,C\n'


@pytest.mark.parametrize("column", ['"review, long"', '"review,\n long"'])
def test_a_name_in_quotes_may_hold_delimiters_and_line_ends(column):
    content = f"userId,movieId,{column},rating,timestamp\n1,2,so,3.5,99\n".encode()
    (row,) = read(content)
    assert row == {"user_id": "1", "movie_id": "2", "rating": "3.5", "rated_at": "99", "extra": {"review, long": "so"}}


def test_quotes_behind_a_blank_are_quotes_where_they_pair():
    content = b'1, "Matrix, The", "A"\n2, "Say ""Hi""", "B"\n3, "Weird Al" again, C\n4,"one, ""two""",D\n5, E "F", G\n'
    assert movies(content) == [
        *(("Matrix, The", None), ('Say "Hi"', None), (' "Weird Al" again', None), ('one, "two"', None)),
        (' E "F"', None),
    ]
    assert movies(b'1, "Heat", "A"\n' * 3) == [("Heat", None)] * 3


@pytest.mark.parametrize("first", [b"sep=;\n", b'"sep=;"\r\n', b"SEP=;\r\n"])
def test_excels_word_for_the_delimiter_is_no_header(first):
    content = first + b"userId;movieId;rating;timestamp\n1;2;3,5;99\n"
    assert [row["rating"] for row in read(content, dialect=Dialect(";", is_quoted=True))] == ["3,5"]
