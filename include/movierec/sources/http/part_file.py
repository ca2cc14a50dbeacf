"""The beginning of a file that is being fetched, with a note of the version that it is a beginning of."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileVersion:
    """How a server tells one version of a file from another; both None where it cannot, or where none is known."""

    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True)
class PartFile:
    """A file that grows with each attempt, and its note in a file of JSON next to it."""

    path: Path

    def size(self) -> int:
        """Return how many bytes there are."""
        return self.path.stat().st_size if self.path.exists() else 0

    def note(self, version: FileVersion) -> None:
        """Note which version the bytes belong to."""
        self._note.write_text(json.dumps([version.etag or "", version.modified or ""]), encoding="utf-8")

    def validator(self) -> str | None:
        """Return what the rest may be requested by, if the server can tell versions apart: an ETag, or else a time."""
        try:
            etag, modified = map(str, json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None
        return (modified if not etag or etag.startswith("W/") else etag) or None

    def complete(self) -> None:
        """Drop the note: all bytes are there."""
        self._note.unlink()

    def remove(self) -> None:
        """Remove the bytes and the note, so that the next attempt begins anew."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.path.with_name(self.path.name + ".json")
