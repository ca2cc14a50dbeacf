"""Retention of the gates' results and Data Docs: only the last batches keep theirs, and the index lists only these."""

import logging
import re
import shutil
from pathlib import Path

from movierec.quality.project import GATES, open_project, suites_of, write_docs

log = logging.getLogger(__name__)

_RUN = re.compile(r"batch-(\d+)-\w+")


def prune(folder: Path, keep_nights: int) -> int:
    """Remove the results and pages of all but the last `keep_nights` batches that were checked; return of how many.

    A batch that is checked again counts once. The index is rewritten.

    Raises:
        ValueError: no batch would be kept.
    """
    if keep_nights < 1:
        raise ValueError(f"keep_nights is {keep_nights}; allowed is at least 1")
    runs = [(path, match) for path in folder.glob("*/**/batch-*") if (match := _RUN.fullmatch(path.name))]
    batches = sorted({int(match[1]) for _, match in runs})
    pruned = set(batches[: max(len(batches) - keep_nights, 0)])
    if not pruned:
        return 0
    for path, match in runs:
        if int(match[1]) in pruned:
            shutil.rmtree(path)
    with open_project(folder) as context:
        write_docs(context, suites_of(GATES[0]))
    log.info("quality: results and pages of %d nights pruned, %d kept", len(pruned), len(batches) - len(pruned))
    return len(pruned)
