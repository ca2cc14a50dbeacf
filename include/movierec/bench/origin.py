"""Where the sources of a measurement are: in files, never on servers."""

from collections.abc import Mapping
from pathlib import Path

from movierec.sources.source import Endpoint, Origin


def origin_of_files(folder: Path, locations: Mapping[str, str] | None = None) -> Origin:
    """Describe a folder of rating files, with the files of other sources by their names, as all that there is."""
    return Origin(str(folder), folder, locations or {}, {}, _no_server)


def _no_server(name: str) -> Endpoint:
    raise LookupError(name)
