"""MovieLens in all its layouts, RecBole's atomic files, and other rating files with a header that says what they are.

A dataset is a folder, a zip or a URL of one (`https://…/ml-25m.zip#sha256=…`). Ratings and movies it must have; links,
credits, tags, profiles and the graph around the movies come where their files do. A table may come in several files.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from movierec.errors import SourceError
from movierec.sources.contract import Contract
from movierec.sources.http.addresses import is_url
from movierec.sources.http.fetch import fetch
from movierec.sources.layouts import genome, netflix
from movierec.sources.layouts.known import with_known_layouts
from movierec.sources.recognition import (
    SPLIT_SUFFIXES,
    RecognisedFile,
    describe_header,
    is_named_like,
    looks_like_ratings,
    recognise,
    why_unread,
)
from movierec.sources.source import Chunk, Notes, Piece, SourceState
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
from movierec.sources.text.archive import MAX_DEPTH, dead_links, files, links_out, too_deep
from movierec.sources.text.delimited import Table, first_lines
from movierec.sources.text.file import File

TABLES = (MOVIES, LINKS, CREDITS, MOVIE_LINK, GRAPH, GENOME, USER_PROFILE, RATINGS, TAGS)
REQUIRED = (RATINGS, MOVIES)
MANY_FILES = 20  # that are not read for the same reason: named one by one up to here
READER = "movielens 1"  # counts up when the same file is to be read into other rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MovieLens:
    """The rating files of one dataset.

    Attributes:
        dataset: folder, zip, file or URL.
        cache: folder for what is fetched.
        exclude: names of files that are left out on purpose, with * for anything.
    """

    dataset: str
    cache: Path
    exclude: tuple[str, ...] = ()

    def pieces(self, state: SourceState | None = None) -> Iterator[Piece]:
        """Offer every file of the dataset; the beginnings of all are checked before the first is offered.

        Raises:
            SourceError: no ratings or no movies, or a file that is unreadable or breaks its contract.
        """
        path = fetch(self.dataset, self.cache) if is_url(self.dataset) else Path(self.dataset).expanduser()
        remarks: list[str] = []
        tables = find_tables(path, self.exclude, remarks)
        if state:
            for sentence in remarks:
                state.remark(sentence)
        for table in tables:
            try:
                checksum, read = table.checksum_and_reader()
            except SourceError as error:
                if table.contract in REQUIRED:
                    raise
                if state:
                    state.remark(_left_out(table, error))
                continue
            fingerprint = f"{READER}{_way_of_reading(table)}: {checksum}"
            yield Piece(table.contract, table.file.name, "whole", read, fingerprint, table.file.scale)


def find_tables(path: Path, exclude: Sequence[str] = (), remarks: list[str] | None = None) -> list[Table]:
    """Return the tables in a folder, archive or file, those that others refer to first; the beginnings are checked.

    A table that is not required and breaks its contract is left out. `remarks` gets a sentence for it and for every
    other file that is not read.

    Raises:
        SourceError: the path has no ratings or no movies, holds two datasets, or has ratings or movies in a form that
            is not read.
    """
    everything = files(path)
    damaged: list[str] = []
    wanted = [file for file in everything if not _is_excluded(file, exclude)]
    known = with_known_layouts([file for file in wanted if _is_whole(file, damaged)], lambda file: not why_unread(file))
    chosen = [file for file in known.files if _is_whole(file, damaged)]
    recognised = [found for each in chosen if not _is_aside(each) and (found := recognise(each))]
    unread = [file for file in chosen if file not in [read.file for read in recognised]]
    reasons = {file: _why_not_read(file) for file in unread}
    for file, reason in reasons.items():
        if looks_like_ratings(file) and reason not in (_PROSE, _SPLIT, _ASIDE):
            raise SourceError(f"{file.where} is {reason}; or leave it out by MOVIEREC_EXCLUDE={file.name}")
    used = [(contract, file) for contract in TABLES for file in recognised if _is_used_for(contract, file, recognised)]
    for required in REQUIRED:
        if required not in [contract for contract, _ in used]:
            for contract, found in used:
                if contract in REQUIRED:  # what is wrong with one may be why there is no other
                    Table(found.file, contract, found.dialect).check()
            others = [file.file for contract, file in used if contract is not required]
            raise SourceError(_missing(path, required, everything, reasons, others))
    _require_one_dataset(path, used)
    _require_one_person(known.personal, [file.file.name for contract, file in used if contract is RATINGS])
    sentences = [*known.remarks, *damaged, *_not_read(reasons)]
    excluded = [file.name for file in everything if _is_excluded(file, exclude)]
    sentences += [f"{name} is not read: MOVIEREC_EXCLUDE leaves it out" for name in excluded]
    sentences += [f"{name} is not read: it is {reason}" for name, reason in _unread_links(path).items()]
    sentences += [f"{name} is not read: the folder {_DEEP}" for name in too_deep(path)]
    tables = [Table(file.file, contract, file.dialect, checksum=file.checksum) for contract, file in used]
    tables = [table for table in tables if _is_right(table, sentences)]
    if sentences:
        log.info("%s: not used: %s", path.name, ", ".join(sorted(file.name for file in unread)))
    (remarks if remarks is not None else []).extend(sentences)
    return tables


def _not_read(reasons: Mapping[File, str]) -> Iterator[str]:
    """Yield a sentence for every file that is not read, or for all of a reason that many share."""
    for reason, count in Counter(reasons.values()).items():
        names = [file.name for file, of in reasons.items() if of == reason]
        if count > MANY_FILES:
            yield f"{names[0]} and {count - 1:,} more are not read: each is {reason}"
        else:
            yield from (f"{name} is not read: it is {reason}" for name in names)


def _way_of_reading(table: Table) -> str:
    """Return what is special about a file's dialect: read without regard to it, the same file has other rows."""
    dialect = table.dialect
    marks = {"escapes": dialect.has_escapes, "nulls": dialect.has_nulls, "western": dialect.is_western}
    return "".join(f", {name}" for name, is_there in marks.items() if is_there and not dialect.header)


def _is_whole(file: File, sentences: list[str]) -> bool:
    """Tell whether the beginning of a file can be read; one that is not named like ratings or movies is left out.

    Raises:
        SourceError: ratings or movies are damaged.
    """
    try:
        if not why_unread(file):
            first_lines(file, 1)
    except SourceError as error:
        if looks_like_ratings(file):
            raise
        sentences.append(f"{file.name} is left out: {error}")
        return False
    return True


def _is_excluded(file: File, exclude: Sequence[str]) -> bool:
    return any(fnmatch(file.name, name) for name in exclude)


_PROSE = "no table that a rating dataset has"
_DEEP = f"lies deeper than {MAX_DEPTH - 1} folders below the dataset's own"
_SPLIT = "a ready-made split of the ratings, which stand in other files"
_ASIDE = "by its name a backup or an unfinished download; rename it if it is meant"
_ASIDE_SUFFIXES = (".bak", ".old", ".orig", ".tmp", ".swp", ".part", ".partial", ".crdownload", ".download")
_NETFLIX = (
    "written as the Netflix Prize is, where a line of its own names the movie of those below, which is not read beside "
    "other ratings"
)
_NETFLIX_LIST = "a list of the Netflix Prize's, without ratings"
_IMDB = "one of IMDb's datasets, which are read from a folder of their own: MOVIEREC_IMDB names it"


def _unread_links(path: Path) -> dict[str, str]:
    return dict.fromkeys(links_out(path), "a link out of the dataset's folder") | dead_links(path)


def _is_aside(file: File) -> bool:
    """Tell by its name whether a file is what a program leaves beside another one."""
    return file.name.endswith("~") or file.name.lower().endswith(_ASIDE_SUFFIXES)


def _why_not_read(file: File) -> str:
    path = PurePosixPath(file.name)
    if path.suffix in SPLIT_SUFFIXES:
        return _SPLIT
    if _is_aside(file):
        return _ASIDE
    return why_unread(file) or (genome.NEEDED if path.name.startswith("genome-") else _layout_elsewhere(file))


def _layout_elsewhere(file: File) -> str:
    """Return what a text is, as its first line tells."""
    first = next(iter(first_lines(file, 1)), b"")
    if netflix.is_list(file):
        return _NETFLIX if netflix.has_ratings(file) else _NETFLIX_LIST
    return _IMDB if first.startswith((b"tconst\t", b"nconst\t")) else _PROSE


def _is_right(table: Table, sentences: list[str]) -> bool:
    """Check the beginning of a table; one that is not required is left out with a sentence."""
    try:
        table.check()
    except SourceError as error:
        if table.contract in REQUIRED:
            raise
        sentences.append(_left_out(table, error))
        return False
    return True


def _left_out(table: Table, error: SourceError) -> str:
    return f"{table.file.name} is left out, and with it {table.contract.table}: {error}"


def _is_used_for(contract: Contract, file: RecognisedFile, recognised: list[RecognisedFile]) -> bool:
    """Tell whether a file is read as a table: it is meant to be it, or could be it and no other file is meant to."""
    if file.main is contract:
        return True
    return contract in file.others and not any(other.main is contract for other in recognised)


def _require_one_dataset(path: Path, used: list[tuple[Contract, RecognisedFile]]) -> None:
    names: dict[tuple[str, str], str] = {}
    for contract, file in used:
        name = file.file.name
        other = names.setdefault((contract.table, name.rpartition("/")[2]), name)
        if _without_partitions(other) != _without_partitions(name):
            raise SourceError(f"{path} holds more than one dataset: {other} and {name}; choose the folder of one")


def _without_partitions(name: str) -> str:
    """Return a file's name without folders such as `year=2000`, into which Hive and Spark divide one table."""
    return "/".join(part for part in name.split("/") if not re.fullmatch(r"\w+=.*", part))


def _require_one_person(personal: Sequence[str], ratings: Sequence[str]) -> None:
    """Refuse one person's own ratings beside those of others, among whom user 1 is somebody else."""
    if personal and len(ratings) > 1:
        name = personal[0].removesuffix(" (ratings)")
        others = ", ".join(each for each in ratings if each != personal[0])
        raise SourceError(
            f"{name} has the ratings of one person, who would be mistaken for a user of {others}; allowed is such a "
            f"file on its own; leave it out by MOVIEREC_EXCLUDE={name}, or name it as a dataset by itself"
        )


def _missing(
    path: Path, contract: Contract, everything: Sequence[File], reasons: Mapping[File, str], others: Sequence[File]
) -> str:
    """Say which table is missing, and of each file why it is none; `others` are read as another table."""
    columns = ", ".join(column.name for column in contract.columns if column.required)
    seen = ", ".join(file.name for file in everything[:20]) or "no file"
    message = f"{path}: no file has {contract.table} ({columns}); seen: {seen}; required are ratings and movies"
    told = [f"the folder {name} {_DEEP}" for name in too_deep(path)[:1]]
    told += [f"{name} is {reason}" for name, reason in _unread_links(path).items()]
    many = (_SPLIT, _NETFLIX)
    told += [f"{file.name} is {reason}" for file, reason in reasons.items() if reason not in (_PROSE, *many)]
    told += [next((f"{file.name} is {of}" for file, of in reasons.items() if of == each), "") for each in many]
    told += [
        found for file, reason in reasons.items() if reason == _PROSE and (found := describe_header(file, contract))
    ]
    told += [found for file in others if is_named_like(file, contract) and (found := describe_header(file, contract))]
    told += [
        f"{file.name} has no columns that are separated by commas, semicolons, tabs or |"
        for file, reason in reasons.items()
        if reason == _PROSE and looks_like_ratings(file) and not describe_header(file, contract)
    ]
    return "; ".join((message, *[*filter(None, told)][:5]))


def profiles(path: Path, exclude: Sequence[str] = ()) -> Iterator[Chunk]:
    """Yield the viewers' profiles of a dataset, if it has any, for seeding a demo application."""
    for table in find_tables(path, exclude):
        if table.contract is USER_PROFILE:
            yield from table.read(Notes())
