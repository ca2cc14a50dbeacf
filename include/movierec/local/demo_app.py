"""The demo application's database: what an operational system would hold, seeded with the dataset's profiles."""

import logging
from collections.abc import Sequence
from pathlib import Path

from psycopg import sql

from movierec.db import Connection, connect, run_sql
from movierec.sources.movielens import profiles

log = logging.getLogger(__name__)

DEMO = "Profiles of the demo application of movierec."  # the comment on its table, by which it is known


def seed(conninfo: str, dataset: Path, exclude: Sequence[str] = ()) -> int:
    """Create the tables `user_profile` and `feedback_event`, and fill the profiles where there are none yet.

    Profiles are copied once: afterwards the database belongs to the application, and its changes stay. A dataset
    without profiles leaves the table empty; files that `exclude` names are not read. Returns the number of profiles
    added.
    """
    with connect(conninfo) as conn:
        run_sql(conn, "app/tables")
        (is_seeded,) = conn.execute("select exists (select 1 from user_profile)").fetchone() or (False,)
        added = 0 if is_seeded else _copy_profiles(conn, dataset, exclude)
    if added:
        log.info("app: seeded %s profiles from %s", f"{added:,}", dataset)
    return added


def forget(conninfo: str, user: int) -> bool:
    """Delete a viewer from the demo application, and return whether this database is one: no other one is touched."""
    with connect(conninfo) as conn:
        marks = conn.execute("select obj_description(to_regclass('user_profile'), 'pg_class')").fetchone() or (None,)
        if marks != (DEMO,):
            return False
        run_sql(conn, "app/forget_user", {"user_id": user})
    return True


def _copy_profiles(conn: Connection, dataset: Path, exclude: Sequence[str]) -> int:
    """Copy the profiles into the application's table, whose columns they are cut down to; return how many.

    They look as if one had changed every two hours until now: of profiles that all bear one time, every night would
    read all again, as it does with what changed in the hour before the last change that it knows.
    """
    conn.execute(
        "create temporary table seed "
        "(user_id text, age text, gender text, occupation text, zip_code text, extra jsonb) on commit drop"
    )
    for chunk in profiles(dataset, exclude):
        names = sql.SQL(", ").join(map(sql.Identifier, chunk.columns))
        with conn.cursor() as cursor, cursor.copy(sql.SQL("copy seed ({}) from stdin").format(names)) as copy:
            copy.write(chunk.data)
    return conn.execute(
        "insert into user_profile (user_id, age, gender, occupation, zip_code, updated_at) "
        "select user_id, age, gender, occupation, zip_code, now() - row_number() over (order by ctid) * interval '2 h' "
        "from seed where user_id is not null"
    ).rowcount
