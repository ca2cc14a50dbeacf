import pytest

from movierec.errors import SourceError
from movierec.sources.atomic import AtomicFiles
from movierec.sources.contract import GRAPH, MOVIES, RATINGS
from tests import movielens


def read(folder, contract):
    return list(AtomicFiles(folder).read(contract))


def test_rows_come_as_text_in_the_contracts_order(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "tiny.inter").write_text("rating:float\titem_id:token\tuser_id:token\ttimestamp:float\n5\t1\t10\t99\n")
    assert read(folder, RATINGS) == [(["10", "1", "5", "99"], None)]


def test_a_new_column_is_kept_beside_the_contracts(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "tiny.link").write_text("x")
    (folder / "tiny.inter").write_text("user_id\titem_id\trating\ttimestamp\tdevice\n10\t1\t5\t99\tphone\n")
    assert read(folder, RATINGS) == [(["10", "1", "5", "99"], {"device": "phone"})]


def test_a_missing_column_stops_with_file_column_seen_and_required(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "tiny.inter").write_text("user_id:token\titem_id:token\tstars:float\ttimestamp:float\n")
    with pytest.raises(
        SourceError, match=r"tiny.inter: column rating is missing; seen: user_id, item_id, stars, timest"
    ):
        read(folder, RATINGS)


def test_an_empty_file_is_named_with_what_it_lacks(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "tiny.inter").write_text("")
    with pytest.raises(
        SourceError, match=r"tiny.inter is empty; required is a header with user_id, item_id, rating, timestamp"
    ):
        read(folder, RATINGS)


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert read(movielens.write(tmp_path, inter=[]), RATINGS) == []


def test_short_lines_have_empty_fields_and_long_ones_keep_the_rest(tmp_path):
    folder = movielens.write(tmp_path, inter=["10\t1", "10\t1\t5\t99\tand\tmore"])
    assert read(folder, RATINGS) == [
        (["10", "1", None, None], None),
        (["10", "1", "5", "99"], {"overflow": ["and", "more"]}),
    ]


def test_bytes_that_are_no_text_stay_visible(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "tiny.item").write_bytes(movielens.HEADERS["item"].encode() + b"\n1\tMis\xe9rables\x00\t1995\tDrama\n")
    assert read(folder, MOVIES)[0][0][1] == r"Mis\xe9rables\x00"


def test_windows_line_ends_and_a_byte_order_mark_are_no_content(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "tiny.inter").write_bytes(b"\xef\xbb\xbfuser_id\titem_id\trating\ttimestamp\r\n10\t1\t5\t99\r\n")
    assert read(folder, RATINGS) == [(["10", "1", "5", "99"], None)]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"dataset folder .*nowhere does not exist"):
        AtomicFiles(tmp_path / "nowhere").path(RATINGS)


def test_two_files_of_one_kind_are_one_too_many(tmp_path):
    folder = movielens.write(tmp_path)
    (folder / "other.inter").write_text("")
    with pytest.raises(SourceError, match=r"one \*.inter file is required; seen: other.inter, tiny.inter"):
        read(folder, RATINGS)


def test_the_graph_is_offered_where_its_file_exists(tmp_path):
    folder = movielens.write(tmp_path)
    assert GRAPH in AtomicFiles(folder).contracts()
    (folder / "tiny.kg").unlink()
    assert GRAPH not in AtomicFiles(folder).contracts()
