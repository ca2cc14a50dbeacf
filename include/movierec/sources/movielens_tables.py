"""The tables of a rating dataset: which of its files are read, each as which table, and what a dataset must have."""

import logging
import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.contract import Contract
from movierec.sources.layouts.known import with_known_layouts
from movierec.sources.recognition import RecognisedFile, looks_like_ratings, recognise, why_unread
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
from movierec.sources.text.archive import files, too_deep
from movierec.sources.text.delimited import Table, first_lines
from movierec.sources.text.file import File
from movierec.sources.unread_files import (
    ASIDE,
    DEEP,
    EMPTY,
    PROSE,
    SPLIT,
    is_aside,
    sentence_of_missing,
    sentences_of_reasons,
    unread_links,
    why_not_read,
)

TABLES = (MOVIES, LINKS, CREDITS, MOVIE_LINK, GRAPH, GENOME, USER_PROFILE, RATINGS, TAGS)
REQUIRED = (RATINGS, MOVIES)

_LOG = re.compile(r"(?:^|/)(?:_delta_log/\d+\.json|metadata/[^/]+\.metadata\.json)$")

log = logging.getLogger(__name__)


def find_tables(path: Path, exclude: Sequence[str] = (), remarks: list[str] | None = None) -> list[Table]:
    """Return the tables in a folder, archive or file, those that others refer to first; the beginnings are checked.

    A table that is not required and breaks its contract is left out. `remarks` gets a sentence for it and for every
    other file that is not read.

    Raises:
        SourceError: the path has no ratings or no movies, holds two datasets, or has ratings or movies in a form that
            is not read.
    """
    all_files = files(path)
    damaged: list[str] = []
    wanted = [file for file in all_files if not _is_excluded(file, exclude)]
    _require_no_log(path, wanted)
    dataset = with_known_layouts(
        [file for file in wanted if _is_whole(file, damaged)], lambda file: not why_unread(file)
    )
    readable = [file for file in dataset.files if _is_whole(file, damaged)]
    recognised = [found for each in readable if not is_aside(each) and (found := recognise(each))]
    unread = [file for file in readable if file not in [read.file for read in recognised]]
    reasons = {file: why_not_read(file) for file in unread}
    for file, reason in reasons.items():
        if looks_like_ratings(file) and reason not in (PROSE, EMPTY, SPLIT, ASIDE):
            raise SourceError(f"{file.where} is {reason}; or leave it out by MOVIEREC_EXCLUDE={file.name}")
    table_files = [
        (contract, file) for contract in TABLES for file in recognised if _is_used_for(contract, file, recognised)
    ]
    for required in REQUIRED:
        if required not in [contract for contract, _ in table_files]:
            for contract, found in table_files:
                if contract in REQUIRED:  # what is wrong with one may be why there is no other
                    Table(found.file, contract, found.dialect).check()
            used_files = [file.file for contract, file in table_files if contract is not required]
            raise SourceError(sentence_of_missing(path, required, all_files, reasons, used_files))
    _require_one_dataset(path, table_files)
    _require_one_person(dataset.personal, [file.file.name for contract, file in table_files if contract is RATINGS])
    sentences = [*dataset.remarks, *damaged, *sentences_of_reasons(reasons)]
    excluded = [file.name for file in all_files if _is_excluded(file, exclude)]
    sentences += [f"{name} is not read: MOVIEREC_EXCLUDE leaves it out" for name in excluded]
    sentences += [f"{name} is not read: it is {reason}" for name, reason in unread_links(path).items()]
    sentences += [f"{name} is not read: the folder {DEEP}" for name in too_deep(path)]
    tables = [Table(file.file, contract, file.dialect, checksum=file.checksum) for contract, file in table_files]
    tables = [table for table in tables if _is_right(table, sentences)]
    if sentences:
        log.info("%s: not used: %s", path.name, ", ".join(sorted(file.name for file in unread)))
    (remarks if remarks is not None else []).extend(sentences)
    return tables


def _require_no_log(path: Path, listed: Sequence[File]) -> None:
    """Refuse tables such as Delta Lake's, where a log says which of the files count: it is not read."""
    log_of = next((file.name for file in listed if _LOG.search(file.name)), None)
    if log_of:
        raise SourceError(
            f"{path} holds a table of Delta Lake or Iceberg, of which {log_of} says which files still count, and that "
            "is not read; export the table as Parquet or CSV and name that"
        )


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


def _is_right(table: Table, sentences: list[str]) -> bool:
    """Check the beginning of a table; one that is not required is left out with a sentence."""
    try:
        table.check()
    except SourceError as error:
        if table.contract in REQUIRED:
            raise
        sentences.append(sentence_of_left_out(table, error))
        return False
    return True


def sentence_of_left_out(table: Table, error: SourceError) -> str:
    """Say that a dataset is read without a table, and why."""
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
