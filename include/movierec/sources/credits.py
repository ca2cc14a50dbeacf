"""A CSV of credits by movie id: who directed a movie and who plays in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movierec.sources.contract import CREDITS
from movierec.sources.http.fetch import fetch, is_url
from movierec.sources.source import Piece, SourceState
from movierec.sources.text.archive import single
from movierec.sources.text.delimited import Table
from movierec.sources.text.records import Format

# Other sources tell these better; here they are kept beside the credits.
FORM = Format(is_quoted=True, beside=frozenset(("genres", "imdbRating")))
READER = "credits 1"  # counts up when the same file is to be read into other rows


@dataclass(frozen=True)
class Credits:
    """One file of credits.

    Attributes:
        place: file, zip or URL.
        cache: folder for what is fetched.
    """

    place: str
    cache: Path

    def pieces(self, state: SourceState | None = None) -> Iterator[Piece]:
        """Offer the file.

        Raises:
            SourceError: the file is missing, unreadable or breaks its contract.
        """
        place = fetch(self.place, self.cache) if is_url(self.place) else Path(self.place).expanduser()
        table = Table(single(place), CREDITS, FORM)
        table.check()
        checksum, read = table.offer()
        yield Piece(CREDITS, table.file.name, "whole", read, f"{READER}: {checksum}")
