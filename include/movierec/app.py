"""The demo application database: what an operational system would hold, seeded from real profiles."""

import logging
from pathlib import Path

from movierec.db import connect, copy_rows, run_sql
from movierec.sources.atomic import AtomicFiles, read_profiles
from movierec.sources.contract import USER_PROFILE

log = logging.getLogger(__name__)


def seed(conninfo: str, folder: Path) -> int:
    """Create the tables `user_profile` and `feedback_event`, and fill the profiles where there are none yet.

    Profiles are copied once: afterwards the database belongs to the application, and what it changes stays.
    A dataset without profiles (`*.user`) leaves the table empty. Returns the number of profiles added.
    """
    with connect(conninfo) as conn:
        run_sql(conn, "app/tables")
        (is_seeded,) = conn.execute("select exists (select 1 from user_profile)").fetchone() or (False,)
        if is_seeded or not AtomicFiles(folder).has(USER_PROFILE):
            return 0
        rows = (fields for fields, _ in read_profiles(folder))
        added = copy_rows(conn, "user_profile", USER_PROFILE.columns, rows)
    log.info("app: seeded %s profiles from %s", f"{added:,}", folder)
    return added
