"""MovieLens in all its layouts, RecBole's atomic files, and other rating files with a header that says what they are.

A dataset is a folder, a zip or a URL of one (`https://…/ml-25m.zip#sha256=…`). Ratings and movies it must have; links,
credits, tags, profiles and the graph around the movies come where their files do. A table may come in several files.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.contract import CREDITS, GRAPH, LINKS, MOVIE_LINK, MOVIES, RATINGS, TAGS, USER_PROFILE, Contract
from movierec.sources.http.fetch import fetch, is_url
from movierec.sources.movielens_layouts import RecognisedFile, recognise
from movierec.sources.source import Chunk, Notes, Piece, SourceState
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
        """Offer every file of the dataset; all are looked at before the first is offered.

        Raises:
            SourceError: no ratings or no movies, or a file that is unreadable or breaks its contract.
        """
        place = fetch(self.dataset, self.cache) if is_url(self.dataset) else Path(self.dataset).expanduser()
        found = find(place)
        for table, _ in found:
            table.check()
        for table, scale in found:
            checksum, read = table.offer()
            yield Piece(table.contract, table.file.name, "whole", read, f"{READER}: {checksum}", scale)


def find(place: Path) -> list[tuple[Table, tuple[float, float]]]:
    """Return the tables at a place with their rating scales, in the order in which they refer to each other.

    Raises:
        SourceError: the place has no ratings or no movies, or holds two datasets.
    """
    everything = files(place)
    found = [table for file in everything if (table := recognise(file))]
    unused = {file.name for file in everything} - {table.file.name for table in found}
    offered = [(contract, table) for contract in TABLES for table in found if _serves(table, contract, found)]
    for required in REQUIRED:
        if required not in [contract for contract, _ in offered]:
            raise SourceError(_missing(place, required, [file.name for file in everything]))
    _require_one_dataset(place, offered)
    if unused:
        log.info("%s: not used: %s", place.name, ", ".join(sorted(unused)))
    return [(Table(table.file, contract, table.form), table.scale) for contract, table in offered]


def _serves(table: RecognisedFile, contract: Contract, found: list[RecognisedFile]) -> bool:
    """Tell whether a file brings a table: it is there for it, or no other file is."""
    return table.main is contract or (contract in table.others and not any(other.main is contract for other in found))


def _require_one_dataset(place: Path, offered: list[tuple[Contract, RecognisedFile]]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for contract, table in offered:
        name = table.file.name
        other = seen.setdefault((contract.table, name.rpartition("/")[2]), name)
        if other != name:
            raise SourceError(f"{place} holds more than one dataset: {other} and {name}; choose the folder of one")


def _missing(place: Path, contract: Contract, names: list[str]) -> str:
    columns = ", ".join(column.name for column in contract.columns if column.required)
    seen = ", ".join(names[:20]) or "no file"
    return f"{place}: no file has {contract.table} ({columns}); seen: {seen}; required are ratings and movies"


def profiles(place: Path) -> Iterator[Chunk]:
    """Yield the viewers' profiles of a dataset, if it has any, for seeding a demo application."""
    for table, _ in find(place):
        if table.contract is USER_PROFILE:
            yield from table.read(Notes())
