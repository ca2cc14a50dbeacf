"""Which code this is: the git commit that set-up recorded beside the packages."""

import sys
from pathlib import Path

COMMIT_FILE = "movierec-commit.txt"  # in the environment that set-up makes
NOT_RECORDED = "not recorded: make setup records the commit"


def code_version() -> str:
    """Return the commit, with `-dirty` where files differed from it, or a few words that say why there is none."""
    path = Path(sys.prefix) / COMMIT_FILE
    return path.read_text(encoding="utf-8").strip() if path.is_file() else NOT_RECORDED
