"""What a backup holds: every file with its size and digest, and what readers were shown when it was made."""

import json
from pathlib import Path
from typing import Any

from movierec.checksum import sha256_of
from movierec.errors import MovierecError

FILE = "manifest.json"


def digest_of(path: Path) -> dict[str, Any]:
    """Return the size and the SHA-256 of a file."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def write_manifest(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write what is known of a backup, with the digests of all its files, and return it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {**about, "files": {path.relative_to(folder).as_posix(): digest_of(path) for path in paths}}
    (folder / FILE).write_text(json.dumps(manifest, indent=1, default=str) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a manifest after comparing every file with it.

    Raises:
        MovierecError: this is not a backup, or files are missing, damaged or too many.
    """
    try:
        manifest = json.loads((folder / FILE).read_text(encoding="utf-8"))
        files = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MovierecError(f"{folder} is not a backup: {FILE} cannot be read ({error})") from error
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {FILE}
    wrong = sorted(here ^ files.keys())
    wrong += [name for name in sorted(here & files.keys()) if digest_of(folder / name) != files[name]]
    if wrong:
        raise MovierecError(f"{folder} is not whole: {len(wrong)} files differ from its {FILE}, such as {wrong[0]}")
    return dict(manifest)
