"""MovieLens in all its layouts, RecBole's atomic files, and other rating files with a header that says what they are.

A dataset is a folder, a zip or a URL of one (`https://…/ml-25m.zip#sha256=…`). Ratings and movies it must have; links,
credits, tags, profiles and the graph around the movies come where their files do. A table may come in several files.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.contract import Contract
from movierec.sources.http.fetch import fetch, is_url
from movierec.sources.rating_scale import Scale
from movierec.sources.recognition import RecognisedFile, recognise
from movierec.sources.source import Chunk, Notes, Piece, SourceState
from movierec.sources.table_contracts import CREDITS, GRAPH, LINKS, MOVIE_LINK, MOVIES, RATINGS, TAGS, USER_PROFILE
from movierec.sources.text.archive import files
from movierec.sources.text.delimited import Table

TABLES = (MOVIES, LINKS, CREDITS, MOVIE_LINK, GRAPH, USER_PROFILE, RATINGS, TAGS)
REQUIRED = (RATINGS, MOVIES)
READER = "movielens 1"  # counts up when the same file is to be read into other rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MovieLens:
    """The rating files of one dataset.

    Attributes:
        dataset: folder, zip, file or URL.
        cache: folder for what is fetched.
    """

    dataset: str
    cache: Path

    def pieces(self, state: SourceState | None = None) -> Iterator[Piece]:
        """Offer every file of the dataset; the beginnings of all are checked before the first is offered.

        Raises:
            SourceError: no ratings or no movies, or a file that is unreadable or breaks its contract.
        """
        path = fetch(self.dataset, self.cache) if is_url(self.dataset) else Path(self.dataset).expanduser()
        tables = find_tables(path)
        for table, _ in tables:
            table.check()
        for table, scale in tables:
            checksum, read = table.checksum_and_reader()
            yield Piece(table.contract, table.file.name, "whole", read, f"{READER}: {checksum}", scale)


def find_tables(path: Path) -> list[tuple[Table, Scale]]:
    """Return the tables in a folder, zip or file with their rating scales, those that others refer to first.

    Raises:
        SourceError: the path has no ratings or no movies, or holds two datasets.
    """
    everything = files(path)
    recognised = [file for each in everything if (file := recognise(each))]
    unused = {file.name for file in everything} - {file.file.name for file in recognised}
    used = [(contract, file) for contract in TABLES for file in recognised if _is_used_for(contract, file, recognised)]
    for required in REQUIRED:
        if required not in [contract for contract, _ in used]:
            raise SourceError(_missing(path, required, [file.name for file in everything]))
    _require_one_dataset(path, used)
    if unused:
        log.info("%s: not used: %s", path.name, ", ".join(sorted(unused)))
    return [(Table(file.file, contract, file.dialect), file.scale) for contract, file in used]


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
        if other != name:
            raise SourceError(f"{path} holds more than one dataset: {other} and {name}; choose the folder of one")


def _missing(path: Path, contract: Contract, names: list[str]) -> str:
    columns = ", ".join(column.name for column in contract.columns if column.required)
    seen = ", ".join(names[:20]) or "no file"
    return f"{path}: no file has {contract.table} ({columns}); seen: {seen}; required are ratings and movies"


def profiles(path: Path) -> Iterator[Chunk]:
    """Yield the viewers' profiles of a dataset, if it has any, for seeding a demo application."""
    for table, _ in find_tables(path):
        if table.contract is USER_PROFILE:
            yield from table.read(Notes())
