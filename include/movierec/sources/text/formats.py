"""What the first bytes of a file say it is: packed text, a table in another form, or what is not read here."""

import bz2
import gzip
import json
import lzma
import re
from collections.abc import Callable
from typing import IO, cast

from movierec.sources.text.encoding import WIDE_MARKS, Readable, narrow

HEAD_BYTES = 512
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
GZIP_MAGIC = b"\x1f\x8b"
_TAR_AT = 257  # where a tar's first header says `ustar`


def _zstd(raw: IO[bytes]) -> Readable:
    import pyarrow as pa  # noqa: PLC0415 - takes a while, and hardly a file needs it

    return cast(Readable, pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd"))


_OPENERS: dict[bytes, Callable[[IO[bytes]], Readable]] = {
    GZIP_MAGIC: lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _zstd,
}
_JSON_OF_COLUMNS = re.compile(rb'\{\s*"[^"]*"\s*:\s*\{\s*"0"\s*:')  # as pandas writes it, a row being a key
_JSON_ARRAY = re.compile(rb"\[\s*(?:[\[{\"\d\]-]|true|false|null)")
_CSV = "save it as CSV (UTF-8) and put that in its place"
_UNREAD = {
    b"\xd0\xcf\x11\xe0": f"a spreadsheet of Excel, which is not read; {_CSV}",
    b"SQLite format 3\x00": "a SQLite database, which is not read; export each table, such as by "
    '`sqlite3 -header -csv FILE "select * from ratings" > ratings.csv`',
    b"\x89HDF": f"an HDF5 file, which is not read; {_CSV}",
    b"ARROW1": "an Arrow (Feather) file, which is not read; save it as Parquet or CSV and put that in its place",
    b"ORC": "an ORC file, which is not read; save it as Parquet or CSV and put that in its place",
    b"Obj\x01": "an Avro file, which is not read; save it as Parquet or CSV and put that in its place",
    **dict.fromkeys(
        (b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95"),
        f"a pickle of Python, which is not read; {_CSV}",
    ),
    **dict.fromkeys((b"RDX", b"X\n\0\0\0"), f"data of R, which are not read; {_CSV}"),
    b"<stata_dta>": f"a file of Stata, which is not read; {_CSV}",
    b"HEADER RECORD*******": f"a file of SAS, which is not read; {_CSV}",
    b"%%MatrixMarket": f"a matrix (Matrix Market), which is not read; {_CSV}",
    b"%YAML": f"YAML, which is not read; {_CSV}",
    b"\x04\x22\x4d\x18": "packed by LZ4, which is not read; pack it by gzip, bzip2, xz or zstd",
    b"\xff\x06\x00\x00sNaPpY": "packed by Snappy, which is not read; pack it by gzip, bzip2, xz or zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive, which is not read; allowed are a zip, a tar or a folder",
    b"Rar!\x1a\x07": "a RAR archive, which is not read; allowed are a zip, a tar or a folder",
    b"PGDMP": "a dump of a database, which is not read; load it into one by pg_restore and name that as a source",
    b"PGCOPY\n\xff\r\n": "written by COPY as binary, which is not read; let it write CSV with a header",
    b"%PDF": "a PDF, which is not read",
    b"\x1f\x9d": "packed by compress, which is not read; pack it by gzip, bzip2, xz or zstd",
    b"MATLAB 5.0": f"a file of MATLAB, which is not read; {_CSV}",
    b"\x93NUMPY": f"an array of numpy, which is not read; {_CSV}",
    b"version https://git-lfs.github.com": "a pointer of Git LFS, not the file itself; `git lfs pull` brings it",
}
_OTHER_TEXT = (
    (re.compile(rb"\s*<(?:!|\?xml|html|table)"), f"XML or HTML, which is not read; {_CSV}"),
    (
        re.compile(rb"(?:\s|%[^\n]*\n)*@relation\s", re.IGNORECASE),
        f"ARFF, as Weka writes it, which is not read; {_CSV}",
    ),
    (re.compile(rb"(?:---\s*\n)?- [\w ]+: .*\n  [\w ]+: "), f"YAML, which is not read; {_CSV}"),
    (
        re.compile(
            rb"\s*(?:--|/\*|#|set |pragma |create (?:table|database)|insert into|drop table|begin)"
            rb"(?:(?<=create table)|(?<=insert into)|.*(?:create table|insert into|(?:database|sql|oracle) dump)"
            rb"|(?<=--)[^\n]*\bdump\b|(?<=pragma )foreign_keys|(?<=/\*)(?:m!|!\d{5} ))",
            re.IGNORECASE | re.DOTALL,
        ),
        "a dump of a database, which is not read; load it into one and name that as a source, or export CSV",
    ),
)
_MAX_CONTROL_SHARE = 0.05  # of the first bytes of a text; line ends and tabs apart
_MIN_WIDE_SHARE = 0.3  # zeros among the first bytes, where each character takes two


def unpack(head: bytes, raw: IO[bytes]) -> Readable:
    """Return a file's content as it was before it was packed, whatever its name says."""
    return next((opener(raw) for magic, opener in _OPENERS.items() if head.startswith(magic)), raw)


def is_packed(head: bytes) -> bool:
    """Tell whether a file is packed in a way that is read here."""
    return any(head.startswith(magic) for magic in _OPENERS)


def is_tar(head: bytes) -> bool:
    """Tell whether unpacked content is a tar archive."""
    return head[_TAR_AT : _TAR_AT + 5] == b"ustar"


def is_zip(head: bytes) -> bool:
    """Tell whether content is a zip, or one of the formats that are zips inside."""
    return head.startswith(b"PK\x03\x04")


def is_parquet(head: bytes) -> bool:
    """Tell whether content is a Parquet file."""
    return head.startswith(b"PAR1")


def is_json_lines(head: bytes) -> bool:
    """Tell whether text begins with a JSON object."""
    text = narrow(head)
    return text.lstrip()[:2].rstrip() in (b'{"', b"{") and b":" in text


def why_unread(head: bytes) -> str | None:
    """Return what a file is and what to do about it, where it is none of what is read here."""
    return why_no_lines(head) or _why_unread_json(narrow(head).lstrip())


def why_unread_content(head: bytes) -> str | None:
    """Return why content is not read, given its first bytes after it has been unpacked once."""
    return "packed twice, which is not read; unpack it once" if is_packed(head) else why_unread(head)


def why_no_lines(head: bytes) -> str | None:
    """Return what a file is and what to do about it, where it is neither text in lines nor Parquet, packed or not."""
    reason = next((reason for magic, reason in _UNREAD.items() if head.startswith(magic)), None)
    if reason is None and is_zip(head):
        return "a zip inside of the dataset, which is not read; unpack it"
    if reason is None and is_tar(head):
        return "a tar inside of the dataset, which is not read; unpack it"
    if reason is None and (is_parquet(head) or is_packed(head)):
        return None
    return reason or _why_no_text(head)


def _why_no_text(head: bytes) -> str | None:
    """Return what content is that has no rows in lines of text."""
    if head.startswith(WIDE_MARKS):
        return None
    if head.count(0) > _MIN_WIDE_SHARE * len(head) and (not any(head[::2]) or not any(head[1::2])):
        return f"text in UTF-16 without a byte order mark, which is not read; {_CSV}"
    if sum(byte < 32 and byte not in b"\t\n\r\x0c\x1a\x1b" for byte in head) > _MAX_CONTROL_SHARE * len(head):  # noqa: PLR2004
        return f"not text, and of no kind that is read; {_CSV}"
    return next((reason for pattern, reason in _OTHER_TEXT if pattern.match(head)), None)


def _why_unread_json(head: bytes) -> str | None:
    """Return what is wrong with text that begins as JSON and does not have an object in each line."""
    allowed = "which is not read; allowed is one object per line (.jsonl), Parquet or CSV"
    if _JSON_ARRAY.match(head):
        return f"a JSON array, {allowed}"
    if _JSON_OF_COLUMNS.match(head):
        return f"JSON with an object for each column, {allowed}"
    line, end, _ = head.partition(b"\n")
    if end and is_json_lines(head) and not _is_json(line):
        return f"a JSON document over several lines, {allowed}"
    return None


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True
