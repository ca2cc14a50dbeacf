"""Removing what is old: batches, versions, artifacts and Data Docs by nights, metrics and logs by days."""

import logging
import time

from movierec.config import Settings
from movierec.db import Connection, run_sql
from movierec.publishing import versions
from movierec.quality import docs
from movierec.state_folder import StateFolder

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400


def prune(conn: Connection, settings: Settings) -> dict[str, int]:
    """Remove what no setting keeps, and return how much of each kind went."""
    counts = versions.prune(conn, settings)
    run_sql(conn, "ops/prune_slices", {"batch_id": None, "keep_nights": settings.keep_nights})
    conn.commit()
    days = {"keep_days": settings.keep_metrics}
    counts["metrics of viewers"] = run_sql(conn, "maintenance/prune_user_metrics", days)
    counts["metrics of batches"] = run_sql(conn, "maintenance/prune_batch_metrics", days)
    counts["quality results"] = run_sql(conn, "maintenance/prune_quality_results", days)
    conn.commit()
    counts["nights of Data Docs"] = docs.prune(settings.state_folder.quality, settings.keep_nights)
    counts["log files"] = prune_logs(settings.state_folder, settings.keep_logs)
    log.info("prune: %s", counts)
    return counts


def prune_logs(folder: StateFolder, keep_days: int) -> int:
    """Remove files of tasks and of DAG parsing that nothing was written to for so many days, and folders left empty.

    Logs of the components that run go on being written to; they stay.
    """
    oldest = time.time() - keep_days * DAY_SECONDS
    files = [path for logs in (folder.task_logs, folder.parsing_logs) for path in logs.rglob("*") if path.is_file()]
    old = [path for path in files if path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    for path in sorted((path.parent for path in old), key=lambda path: -len(path.parts)):
        while path != folder.logs and path.is_dir() and not any(path.iterdir()):
            path.rmdir()
            path = path.parent  # noqa: PLW2901 - upwards, as far as folders are empty
    return len(old)
