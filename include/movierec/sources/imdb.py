"""IMDb's datasets: titles, crew, cast, ratings and names of the movies that are known here, and of no others.

Layout: https://developer.imdb.com/non-commercial-datasets/ – tab-separated, `\\N` for null, quotes are text. The files
hold millions of rows; they are read as a stream, and most rows are skipped before they are parsed.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.contract import Contract
from movierec.sources.http.addresses import is_url, printable_url
from movierec.sources.http.fetch import fetch
from movierec.sources.http.transfer import GoneError
from movierec.sources.imdb_reader import TABLES_NAMING_PEOPLE, FilteredReader, People
from movierec.sources.source import Piece, SourceState
from movierec.sources.table_contracts import IMDB_CREW, IMDB_NAME, IMDB_PRINCIPAL, IMDB_RATING, IMDB_TITLE
from movierec.sources.text.archive import files, single_file
from movierec.sources.text.file import File

FILES = {
    "title.basics.tsv": IMDB_TITLE,
    "title.crew.tsv": IMDB_CREW,
    "title.principals.tsv": IMDB_PRINCIPAL,
    "title.ratings.tsv": IMDB_RATING,
    "name.basics.tsv": IMDB_NAME,
}
READER = "imdb 1"  # counts up when the same file is to be read into other rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Imdb:
    """IMDb's files in a folder, in a zip, or below a URL.

    Attributes:
        location: the folder, zip or URL.
        cache: folder for what is fetched.
    """

    location: str
    cache: Path

    def pieces(self, state: SourceState) -> Iterator[Piece]:
        """Offer the files that there are, titles first; names last, because they follow from crew and cast.

        Raises:
            SourceError: the titles are missing, or a file is unreadable or breaks its contract.
        """
        present = self._files()
        titles = frozenset(title.encode() for title in state.imdb_ids())
        if not titles:
            log.warning("imdb: no movie has an IMDb id yet, so that every row is skipped")
        readers = {contract.table: FilteredReader(contract, file, titles) for contract, file in present}
        people = People([readers[contract.table] for contract in TABLES_NAMING_PEOPLE if contract.table in readers])
        for reader in readers.values():
            reader.check()
        known = hashlib.sha256(b"\n".join(sorted(titles))).hexdigest()
        for contract, file in present:
            content = [READER, known, file.sha256()]
            if contract is IMDB_NAME:
                content += [other.file.sha256() for other in people.readers]
                read = people.names(readers[contract.table])
            else:
                read = readers[contract.table].read
            fingerprint = hashlib.sha256(" ".join(content).encode()).hexdigest()
            yield Piece(contract, file.name, "whole", read, fingerprint)

    def _files(self) -> list[tuple[Contract, File]]:
        where = printable_url(self.location)
        on_disk = {} if is_url(self.location) else {file.name: file for file in files(Path(self.location).expanduser())}
        present = []
        for name, contract in FILES.items():
            file = self._fetch(name) if is_url(self.location) else on_disk.get(name)
            if file:
                present.append((contract, file))
            elif contract is IMDB_TITLE:
                raise SourceError(f"imdb: {name} (or {name}.gz) is not in {where}; it is required")
            else:
                log.warning("imdb: %s is not in %s; going on without", name, where)
        return present

    def _fetch(self, name: str) -> File | None:
        for variant in (f"{name}.gz", name):
            try:
                return single_file(fetch(f"{self.location.rstrip('/')}/{variant}", self.cache))
            except GoneError:
                continue
        return None
