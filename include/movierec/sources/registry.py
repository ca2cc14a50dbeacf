"""The sources that exist, by the name that the trigger form and the settings use."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.sources.connections import WAREHOUSE
from movierec.sources.credits import Credits
from movierec.sources.databases.tables import DatabaseTables
from movierec.sources.events_api import EventsApi
from movierec.sources.events_folder import EventsFolder
from movierec.sources.imdb import Imdb
from movierec.sources.movielens import MovieLens
from movierec.sources.source import Endpoint, Origin, Source
from movierec.sources.table_contracts import FEEDBACK_EVENT

# Read after the others, because what is read of them depends on the movies that the others know.
LATE_SOURCES = ("imdb",)
ALWAYS_READ = ("movielens", "serving")  # these need no setting


@dataclass(frozen=True)
class Registry:
    """The sources by name.

    Attributes:
        factories: sources of their own kind.
        from_server: makes a source of any server that a connection names.
    """

    factories: Mapping[str, Callable[[Origin], Source]]
    from_server: Callable[[Endpoint, bool], Source]

    def create(self, name: str, origin: Origin) -> Source:
        """Make a source.

        Raises:
            ConfigError: no source has that name, or its location is not configured.
        """
        if name in origin.connections:
            return self.from_server(origin.endpoint(origin.connections[name]), origin.is_full)
        if name not in self.factories:
            allowed = ", ".join(sorted((*self.factories, *origin.connections)))
            raise ConfigError(f"source '{name}' is unknown; allowed: {allowed}")
        if name not in ALWAYS_READ and name not in origin.locations:
            raise ConfigError(f"source '{name}' has no location; set MOVIEREC_{name.upper()}")
        return self.factories[name](origin)


def _feedback_given_here(origin: Origin) -> Source:
    """Return the warehouse itself as a source: the view serving.feedback_event, and no other table."""
    warehouse = origin.endpoint(WAREHOUSE)
    search_path = {"options": "-c search_path=serving"}
    return DatabaseTables(
        replace(warehouse, extra={**warehouse.extra, **search_path}), origin.is_full, contracts=(FEEDBACK_EVENT,)
    )


def _source_of_server(endpoint: Endpoint, is_full: bool) -> Source:
    return (EventsApi if endpoint.kind in ("http", "https") else DatabaseTables)(endpoint, is_full)


SOURCES = Registry(
    factories={
        "movielens": lambda origin: MovieLens(origin.dataset, origin.cache, origin.exclude),
        "credits": lambda origin: Credits(origin.locations["credits"], origin.cache),
        "imdb": lambda origin: Imdb(origin.locations["imdb"], origin.cache),
        "events": lambda origin: EventsFolder(Path(origin.locations["events"]).expanduser(), origin.exclude),
        "serving": _feedback_given_here,
    },
    from_server=_source_of_server,
)


def configured_sources(settings: Settings) -> tuple[str, ...]:
    """Return the names of the sources that this installation reads, in the order in which they are read."""
    optional = (name for name in SOURCES.factories if name in settings.locations)
    return ("movielens", *settings.connections, *optional, "serving")


def feedback_sources(settings: Settings) -> list[str]:
    """Return the names of the sources that may bring feedback events within the hour, but for what is given here."""
    return [*settings.connections, *(name for name in ("events",) if name in settings.locations)]


def selected_sources(settings: Settings, requested: Iterable[str] | None) -> list[str]:
    """Return the sources to read: the requested ones, or all.

    Raises:
        ConfigError: a requested source is not configured.
    """
    known = configured_sources(settings)
    names = list(requested or known)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"source '{unknown[0]}' is not configured; configured are: {', '.join(known)}")
    return names
