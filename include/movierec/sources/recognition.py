"""What a file of a rating dataset is: told by its content, with its name as a hint where the content leaves a choice.

RecBole's atomic files: https://recbole.io/docs/user_guide/data/atomic_files.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from movierec.data.aliases import normalise_name
from movierec.sources.contract import Contract, Kind
from movierec.sources.message_parts import are_names, seen_values
from movierec.sources.movielens_layouts import HEADERLESS_LAYOUTS
from movierec.sources.table_contracts import (
    CREDITS,
    GENOME,
    GRAPH,
    LINKS,
    MOVIE_LINK,
    MOVIES,
    RATINGS,
    TAGS,
    USER_PROFILE,
)
from movierec.sources.text import formats
from movierec.sources.text.archive import SPREADSHEET, SPREADSHEETS
from movierec.sources.text.delimited import (
    DELIMITERS,
    Checksum,
    first_lines,
    header,
    is_like_rows,
    late_header,
    split_header,
)
from movierec.sources.text.encoding import decode
from movierec.sources.text.file import File
from movierec.sources.text.quoting import Evidence, has_quotes, weigh
from movierec.sources.text.records import Dialect
from movierec.sources.text.survey import Survey, survey

SPLIT_SUFFIXES = (".base", ".test", ".train")  # MovieLens 100K has copies of its ratings, split in two
_TABLE_OF_WORD = {
    **{"ratings": RATINGS, "movies": MOVIES, "links": LINKS, "tags": TAGS, "users": USER_PROFILE, "credits": CREDITS},
    **{".inter": RATINGS, ".item": MOVIES, ".user": USER_PROFILE, ".link": MOVIE_LINK, ".kg": GRAPH},
}
_TABLES_WITH_HEADER = (RATINGS, TAGS, MOVIES, LINKS, MOVIE_LINK, GRAPH, GENOME, USER_PROFILE, CREDITS)
_WORDS_OF_USERS_TOO = ("name", "year")  # words for a movie's columns that a user's may be called by, too
SAMPLE_LINES = 100


@dataclass(frozen=True)
class RecognisedFile:
    """A file that holds a table.

    Attributes:
        file: the file.
        dialect: how it is written.
        main: the table that it is meant to be.
        others: other tables that it could be read as.
        checksum: its version and its checksum, where all of it had to be read to recognise it.
    """

    file: File
    dialect: Dialect
    main: Contract
    others: tuple[Contract, ...] = ()
    checksum: Checksum | None = None


def recognise(file: File) -> RecognisedFile | None:
    """Return what a file holds, or None where it is not a table of a rating dataset.

    A file that is named like a table and does not look like one counts as that table: reading it says what is wrong.

    Raises:
        SourceError: the file cannot be read.
    """
    path = PurePosixPath(file.name)
    if path.suffix in SPLIT_SUFFIXES:
        return None
    if why_unread(file):
        return None
    lines = first_lines(file)
    return _by_header(file, lines) or _by_lines(file, lines[:SAMPLE_LINES]) or _by_name(file, lines)


def why_unread(file: File) -> str | None:
    """Return what a file is and what to do about it, where it is of a kind that is not read."""
    with file.open_stored() as stored:
        if formats.is_zip(stored.head) and file.path.suffix.lower() in SPREADSHEETS:
            return SPREADSHEET
        return formats.why_unread_content(stored.head)


def looks_like_ratings(file: File) -> bool:
    """Tell by its name whether a file was meant to be ratings or movies."""
    return (
        re.match(r"(ratings?|movies?|films?|interactions?)(?![a-z])", PurePosixPath(file.name).stem.lower()) is not None
    )


def is_named_like(file: File, contract: Contract) -> bool:
    """Tell whether a file is called what a table is called, whatever it holds."""
    return re.match(rf"{contract.table}(?![a-z])", PurePosixPath(file.name).stem.lower()) is not None


def describe_header(file: File, contract: Contract) -> str | None:
    """Say which columns a file has and which of them may be meant for a contract, None where it is not a table."""
    lines = first_lines(file)
    if not lines:
        return None
    dialect = max((Dialect(sign, True) for sign in DELIMITERS), key=lambda each: len(header(lines[0], each)))
    if file.is_made_here():  # its first line has the names, and there may be one alone
        return contract.describe(file.name, header(lines[0], Dialect(is_quoted=True)))
    names = header(lines[0], dialect)
    if sentence := late_header(lines[1:], contract, names):
        return f"{file.name}: {sentence}"
    if len(names) < 2:  # noqa: PLR2004 - a table has several columns
        return None
    if not are_names(names) or is_like_rows(names, b"\n".join(lines[1:]), dialect):
        return f"{file.name} begins with {seen_values(names)}" if _is_even(lines, dialect) else None
    return contract.describe(file.name, names)


def _is_even(lines: Sequence[bytes], dialect: Dialect) -> bool:
    """Tell whether lines have equally many fields, three or more, as those of a table do and those of prose do not."""
    widths = {len(header(line, dialect)) for line in lines}
    return len(lines) > 1 and len(widths) == 1 and min(widths) >= 3  # noqa: PLR2004


def _by_header(file: File, lines: Sequence[bytes]) -> RecognisedFile | None:
    for delimiter, may_quote in DELIMITERS.items():
        texts = [decode(line, is_western=True)[0] for line in lines]
        is_quoted = may_quote or has_quotes(texts, delimiter)
        first, _ = split_header(b"\n".join(lines), is_quoted)
        names = header(first, Dialect(delimiter, is_quoted)) if lines else []
        matching = [contract for contract in _TABLES_WITH_HEADER if _fits(contract, names)]
        if matching:
            known = frozenset(name for name in names for contract in matching if _has_column(contract, name))
            main = next((contract for contract in matching if contract is _table_by_name(file)), matching[0])
            is_recbole = delimiter == "\t" and lines[0].split(b"\t")[0].strip().endswith((b":token", b":token_seq"))
            may_be_quoted = is_quoted or has_quotes(texts, delimiter, has_escapes=True)
            whole_file = _survey(file, main, names, Dialect(delimiter, may_be_quoted), texts)
            evidence = whole_file.backslashes
            dialect = Dialect(
                *(delimiter, is_quoted or (evidence.has_escapes and may_be_quoted)),
                is_western=whole_file.is_western,
                is_foreign=whole_file.is_foreign,
                has_nulls=evidence.nulls > 0,
                expected_extras=known,
                has_spaced_genres=is_recbole,
                has_escapes=evidence.has_escapes,
            )
            others = tuple(contract for contract in matching if contract is not main)
            return RecognisedFile(file, dialect, main, others, whole_file.checksum)
    return None


def _survey(file: File, contract: Contract, names: Sequence[str], dialect: Dialect, texts: Sequence[str]) -> Survey:
    """Return what a file is like, by all of it where it has a column of text, else by its first lines."""
    if file.is_made_here():
        return Survey(Evidence(), is_western=False, is_foreign=False, checksum=None)
    if _has_text(contract, names):
        return survey(file, dialect.delimiter, len(names), dialect.is_quoted)
    evidence = weigh(texts, dialect.delimiter, len(names), dialect.is_quoted)
    return Survey(evidence, is_western=False, is_foreign=False, checksum=None)


def _has_text(contract: Contract, names: Sequence[str]) -> bool:
    """Tell whether a file has a column that may hold anything; those of numbers alone need no look at all of them."""
    kinds = {column.name: column.kind for column in contract.columns}
    return any(name is None or kinds[name] is Kind.TEXT for name in contract.resolve(names))


def _fits(contract: Contract, names: Sequence[str]) -> bool:
    """Tell whether the names include all that a contract requires; a profile must have more than its user's id."""
    known = set(contract.resolve(names)) - {None}
    required = {column.name for column in contract.columns if column.required}
    if contract is USER_PROFILE:
        of_movies = [
            name for name in names if _has_column(MOVIES, name) and normalise_name(name) not in _WORDS_OF_USERS_TOO
        ]
        return required <= known and len(known) > 1 and not of_movies
    return required <= known


def _has_column(contract: Contract, name: str) -> bool:
    return normalise_name(name) in contract.words


def _by_lines(file: File, lines: Sequence[bytes]) -> RecognisedFile | None:
    if lines and _names_columns(lines[0]):
        return None
    file_name = PurePosixPath(file.name).name
    for bare in sorted(HEADERLESS_LAYOUTS, key=lambda bare: bare.name != file_name):
        texts = [decode(line, is_western=True)[0] for line in lines]
        if sum(bool(bare.pattern.fullmatch(text)) for text in texts) * 2 > len(texts):
            return RecognisedFile(file, bare.dialect, bare.contract)
    return None


def _names_columns(line: bytes) -> bool:
    """Tell whether a line is a header, though perhaps not a right one: it names a column, and no column is a number."""
    rows = [header(line, Dialect(delimiter, is_quoted)) for delimiter, is_quoted in DELIMITERS.items()]
    names = {name for row in rows if not any(map(str.isdecimal, row)) for name in row}
    return any(_has_column(contract, name) for contract in _TABLES_WITH_HEADER for name in names)


def _by_name(file: File, lines: Sequence[bytes]) -> RecognisedFile | None:
    file_name = PurePosixPath(file.name).name
    for bare in HEADERLESS_LAYOUTS:
        if bare.name == file_name:
            return RecognisedFile(file, bare.dialect, bare.contract)
    contract = _table_by_name(file)
    if contract is None:
        return None
    dialects = [Dialect(delimiter, is_quoted) for delimiter, is_quoted in DELIMITERS.items()]
    widest = max(dialects, key=lambda dialect: len(header(lines[0], dialect)) if lines else 0)
    return RecognisedFile(file, widest, contract)


def _table_by_name(file: File) -> Contract | None:
    """Return the table that a name such as `ratings.csv`, `ratings-2024-05.csv` or `ml-100k.inter` means."""
    path = PurePosixPath(file.name)
    word = re.fullmatch(r"([a-z]+)(?:[-_.]?\d[\d._-]*)?", path.stem.lower())
    return _TABLE_OF_WORD.get(path.suffix) or (
        _TABLE_OF_WORD.get(word[1]) if word and path.suffix in (".csv", ".tsv", ".txt") else None
    )
