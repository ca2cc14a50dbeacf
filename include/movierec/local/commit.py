"""Which commit this tree is of, recorded at set-up; on the standard library alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

NO_GIT = "no git: this tree is not a clone"


def record_commit(root: Path, path: Path) -> None:
    """Write the commit of a tree to a file; a tree without git says so there."""
    commit = commit_of(root)
    if not path.is_file() or path.read_text(encoding="utf-8").strip() != commit:
        path.write_text(f"{commit}\n", encoding="utf-8")


def commit_of(root: Path) -> str:
    """Return the commit of a tree, with `-dirty` where files differ from it, or `NO_GIT`."""
    if not (root / ".git").exists():  # git would look in the folders above, which may be somebody else's
        return NO_GIT
    describe = ("git", "-C", str(root), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
    try:
        completed = subprocess.run(describe, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"git could not be asked: {error}"
    if completed.returncode:
        return f"git could not be asked: {completed.stderr.strip().splitlines()[-1]}"
    return completed.stdout.strip()
