"""IMDb's datasets: titles, crew, cast, ratings and names of the movies that are known here, and of no others.

Layout: https://developer.imdb.com/non-commercial-datasets/ – tab-separated, `\\N` for null, quotes are text. The files
hold millions of rows; they are read as a stream and most rows are left out before they are looked at.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.contract import IMDB_CREW, IMDB_NAME, IMDB_PRINCIPAL, IMDB_RATING, IMDB_TITLE, Contract
from movierec.sources.http.fetch import fetch, is_url
from movierec.sources.http.transfer import GoneError, printable_url
from movierec.sources.source import Chunk, Notes, Piece, SourceState
from movierec.sources.text.archive import File, files, single
from movierec.sources.text.blocks import Sieve
from movierec.sources.text.delimited import Table
from movierec.sources.text.records import Format

FILES = {
    "title.basics.tsv": IMDB_TITLE,
    "title.crew.tsv": IMDB_CREW,
    "title.principals.tsv": IMDB_PRINCIPAL,
    "title.ratings.tsv": IMDB_RATING,
    "name.basics.tsv": IMDB_NAME,
}
TABLES_NAMING_PEOPLE = (IMDB_CREW, IMDB_PRINCIPAL)  # the tables that name people
_BESIDE = ("isAdult", "endYear", "deathYear", "primaryProfession", "knownForTitles")
FORM = Format("\t", has_nulls=True, beside=frozenset(_BESIDE))
READER = "imdb 1"  # counts up when the same file is to be read into other rows
_PERSON = re.compile(rb"\bnm\d+\b")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Imdb:
    """IMDb's files in a folder, in a zip, or below a URL.

    Attributes:
        place: the folder, zip or URL.
        cache: folder for what is fetched.
    """

    place: str
    cache: Path

    def pieces(self, state: SourceState) -> Iterator[Piece]:
        """Offer the files that there are, titles first; names last, because they follow from crew and cast.

        Raises:
            SourceError: the titles are missing, or a file is unreadable or breaks its contract.
        """
        found = self._files()
        titles = frozenset(title.encode() for title in state.imdb_ids())
        if not titles:
            log.warning("imdb: no movie has an IMDb id yet, so that every row is left out")
        readers = {contract.table: _Reader(contract, file, titles) for contract, file in found}
        people = _People([readers[contract.table] for contract in TABLES_NAMING_PEOPLE if contract.table in readers])
        for reader in readers.values():
            reader.check()
        known = hashlib.sha256(b"\n".join(sorted(titles))).hexdigest()
        for contract, file in found:
            content = [READER, known, file.sha256()]
            if contract is IMDB_NAME:
                content += [other.file.sha256() for other in people.readers]
                read = people.names(readers[contract.table])
            else:
                read = readers[contract.table].read
            fingerprint = hashlib.sha256(" ".join(content).encode()).hexdigest()
            yield Piece(contract, file.name, "whole", read, fingerprint)

    def _files(self) -> list[tuple[Contract, File]]:
        here = None if is_url(self.place) else {file.name: file for file in files(Path(self.place).expanduser())}
        found = []
        for name, contract in FILES.items():
            file = here.get(name) if here is not None else self._fetched(name)
            if file:
                found.append((contract, file))
            elif contract is IMDB_TITLE:
                raise SourceError(f"imdb: {name} (or {name}.gz) is not in {printable_url(self.place)}; it is required")
            else:
                log.warning("imdb: %s is not in %s; going on without", name, printable_url(self.place))
        return found

    def _fetched(self, name: str) -> File | None:
        for variant in (f"{name}.gz", name):
            try:
                return single(fetch(f"{self.place.rstrip('/')}/{variant}", self.cache))
            except GoneError:
                continue
        return None


class _Reader:
    """Reads one file, and remembers the people that its kept rows name."""

    def __init__(self, contract: Contract, file: File, wanted: Set[bytes]) -> None:
        self.file = file
        self.contract = contract
        self.wanted = wanted
        self.people: set[bytes] | None = None

    def check(self) -> None:
        Table(self.file, self.contract, FORM).check()

    def read(self, notes: Notes) -> Iterator[Chunk]:
        people: set[bytes] = set()

        def sieve(columns: Sequence[str | None], notes: Notes) -> Sieve:
            keep = _sieve(columns.index(self.contract.key[0]), self.wanted, notes)

            def collect(block: bytes) -> bytes:
                kept = keep(block)
                if self.contract in TABLES_NAMING_PEOPLE:
                    people.update(_PERSON.findall(kept))
                return kept

            return collect

        yield from Table(self.file, self.contract, FORM, sieve).read(notes)
        self.people = people


class _People:
    """The people behind the known movies: as crew and cast were read tonight, or read for this."""

    def __init__(self, readers: list[_Reader]) -> None:
        self.readers = readers

    def names(self, names: _Reader) -> Callable[[Notes], Iterator[Chunk]]:
        def read(notes: Notes) -> Iterator[Chunk]:
            names.wanted = self._all()
            yield from names.read(notes)

        return read

    def _all(self) -> set[bytes]:
        people: set[bytes] = set()
        for reader in self.readers:
            if reader.people is None:
                for _ in reader.read(Notes()):
                    pass
            people |= reader.people or set()
        return people


def _sieve(at: int, wanted: Set[bytes], notes: Notes) -> Sieve:
    """Return what keeps the lines whose field at a position is wanted; a line without that field goes, too."""

    def keep(block: bytes) -> bytes:
        lines = block.split(b"\n")
        lines.pop()
        if at == 0:
            kept = [line for line in lines if line[: line.find(b"\t")] in wanted]
        else:
            kept = [
                line for line in lines if line.split(b"\t", at + 1)[at : at + 1] and line.split(b"\t")[at] in wanted
            ]
        notes.skipped_rows += len(lines) - len(kept)
        return b"\n".join([*kept, b""])

    return keep
