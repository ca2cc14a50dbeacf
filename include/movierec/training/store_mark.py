"""Whose the artifact store is: one warehouse's, which leaves a new mark in it with each training and keeps all of them.

A copy of an installation counts trainings from the same number on. Where it shares the store with the original,
whichever of the two trains first goes on, and the other is refused before it writes or prunes anything: it does not
know the mark that lies there. A state folder that is moved knows it.
"""

import json
import secrets
import socket
from datetime import UTC, datetime

from upath import UPath

from movierec.artifacts import read_bytes, write_bytes
from movierec.config import Settings
from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError

FILE = "warehouse.json"


def claim_store(conn: Connection, settings: Settings) -> None:
    """Leave a new mark in the store of this warehouse.

    Raises:
        ConfigError: the store is another warehouse's.
    """
    require_own_store(conn, settings)
    take_store(conn, settings)


def take_store(conn: Connection, settings: Settings) -> None:
    """Leave a new mark in the store, whosever it was."""
    mark = secrets.token_hex(8)
    run_sql(conn, "ml/store_mark", {"mark": mark})
    conn.commit()  # first: a mark that lies in the store and that nobody knows would lock everybody out
    content = {
        "mark": mark,
        "home": str(settings.home),
        "host": socket.gethostname(),
        "made_at": f"{datetime.now(UTC)}",
    }
    write_bytes(_path(settings), json.dumps(content, indent=1).encode())


def require_own_store(conn: Connection, settings: Settings) -> None:
    """Go on only if the store is this warehouse's, or nobody's yet.

    Raises:
        ConfigError: it is another one's; the sentence says whose, and how this one takes it over.
    """
    path = _path(settings)
    if not path.exists():
        return
    record = _read(path)
    is_own = fetch(conn, "ml/is_own_store", {"mark": record.get("mark")})[0]["is_own"]
    conn.commit()
    if not is_own:
        raise ConfigError(
            f"the artifact store {settings.artifacts} is another warehouse's, that of {record.get('home')} on "
            f"{record.get('host')}, which trained last at {record.get('made_at')}; this is {settings.home} on "
            f"{socket.gethostname()}: give it a MOVIEREC_ARTIFACTS of its own, with a copy of what lies there, or, "
            f"where the other one is gone, delete {path}"
        )


def _path(settings: Settings) -> UPath:
    return UPath(settings.artifacts) / FILE


def _read(path: UPath) -> dict[str, str]:
    try:
        record = json.loads(read_bytes(path))
    except ValueError:
        record = None
    return dict(record) if isinstance(record, dict) else {}
