"""Reading IMDb's files: only the rows about known movies, and the people that these rows name."""

import re
from collections.abc import Callable, Iterator, Sequence, Set

from movierec.sources.contract import Contract
from movierec.sources.source import Chunk, Notes
from movierec.sources.table_contracts import IMDB_CREW, IMDB_PRINCIPAL
from movierec.sources.text.blocks import LineFilter
from movierec.sources.text.delimited import Table
from movierec.sources.text.file import File
from movierec.sources.text.records import Dialect

TABLES_NAMING_PEOPLE = (IMDB_CREW, IMDB_PRINCIPAL)
_EXPECTED_EXTRAS = ("isAdult", "endYear", "deathYear", "primaryProfession", "knownForTitles")
DIALECT = Dialect("\t", has_nulls=True, expected_extras=frozenset(_EXPECTED_EXTRAS))
_PERSON = re.compile(rb"\bnm\d+\b")


class FilteredReader:
    """Reads one file, and remembers the people that its kept rows name."""

    def __init__(self, contract: Contract, file: File, wanted: Set[bytes]) -> None:
        """Read the rows of `file` whose first key column is `wanted`."""
        self.file = file
        self.contract = contract
        self.wanted = wanted
        self.people: set[bytes] | None = None

    def check(self) -> None:
        """Check the header and the first rows."""
        Table(self.file, self.contract, DIALECT).check()

    def read(self, notes: Notes) -> Iterator[Chunk]:
        """Yield the wanted rows."""
        people: set[bytes] = set()

        def make_filter(columns: Sequence[str | None], notes: Notes) -> LineFilter:
            keep = _line_filter(columns.index(self.contract.key[0]), self.wanted, notes)

            def collect(block: bytes) -> bytes:
                kept = keep(block)
                if self.contract in TABLES_NAMING_PEOPLE:
                    people.update(_PERSON.findall(kept))
                return kept

            return collect

        yield from Table(self.file, self.contract, DIALECT, make_filter).read(notes)
        self.people = people


class People:
    """The people behind the known movies: noted while crew and cast were read, or read on purpose."""

    def __init__(self, readers: list[FilteredReader]) -> None:
        """Take the people from the rows of these readers."""
        self.readers = readers

    def names(self, names: FilteredReader) -> Callable[[Notes], Iterator[Chunk]]:
        """Return what reads the names of these people."""

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


def _line_filter(at: int, wanted: Set[bytes], notes: Notes) -> LineFilter:
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
