"""MovieLens in all its layouts, RecBole's atomic files, and other rating files with a header that says what they are.

A dataset is a folder, a zip or a URL of one (`https://…/ml-25m.zip#sha256=…`). Ratings and movies it must have; links,
credits, tags, profiles and the graph around the movies come where their files do. A table may come in several files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.http.addresses import is_url
from movierec.sources.http.fetch import fetch
from movierec.sources.movielens_tables import REQUIRED, find_tables, sentence_of_left_out
from movierec.sources.source import Chunk, Notes, Piece, SourceState
from movierec.sources.table_contracts import USER_PROFILE

READER = "movielens 1"  # counts up when the same file is to be read into other rows


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
                    state.remark(sentence_of_left_out(table, error))
                continue
            fingerprint = f"{READER}{table.way_of_reading}: {checksum}"
            yield Piece(table.contract, table.file.name, "whole", read, fingerprint, table.file.scale)


def profiles(path: Path, exclude: Sequence[str] = ()) -> Iterator[Chunk]:
    """Yield the viewers' profiles of a dataset, if it has any, for seeding a demo application."""
    for table in find_tables(path, exclude):
        if table.contract is USER_PROFILE:
            yield from table.read(Notes())
