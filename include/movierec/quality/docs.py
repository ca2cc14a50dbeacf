"""Retention of the gates' results and Data Docs: the last nights are kept, page by page, and the index names those."""

import logging
import re
import shutil
from pathlib import Path

from movierec.quality.night import GATES
from movierec.quality.project import open_project, suites_of, write_docs

log = logging.getLogger(__name__)

_RUN = re.compile(r"batch-(\d+)-\w+")


def prune(folder: Path, keep_nights: int) -> int:
    """Remove results and pages of all but the last `keep_nights` nights that were judged; return how many nights went.

    A night is the batch of its run, so one that is judged again stays one. The index is written anew.

    Raises:
        ValueError: no night would be kept.
    """
    if keep_nights < 1:
        raise ValueError(f"keep_nights is {keep_nights}; allowed is at least 1")
    runs = [(path, found) for path in folder.glob("*/**/batch-*") if (found := _RUN.fullmatch(path.name))]
    nights = sorted({int(found[1]) for _, found in runs})
    gone = set(nights[: max(len(nights) - keep_nights, 0)])
    if not gone:
        return 0
    for path, found in runs:
        if int(found[1]) in gone:
            shutil.rmtree(path)
    with open_project(folder) as context:
        write_docs(context, suites_of(GATES[0]))
    log.info("quality: results and pages of %d nights pruned, %d kept", len(gone), len(nights) - len(gone))
    return len(gone)
