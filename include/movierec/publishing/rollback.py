"""What the form of `movierec_rollback` asks for, and what it shows: the kept versions as a table."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from movierec import text_table
from movierec.db import Connection
from movierec.errors import ConfigError, PublishError
from movierec.publishing.pointer import kept_versions, move_pointer

log = logging.getLogger(__name__)

CHOICE = "version "  # before the number, on a button


def log_kept_versions(conn: Connection) -> dict[str, Any]:
    """Log the kept versions and return them for a question.

    `table` is the same as Markdown, `choices` are those that it leaves (version 11), and `live` is what they replace.
    """
    rows = kept_versions(conn)
    log.info("kept versions:\n%s", text_table.table(rows))
    heads = [text_table.readable(name) for name in rows[0]] if rows else []
    cells = [[text_table.cell(value).replace("|", "\\|") for value in row.values()] for row in rows]
    choices = [f"{CHOICE}{row['version']}" for row in rows if row["status"] != "live"]
    live = next((row["version"] for row in rows if row["status"] == "live"), None)
    return {"table": "\n".join(text_table.markdown(heads, cells)), "choices": choices, "live": live}


def requested_way(form: Mapping[str, Any], choices: Sequence[str]) -> str:
    """Return what a form wants: to move to a `version`, to publish a `training` again, or to `ask`.

    Raises:
        ConfigError: it names both, gives no reason, or names nothing where nothing can be chosen.
    """
    fields = [field for field in ("version", "training") if form[field] is not None]
    if len(fields) > 1:
        raise ConfigError(f"the form names version {form['version']} and training {form['training']}; allowed is one")
    if fields and not (form["why"] or "").strip():
        raise ConfigError(f"{fields[0]} {form[fields[0]]} needs a reason (why), which is kept with the move")
    if not fields and not choices:
        raise PublishError("no other version is kept; a stored model can be published again by its training")
    return fields[0] if fields else "ask"


def move_from_form(
    conn: Connection, form: Mapping[str, Any], answer: Mapping[str, Any] | None, listed: Mapping[str, Any], user: str
) -> int | None:
    """Move the pointer as a form says, or the answer to its question, and return the version that is live then.

    Args:
        conn: the warehouse.
        form: with `version`, `why` and `who`.
        answer: with `choice` as listed, `reason` (the interface's, not the API's, always has one) and `by`; None where
            nobody was asked, or everything is left as it is.
        listed: what was shown to who answered (see `log_kept_versions`).
        user: in whose name, where neither form nor answer says.

    Returns:
        The version; None where everything is left as it is.

    Raises:
        PublishError: as `move_pointer` says, such as without a reason, or what was answered about is not live any more.
    """
    if answer is None and form["version"] is None:
        return None
    if answer:
        version_id, reason = int(answer["choice"].removeprefix(CHOICE)), answer.get("reason")
    else:
        version_id, reason = form["version"], form["why"]
    seen = listed["live"] if answer else None
    move_pointer(conn, version_id, form["who"] or (answer or {}).get("by") or user, reason or "", seen)
    return version_id
