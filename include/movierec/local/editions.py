"""MovieLens editions from GroupLens' own server, verified by the checksum published beside each of them."""

import hashlib
import os
import re
from pathlib import Path

from movierec.errors import SourceError
from movierec.sources.http.fetch import fetch
from movierec.sources.http.transfer import GoneError, RetryPolicy, UnreachableError

EDITIONS = ("ml-latest-small", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m")
PATIENCE = RetryPolicy(attempts=2, timeout_seconds=20.0)
GROUPLENS = "https://files.grouplens.org/datasets/movielens"


def edition_url(name: str) -> str:
    """Return the URL of an edition; `MOVIEREC_GROUPLENS` names another server that has them."""
    return f"{(os.environ.get('MOVIEREC_GROUPLENS') or GROUPLENS).rstrip('/')}/{name}.zip"


def fetch_edition(name: str, cache: Path) -> Path:
    """Return the path of an edition's zip, fetched unless the cached one is still current.

    Raises:
        SourceError: the server cannot be reached and nothing is in the cache, or the zip is not the published one.
    """
    print(f"looking for MovieLens {name} at {edition_url(name)}", flush=True)
    try:
        path = fetch(edition_url(name), cache, retry_policy=PATIENCE)
    except UnreachableError as error:
        raise SourceError(
            f"this machine cannot reach GroupLens for {name}: {error}; fetch the zip elsewhere and name its path, "
            "or take ml-100k, which comes from the package index"
        ) from error
    _verify(path, _published_md5(name, cache))
    return path


def _published_md5(name: str, cache: Path) -> str | None:
    """Return the MD5 that GroupLens publishes (`MD5 (name) = …` or `… name`), or None where it cannot be fetched."""
    url = f"{edition_url(name)}.md5"
    try:
        text = fetch(url, cache, retry_policy=PATIENCE).read_text(encoding="ascii", errors="replace")
    except (GoneError, UnreachableError) as error:
        print(f"the zip is taken without comparing its checksum: {error}", flush=True)
        return None
    md5 = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    if not md5:
        raise SourceError(f"{url} holds no MD5 checksum; seen: {text[:40]!r}")
    return md5[0].lower()


def _verify(path: Path, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if actual != expected:
        path.unlink()
        raise SourceError(f"{path.name} is not the published file: md5 {actual}, expected {expected}; nothing was kept")
