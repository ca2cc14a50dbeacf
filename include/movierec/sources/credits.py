"""A CSV of credits by movie id: who directed a movie and who plays in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movierec.sources.http.addresses import is_url
from movierec.sources.http.fetch import fetch
from movierec.sources.source import Piece, SourceState
from movierec.sources.table_contracts import CREDITS
from movierec.sources.text.archive import single_file
from movierec.sources.text.delimited import Table
from movierec.sources.text.records import Dialect

# Columns for which other sources are better; here they are kept as extras of the credits.
DIALECT = Dialect(is_quoted=True, expected_extras=frozenset(("genres", "imdbRating")))
READER = "credits 1"  # counts up when the same file is to be read into other rows


@dataclass(frozen=True)
class Credits:
    """One file of credits.

    Attributes:
        location: file, zip or URL.
        cache: folder for what is fetched.
    """

    location: str
    cache: Path

    def pieces(self, state: SourceState | None = None) -> Iterator[Piece]:
        """Offer the file.

        Raises:
            SourceError: the file is missing, unreadable or breaks its contract.
        """
        path = fetch(self.location, self.cache) if is_url(self.location) else Path(self.location).expanduser()
        table = Table(single_file(path), CREDITS, DIALECT)
        table.check()
        checksum, read = table.checksum_and_reader()
        yield Piece(CREDITS, table.file.name, "whole", read, f"{READER}: {checksum}")
