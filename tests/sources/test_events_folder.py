import bz2
import gzip
import json
import os
import time
from pathlib import Path

import pytest

from movierec.errors import SourceError
from movierec.sources import events_folder
from movierec.sources.events_folder import EventsFolder
from movierec.sources.source import Notes
from tests.sources.landing import InMemoryState, Landed, copied, land

GOOD = '{"event_id": "e1", "user_id": 1, "movie_id": 2, "kind": "rating", "value": 4.0, "created_at": "2024-01-01"}'


def write(folder: Path, *lines: str, name: str = "a.ndjson", end: str = "\n") -> Path:
    path = folder / name
    path.write_bytes(("\n".join(lines) + end).encode("utf-8", "surrogateescape"))
    return path


def read(app: str, folder: Path) -> Landed:
    """Land the only file."""
    (piece,) = EventsFolder(folder).pieces(InMemoryState())
    notes = Notes()
    return Landed(piece, copied(app, piece, piece.read(notes)), notes, None)


def event(**changes: object) -> str:
    return json.dumps({**json.loads(GOOD), **changes}, ensure_ascii=False)


def test_values_arrive_as_they_are_written(app: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace('"e1"', "12345678901234567890").replace("2,", "1e400,"))
    (row,) = read(app, tmp_path).rows
    assert row == {
        "event_id": "12345678901234567890",
        "user_id": "1",
        "movie_id": "1e400",
        "kind": "rating",
        "value": "4.0",
        "created_at": "2024-01-01",
    }


def test_values_that_mongodb_wraps_are_unwrapped(app: str, tmp_path: Path) -> None:
    moment = {"$date": {"$numberLong": "1700000000000"}}
    write(tmp_path, event(user_id={"$numberLong": "7"}, movie_id={"id": 3}, created_at=moment))
    (row,) = read(app, tmp_path).rows
    assert (row["user_id"], row["movie_id"], row["created_at"]) == ("7", '{"id": 3}', "1700000000000")


def test_unknown_keys_are_kept_and_reported(app: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD, event(device={"os": ["tv", 1.50, None, True]}, page=None, kind=False, value='a\t"\n\\N\0é🎬'))
    landed = read(app, tmp_path)
    assert landed.rows[1]["extra"] == {"device": '{"os": ["tv", 1.5, null, true]}', "page": None}
    assert (landed.rows[1]["kind"], landed.rows[1]["value"]) == ("false", 'a\t"\n\\N\\x00é🎬')
    assert landed.notes.new_columns == ["device", "page"]


@pytest.mark.parametrize(
    "line",
    [
        '{"event_id": "e2", "user_id": 1',
        "[1, 2]",
        "NaN",
        "7",
        "null",
        '"text"',
        "{'event_id': 1}",
        "[" * 100_000,
        "é\t\\",
    ],
    ids=lambda line: line[:9],
)
def test_a_line_that_is_no_object_is_kept_whole(line: str, app: str, tmp_path: Path) -> None:
    write(tmp_path, line, GOOD)
    first, second = read(app, tmp_path).rows
    assert first == {"extra": {"line": line, "error": "not a JSON object"}}
    assert second["event_id"] == "e1"


def test_a_blank_line_is_a_row_unless_it_is_the_last(app: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD, "", GOOD.replace("e1", "e2"), "", "")
    rows = read(app, tmp_path).rows
    assert [row.get("event_id") for row in rows] == ["e1", None, "e2"]


def test_a_key_that_stands_twice_loses_nothing(app: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD[:-1] + ', "value": 1, "note": "a", "note": "b", "kind": "rating"}')
    (row,) = read(app, tmp_path).rows
    assert row["value"] == "4.0"
    assert row["extra"] == {"note": "a", "repeated": {"value": ["1"], "note": ["b"]}}


def test_of_two_names_for_one_column_the_first_of_the_contract_counts_wherever_it_stands(
    app: str, tmp_path: Path
) -> None:
    write(tmp_path, '{"timestamp": "2025-01-01", "item_id": 9, ' + GOOD[1:])
    landed = read(app, tmp_path)
    (row,) = landed.rows
    assert (row["movie_id"], row["created_at"]) == ("2", "2024-01-01")
    assert row["extra"] == {"timestamp": "2025-01-01", "item_id": "9"}
    assert landed.notes.new_columns == ["timestamp", "item_id"]


def test_bytes_that_are_no_text_stay_visible(app: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + GOOD.encode().replace(b"rating", b"caf\xe9") + b"\r\n")
    (row,) = read(app, tmp_path).rows
    assert row == {"extra": {"line": GOOD.replace("rating", "caf\\xe9"), "error": "not a JSON object"}}


def test_every_file_is_loaded_once_in_the_order_of_names(app: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("e1", "e2"), name="b.jsonl")
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(f"{GOOD}\n".encode()))
    write(tmp_path, GOOD.replace("e1", "e2"), name="c.jsonl")
    write(tmp_path, "not ours", name="readme.txt")
    state = InMemoryState()
    pieces = list(EventsFolder(tmp_path).pieces(state))
    rows = [copied(app, piece, piece.read(Notes()))[0]["event_id"] for piece in pieces]
    assert rows == ["e1", "e2"]
    assert {(piece.name, piece.mode) for piece in pieces} == {("events", "changes")}
    land(app, EventsFolder(tmp_path), state)
    assert list(EventsFolder(tmp_path).pieces(state)) == []


def test_a_truncated_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress("\n".join(event(event_id=str(n)) for n in range(5_000)).encode())[:-20])
    long_ago = time.time() - 3_600
    os.utime(path, (long_ago, long_ago))
    (piece,) = EventsFolder(tmp_path).pieces(InMemoryState())
    with pytest.raises(SourceError, match=r"a\.ndjson\.gz: the gzip file is cut off"):
        list(piece.read(Notes()))


@pytest.mark.parametrize("is_gzip", [False, True])
def test_a_file_that_is_still_written_waits_ten_minutes(is_gzip: bool, app: str, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, '{"event_id": "e2"', end="", name="a.jsonl")
    if is_gzip:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert list(EventsFolder(tmp_path).pieces(InMemoryState())) == []
    long_ago = time.time() - 601
    os.utime(path, (long_ago, long_ago))
    assert read(app, tmp_path).rows[1]["extra"]["line"] == '{"event_id": "e2"'  # type: ignore[index]


def test_a_renamed_key_stops_the_source(tmp_path: Path) -> None:
    write(tmp_path, "broken", *(event().replace("movie_id", "film") for _ in range(3)))
    (piece,) = EventsFolder(tmp_path).pieces(InMemoryState())
    with pytest.raises(SourceError, match=r"a\.ndjson: column movie_id is missing; seen: event_id, user_id, film"):
        list(piece.read(Notes()))


def test_a_retyped_key_stops_the_source(tmp_path: Path) -> None:
    write(tmp_path, *(event(user_id=f"u{n}") for n in range(20)))
    (piece,) = EventsFolder(tmp_path).pieces(InMemoryState())
    with pytest.raises(SourceError, match="column user_id is retyped; seen: 'u0', 'u1', 'u2'; allowed: a whole number"):
        list(piece.read(Notes()))


def test_one_event_without_a_required_key_is_left_to_the_rules(app: str, tmp_path: Path) -> None:
    write(tmp_path, '{"userId": 1}', GOOD, GOOD.replace("created_at", "timestamp"))
    rows = read(app, tmp_path).rows
    assert rows[0] == {"user_id": "1"}
    assert rows[2]["created_at"] == "2024-01-01"


def test_an_empty_file_has_no_rows_and_a_missing_folder_is_named(app: str, tmp_path: Path) -> None:
    write(tmp_path, end="")
    assert read(app, tmp_path).rows == []
    with pytest.raises(SourceError, match="nowhere: the folder does not exist"):
        list(EventsFolder(tmp_path / "nowhere").pieces(InMemoryState()))


def test_a_file_that_changes_while_it_is_read_can_be_tried_again(tmp_path: Path) -> None:
    path = write(tmp_path, *(event(event_id=str(n)) for n in range(9_000)))
    (piece,) = EventsFolder(tmp_path).pieces(InMemoryState())
    chunks = piece.read(Notes())
    next(chunks)
    with path.open("a") as file:
        file.write(GOOD + "\n")
    with pytest.raises(OSError, match="changed while it was read"):
        list(chunks)


def test_a_link_out_of_the_folder_is_not_read_and_a_sentence_says_so(tmp_path: Path) -> None:
    write(tmp_path, GOOD, name="elsewhere.ndjson")
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / "a.ndjson").symlink_to(tmp_path / "elsewhere.ndjson")
    state = InMemoryState()
    assert list(EventsFolder(folder).pieces(state)) == []
    assert state.remarks == ["a.ndjson is not read: it is a link out of the folder"]


def test_a_line_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_folder, "MAX_LINE_BYTES", 1000)
    path = write(tmp_path, '{"event_id": "' + "e" * 2000, end="")
    os.utime(path, (0, 0))
    (piece,) = EventsFolder(tmp_path).pieces(InMemoryState())
    with pytest.raises(SourceError, match="a line is longer than 0 MB; allowed is an object per line"):
        list(piece.read(Notes()))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl", bz2.compress(GOOD.encode()), "a.jsonl is not read: it is packed in another way than by gzip"),
        ("a.jsonl", GOOD.encode("utf-16"), "a.jsonl is not read: it is text in UTF-16 or UTF-32"),
        ("a.jsonl", b"SQLite format 3" + b"\0" * 99, "a.jsonl is not read: it is a SQLite database"),
        ("a.jsonl", GOOD.encode(), "a.jsonl waits for the next night: its last line has no end"),
        ("2024/a.jsonl", GOOD.encode() + b"\n", "2024 is not read: it is a folder"),
    ],
)
def test_whatever_is_not_read_is_named(tmp_path, name, content, sentence):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    state = InMemoryState()
    assert not list(EventsFolder(tmp_path).pieces(state))
    assert sentence in "\n".join(state.remarks)


@pytest.mark.parametrize(
    "text",
    [f"[{GOOD}]\n", "event_id,user_id\n" + "e1,7\n" * 30, f"\x1e{GOOD}\n" * 30],
    ids=["an array", "CSV", "records between separators"],
)
def test_a_file_without_an_object_fails_the_source(text: str, app: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(SourceError, match=r"a.jsonl: the first .*no JSON objects?; allowed is one object per line"):
        read(app, tmp_path)


def test_parquet_under_the_name_of_json_lines_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"PAR1" + b"\x15\x04" * 99 + b"PAR1")
    state = InMemoryState()
    assert list(EventsFolder(tmp_path).pieces(state)) == []
    assert state.remarks == [
        "a.jsonl is not read: it is Parquet, which is not read here; save it as one JSON object per line"
    ]


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "dead.ndjson").symlink_to(tmp_path / "nowhere.ndjson")
    os.mkfifo(tmp_path / "pipe.ndjson")
    state = InMemoryState()
    assert len(list(EventsFolder(tmp_path).pieces(state))) == 1
    assert state.remarks == [
        "dead.ndjson is not read: it is a link that leads nowhere",
        "pipe.ndjson is not read: it is a device, a pipe or a socket",
    ]
