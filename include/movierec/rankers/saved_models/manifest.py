"""The manifest of a saved model: checksums, by which damaged and exchanged files are noticed before they are used."""

import hashlib
import json

from upath import UPath

from movierec.artifacts import read_bytes, write_bytes
from movierec.errors import ModelError

MANIFEST = "manifest.json"


def write_manifest(folder: UPath) -> None:
    """Write the SHA-256 of every file of a folder; folders in it are models with manifests of their own."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    sums = {name: _checksum(folder / name) for name in names if name != MANIFEST}
    write_bytes(folder / MANIFEST, json.dumps(sums, indent=2, sort_keys=True).encode())


def check_manifest(folder: UPath) -> None:
    """Make sure that the files of a model are those that were saved; earlier models, which have no manifest, pass.

    Raises:
        ModelError: a file is missing or another one, or the manifest cannot be read.
    """
    if not (folder / MANIFEST).exists():
        return
    try:
        sums = dict(json.loads(read_bytes(folder / MANIFEST)))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{folder / MANIFEST} is not a manifest ({error}); train again") from error
    for name, expected in sums.items():
        found = _checksum(folder / name)
        if found != expected:
            raise ModelError(
                f"{folder / name} is not the file that was saved: its sha256 is {found[:12]}…, the manifest says "
                f"{str(expected)[:12]}…; train again"
            )


def _checksum(path: UPath) -> str:
    return hashlib.sha256(read_bytes(path)).hexdigest()
