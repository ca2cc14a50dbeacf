"""What a person wants to see after a night: row counts, the leaderboard, the winner, a few lists."""

from textwrap import indent

from movierec import text_table
from movierec.db import Connection, connect, fetch
from movierec.evaluation.protocols import CUTOFF, PER_USER_TEMPORAL
from movierec.monitoring import nights
from movierec.monitoring.run_note import note_text
from movierec.publishing import pointer
from movierec.quality import sentences

EVALUATION = {"k": CUTOFF}
SHOWN_VIEWERS = 3
SHOWN_MOVIES = 5
LEGEND = """\
  Means over the viewers (95 % interval), lists of 10. Per-user split: every viewer's last ratings are the test;
  global split: everybody's after one date. Coverage: share of all movies in anybody's list.
  Tuned: hyper-parameters whose values come from a search, this night's or an earlier one's; none: defaults.
"""


def live_version(conninfo: str) -> int | None:
    """Return the version that readers see, or None before the first publication."""
    with connect(conninfo) as conn:
        return pointer.live_version(conn)


def went_live(conninfo: str, run_id: str) -> bool:
    """Tell whether a version that this run of `movierec_publish` wrote went live."""
    with connect(conninfo) as conn:
        return bool(fetch(conn, "report/went_live", {"run_id": run_id})[0]["went_live"])


def note_of_newest_batch(conninfo: str) -> tuple[str, str] | None:
    """Return the run that loaded the newest batch, and its note; None where there is nothing to be known of it."""
    with connect(conninfo) as conn:
        newest = fetch(conn, "ops/batch_to_check", {"batch_id": None})
        if not newest:
            return None
        (batch,) = fetch(conn, "ops/batch", newest[0])
        known = [*sentences.batch_sentences(conn, batch["batch_id"]), *nights.unusual_measures(conn, batch["batch_id"])]
        return (batch["run_id"], note_text(known)) if known else None


def print_summary(conninfo: str) -> None:
    """Print the layers, the rankers, the winner and three viewers' lists of the live version."""
    with connect(conninfo) as conn:
        (live,) = fetch(conn, "report/live")
        print(f"\nVersion {live['version_id']} is live: {live['ranker']}, learned from batch {live['batch_id']}.\n")
        _print_table("Rows", fetch(conn, "report/layers", {"batch_id": live["batch_id"]}))
        for source in fetch(conn, "report/sources", {"batch_id": live["batch_id"]}):
            print(f"Source {source['source']} {source['status']}: {source['message']}\n")
        for sentence in sentences.scales(conn, live["batch_id"]):
            print(f"{sentence}\n")
        warnings = sentences.warnings(conn, live["batch_id"])
        _print_sentences("Warnings", warnings)
        _print_sentences("Unusual", nights.unusual_measures(conn, live["batch_id"]))
        training = {"training_id": live["training_id"]}
        _print_table("Rankers, best first", fetch(conn, "report/leaderboard", training | EVALUATION), LEGEND)
        tuned = fetch(conn, "report/tuned", training)
        if tuned:
            _print_table("Tuned hyper-parameters", tuned)
        for row in fetch(conn, "report/left_out", training | {"per_user_protocol": PER_USER_TEMPORAL}):
            under = f" under {row['only_under']}" if row["only_under"] else ""
            print(f"{row['ranker']} learned without {row['base_ranker']}{under}: {row['reason']}\n")
        print(f"Winner: {live['reason']}.\n")
        _print_lists(conn)


def _print_sentences(title: str, sentences: list[str]) -> None:
    if sentences:
        print(f"{title} ({len(sentences)})", *(f"  - {sentence}" for sentence in sentences), "", sep="\n")


def _print_table(title: str, rows: list[dict[str, object]], legend: str = "") -> None:
    print(title, indent(text_table.table(rows, widest=200, thousands=True), "  "), legend, sep="\n")


def _print_lists(conn: Connection) -> None:
    rows = fetch(conn, "report/lists", {"viewers": SHOWN_VIEWERS, "movies": SHOWN_MOVIES})
    for viewer in dict.fromkeys(row["user_id"] for row in rows):
        print(f"Viewer {viewer} is shown")
        for row in (row for row in rows if row["user_id"] == viewer):
            print(f"  {row['rank']}. {row['title']}: {row['reason']}")
        print()
