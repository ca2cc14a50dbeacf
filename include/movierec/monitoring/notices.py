"""A notice: one clear line about something that a person should know, kept in `ops.notice`."""

from dataclasses import asdict, dataclass
from datetime import datetime

from movierec.db import Connection, fetch, run_sql

# What each kind of notice says of its task; the words are also the subject of an e-mail.
KINDS = {
    "failure": "failed",
    "question": "waits for an answer",
    "deadline": "is late",
    "drift": "is unusual",
}
MAX_LETTERS = 1_000  # of a message; the log has all of it


@dataclass(frozen=True)
class Notice:
    """What happened, of which kind (`KINDS`), where, in which night, and where to look.

    A message holds nothing about a person and no secret: it is a sentence of ours, never a row or a traceback.
    """

    kind: str
    dag_id: str
    run_id: str
    message: str
    task_id: str | None = None
    map_index: int = -1
    night: datetime | None = None
    link: str | None = None

    @property
    def subject(self) -> str:
        """Say in a few words where what happened."""
        night = f" (night of {self.night:%Y-%m-%d %H:%M} UTC)" if self.night else ""
        return f"{self._place} {KINDS[self.kind]}{night}"

    @property
    def text(self) -> str:
        """Say on one line where, in which night, what happened, and where to look."""
        message = " ".join(self.message.split())
        short = message if len(message) <= MAX_LETTERS else f"{message[:MAX_LETTERS]}…"
        end = "" if short.endswith((".", "!", "?", "…")) else "."
        return f"{self.subject}: {short}" + (f"{end} See {self.link}" if self.link else "")

    @property
    def _place(self) -> str:
        mapped = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{mapped}" if self.task_id else self.dag_id


def record(conn: Connection, notice: Notice) -> int:
    """Write a notice to `ops.notice` and return its id; the night is that of the run's batch, where it has one."""
    parameters = {**asdict(notice), "message": notice.text}
    notice_id = int(fetch(conn, "ops/record_notice", parameters)[0]["notice_id"])
    conn.commit()
    return notice_id


def record_sending(conn: Connection, notice_id: int, sent_to: str, error: str | None) -> None:
    """Note to which connection a notice was sent, and why that failed where it did."""
    run_sql(conn, "ops/record_sending", {"notice_id": notice_id, "sent_to": sent_to, "error": error})
    conn.commit()


def lateness(conn: Connection, night: datetime) -> str | None:
    """Say which night's lists are live; None where they are those of this night or of a later one."""
    rows = fetch(conn, "report/live_night")
    if not rows:
        return "no lists are live at all."
    (live,) = rows
    if live["as_of"] is not None and live["as_of"] >= night:
        return None
    of_night = f"of the night of {live['as_of']:%Y-%m-%d %H:%M} UTC" if live["as_of"] else "of a night of long ago"
    return f"live is still version {live['version_id']}, {of_night}."
