"""What a source is: the pieces that it offers, their rows, and where it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from movierec.rating_scale import RatingScale
from movierec.sources.contract import Contract

Mode = Literal["whole", "changes"]


@dataclass(frozen=True)
class Chunk:
    """Some rows in PostgreSQL's COPY text format, each ending in a newline.

    Attributes:
        columns: columns of `raw.<table>` in the order of the fields; `extra` (jsonb) may be the last of them.
        data: the rows; tabs, newlines, carriage returns and backslashes inside values are escaped, null is `\\N`.
    """

    columns: tuple[str, ...]
    data: bytes


@dataclass
class Notes:
    """What a reader notes about the rows; kept with the slice.

    Attributes:
        new_columns: columns that no contract knows; their values are in `extra`.
        skipped_rows: rows that are not needed here: titles of movies that are not known, what is loaded already.
        watermark: up to where a database table has been read.
        has_spaced_genres: the layout separates genres by spaces.
    """

    new_columns: list[str] = field(default_factory=list)
    skipped_rows: int = 0
    watermark: str | None = None
    has_spaced_genres: bool = False


@dataclass(frozen=True)
class Piece:
    """One part of a source that is loaded as a whole.

    Attributes:
        contract: the table it belongs to.
        name: what a person calls it: `ratings.csv`, `table feedback_event`.
        mode: `whole` replaces what the piece of this name brought before; `changes` goes on top of it.
        read: yields the rows and fills the notes; called once, inside the transaction that loads them.
        fingerprint: equal fingerprints mean equal rows. None: it is taken from the rows while they are loaded.
        scale: the scale of its ratings, where the layout fixes it.
        keys: the keys of every row that exists at the source; what is loaded and no longer among them is deleted.
    """

    contract: Contract
    name: str
    mode: Mode
    read: Callable[[Notes], Iterator[Chunk]]
    fingerprint: str | None = None
    scale: RatingScale | None = None
    keys: Callable[[], Iterator[Chunk]] | None = None


class SourceState(Protocol):
    """What the warehouse holds of a source."""

    def watermark(self, table: str, piece: str) -> str | None:
        """Return up to where a piece has been read, or None where it has to be read from the start."""
        ...

    def has_piece(self, table: str, piece: str) -> bool:
        """Tell whether a piece has ever been loaded."""
        ...

    def has_fingerprint(self, table: str, fingerprint: str) -> bool:
        """Tell whether content has ever been loaded."""
        ...

    def imdb_ids(self) -> frozenset[str]:
        """Return the IMDb ids (`tt0114709`) of the known movies."""
        ...

    def remark(self, sentence: str) -> None:
        """Keep a sentence for whoever reads the night's summary, such as which file was not read and why."""
        ...


class Source(Protocol):
    """Offers the pieces of a batch."""

    def pieces(self, state: SourceState) -> Iterable[Piece]:
        """Yield the pieces that there are now, tables that others refer to first.

        Raises:
            SourceError: the source is missing, unreadable or breaks a contract.
        """
        ...


@dataclass(frozen=True)
class Endpoint:
    """A server, as an Airflow connection describes it.

    Attributes:
        kind: `postgres`, `mysql`, `http` or `https`.
        host: name or address; for PostgreSQL also the folder of a socket.
        port: None for the kind's own.
        login: user name, or empty.
        password: password or token, or empty.
        database: name of the database; for HTTP the path.
        extra: further options of the connection.
    """

    kind: str
    host: str
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Origin:
    """Where the sources of a batch are.

    Attributes:
        dataset: folder, zip, file or URL of the rating files.
        cache: folder for what is fetched.
        locations: folders, files and URLs of the optional sources, by source name.
        connections: Airflow connection ids of the servers that are sources, by source name.
        endpoint: finds the server behind a connection id.
        is_full: read servers from the start, whatever their watermarks say.
        scales: rating scales that were declared, by source name.
        exclude: names of files that are left out on purpose, with * for anything.
    """

    dataset: str
    cache: Path
    locations: Mapping[str, str]
    connections: Mapping[str, str]
    endpoint: Callable[[str], Endpoint]
    is_full: bool = False
    scales: Mapping[str, RatingScale] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
