"""A table of credits by movie id, in any form that rating files may have: who directed a movie and who plays in it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.http.addresses import is_url
from movierec.sources.http.fetch import fetch
from movierec.sources.recognition import recognise, why_unread
from movierec.sources.source import Piece, SourceState
from movierec.sources.table_contracts import CREDITS
from movierec.sources.text.archive import single_file
from movierec.sources.text.delimited import Table
from movierec.sources.text.file import File
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
        table = _table(single_file(path))
        table.check()
        checksum, read = table.checksum_and_reader()
        yield Piece(CREDITS, table.file.name, "whole", read, f"{READER}{table.way_of_reading}: {checksum}")


def _table(file: File) -> Table:
    """Return a file as a table of credits.

    Raises:
        SourceError: it is of a kind that is not read.
    """
    if reason := why_unread(file):
        raise SourceError(f"{file.where} is {reason}")
    recognised = recognise(file)
    if recognised is None or CREDITS not in (recognised.main, *recognised.others):
        return Table(file, CREDITS, DIALECT)
    return Table(
        file,
        CREDITS,
        replace(recognised.dialect, expected_extras=DIALECT.expected_extras),
        checksum=recognised.checksum,
    )
