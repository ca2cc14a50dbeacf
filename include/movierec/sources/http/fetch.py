"""Files from a URL, kept in a cache: resumed where the connection broke, verified, and fetched again when they change.

`https://host/file.zip#sha256=…` pins the content: what is in the cache and fits is used without asking the server.
"""

import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from movierec import locks
from movierec.checksum import sha256_of
from movierec.errors import SourceError
from movierec.scratch import naming_the_folder
from movierec.sources.http.addresses import printable_url
from movierec.sources.http.part_file import FileVersion
from movierec.sources.http.transfer import GoneError, RetryPolicy, Transfer, UnreachableError

SCHEMES = ("http", "https", "file")
MAX_WAIT_SECONDS = 7200.0  # as long as an extraction may take

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Copy:
    """What is known of a file in the cache, in a file of JSON next to it."""

    etag: str | None
    modified: str | None
    sha256: str


def local_path(url: str, cache: Path) -> Path:
    """Return where the file of a URL is, or will be once it is fetched.

    Raises:
        SourceError: the URL's scheme is not one that can be fetched.
    """
    plain = urldefrag(url).url
    parts = urlsplit(plain)
    if parts.scheme.lower() not in SCHEMES:
        raise SourceError(f"{printable_url(url)} cannot be fetched; allowed are {', '.join(SCHEMES)}")
    if parts.scheme.lower() == "file":
        return Path(unquote(parts.path))
    name = re.sub(r"[^\w.-]", "_", unquote(Path(parts.path).name)) or "file"
    return cache / hashlib.sha256(plain.encode()).hexdigest()[:16] / name


def fetch(url: str, cache: Path, sha256: str | None = None, retry_policy: RetryPolicy | None = None) -> Path:
    """Return the path of a URL's file: from the cache where that is up to date, or where the server cannot be reached.

    Raises:
        SourceError: nothing usable could be fetched; says what the server answered.
        DiskFullError: there is no room in the cache.
        GoneError: the server says that there is no such file.
    """
    path = local_path(url, cache)
    expected = (sha256 or _pinned_checksum(url) or "").lower() or None
    if urlsplit(url).scheme.lower() == "file":
        return _local_file(path, url, expected)
    path.parent.mkdir(parents=True, exist_ok=True)
    one_at_a_time = locks.lock(path.parent / "lock", timeout_seconds=MAX_WAIT_SECONDS)
    with naming_the_folder(path.parent), one_at_a_time:
        copy = _cached_copy(path)
        if copy and copy.sha256 == expected:
            return path
        return _update(url, path, copy if not expected else None, expected, retry_policy or RetryPolicy())


def _update(url: str, path: Path, copy: Copy | None, expected: str | None, retry_policy: RetryPolicy) -> Path:
    part_file = path.with_name(path.name + ".part")
    try:
        cached = FileVersion(copy.etag, copy.modified) if copy else FileVersion()
        version = Transfer(urldefrag(url).url, part_file, retry_policy).run(cached)
    except UnreachableError as error:
        if copy is None:
            raise
        log.warning("%s; going on with the copy in the cache, %s", error, path)
        return path
    if version is None:
        return path
    sha256 = sha256_of(part_file)
    if expected and sha256 != expected:
        part_file.unlink()
        raise SourceError(
            f"{printable_url(url)} is not the expected file: sha256 {sha256}, expected {expected}; nothing was kept"
        )
    part_file.replace(path)
    _note_path(path).write_text(json.dumps(asdict(Copy(version.etag, version.modified, sha256))), encoding="utf-8")
    log.info("fetched %s: %s bytes", printable_url(url), f"{path.stat().st_size:,}")
    return path


def _local_file(path: Path, url: str, expected: str | None) -> Path:
    if not path.exists():
        raise GoneError(f"{printable_url(url)} does not exist")
    if expected and (not path.is_file() or sha256_of(path) != expected):
        raise SourceError(f"{printable_url(url)} is not the expected file: its sha256 is not {expected}")
    return path


def _pinned_checksum(url: str) -> str | None:
    fragment = urldefrag(url).fragment
    if not fragment:
        return None
    checksum = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", fragment)
    if not checksum:
        raise SourceError(
            f"{printable_url(url)}: '#{fragment[:20]}' is not a checksum; allowed is #sha256= and 64 hex digits"
        )
    return checksum[1]


def _cached_copy(path: Path) -> Copy | None:
    """Return what is known of the cached file, if it is still what was fetched."""
    try:
        copy = Copy(**json.loads(_note_path(path).read_text(encoding="utf-8")))
        return copy if sha256_of(path) == copy.sha256 else None
    except (OSError, ValueError, TypeError):
        return None


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")
