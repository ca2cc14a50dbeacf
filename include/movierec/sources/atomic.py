"""RecBole atomic files: tab-separated text whose header names column and type (`user_id:token`).

Layout: https://recbole.io/docs/user_guide/data/atomic_files.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources import Record
from movierec.sources.contract import GRAPH, MOVIE_LINK, MOVIES, RATINGS, USER_PROFILE, Contract

SUFFIXES = {
    "ratings": ".inter",
    "movies": ".item",
    "movie_link": ".link",
    "graph": ".kg",
    "user_profile": ".user",
}
REQUIRED = ("ratings", "movies")


@dataclass(frozen=True)
class AtomicFiles:
    """A folder with one file per table: ratings and movies always, the graph and its links where they exist."""

    folder: Path

    def known(self) -> Iterable[Contract]:
        """Ratings, movies, and the graph around the movies."""
        return (MOVIES, MOVIE_LINK, GRAPH, RATINGS)

    def contracts(self) -> Iterable[Contract]:
        """Ratings and movies; the graph where its files exist."""
        return [contract for contract in self.known() if contract.table in REQUIRED or self.has(contract)]

    def has(self, contract: Contract) -> bool:
        """Say whether the folder has a file for this table."""
        return any(self.folder.glob("*" + SUFFIXES[contract.table]))

    def path(self, contract: Contract) -> Path:
        """Find the one file of a table.

        Raises:
            SourceError: no folder, no file, or more than one.
        """
        if not self.folder.is_dir():
            raise SourceError(f"dataset folder {self.folder} does not exist")
        found = sorted(self.folder.glob("*" + SUFFIXES[contract.table]))
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            raise SourceError(f"{self.folder}: one *{SUFFIXES[contract.table]} file is required; seen: {names}")
        return found[0]

    def read(self, contract: Contract) -> Iterator[Record]:
        """Yield every line after the header, whatever it holds.

        Raises:
            SourceError: the file is missing, empty, or lacks a required column.
        """
        path = self.path(contract)
        # backslashreplace and a spelt-out NUL: a byte that is not text stays visible, PostgreSQL stores neither.
        with path.open(encoding="utf-8", errors="backslashreplace", newline="\n") as lines:
            first = next(lines, "")
            if not first:
                raise SourceError(f"{path.name} is empty; required is a header with {', '.join(contract.columns)}")
            names = _header(first)
            contract.check(path.name, names)
            for line in lines:
                yield _record(contract, names, _fields(line))


def _header(line: str) -> list[str]:
    return [name.split(":")[0] for name in _fields(line.removeprefix("\ufeff"))]


def _fields(line: str) -> list[str]:
    return line.rstrip("\r\n").replace("\0", "\\x00").split("\t")


def _record(contract: Contract, names: list[str], values: list[str]) -> Record:
    row = dict(zip(names, values, strict=False))
    extra: dict[str, object] = {name: value for name, value in row.items() if name not in contract.columns}
    if len(values) > len(names):
        extra["overflow"] = values[len(names) :]
    return [row.get(column) for column in contract.columns], extra or None


def read_profiles(folder: Path) -> Iterator[Record]:
    """Yield the viewers' profiles of a dataset, for seeding a demo application."""
    return AtomicFiles(folder).read(USER_PROFILE)
