"""What a reader of the terminal, of a run's note or of an error should know of a batch, in one sentence each."""

from typing import Any

from movierec.db import Connection, fetch
from movierec.rating_scale import RatingScale

MAX_RULES = 20  # sentences about rules; further ones are counted


def warnings(conn: Connection, batch_id: int) -> list[str]:
    """Return every warning about a batch: what its sources said, which rules its rows break, what its gates saw."""
    key = {"batch_id": batch_id}
    rows = fetch(conn, "report/warnings", key)
    rules = [_rule(row) for row in fetch(conn, "report/broken_rules", key)]
    more = [f"{len(rules) - MAX_RULES} more rules are broken; ops.rule_count has all"] if len(rules) > MAX_RULES else []
    of_sources = [row["sentence"] for row in rows if not row["is_of_gate"]]
    of_gates = [row["sentence"] for row in rows if row["is_of_gate"]]
    return [*of_sources, *rules[:MAX_RULES], *more, *of_gates]


def scales(conn: Connection, batch_id: int) -> list[str]:
    """Return a sentence for the rating scale of each source of a batch."""
    return [_scale(row) for row in fetch(conn, "report/scales", {"batch_id": batch_id})]


def batch_sentences(conn: Connection, batch_id: int) -> list[str]:
    """Return all that is to be known of a batch: the scales of its sources, then its warnings."""
    return [*scales(conn, batch_id), *warnings(conn, batch_id)]


def left_sources(conn: Connection, batch_id: int) -> list[str]:
    """Return a sentence for each source that the batch before had and that no setting names any more."""
    return [row["sentence"] for row in fetch(conn, "report/left_sources", {"batch_id": batch_id})]


def rejections(conn: Connection, batch_id: int, most: int = 3) -> str:
    """Return the rules that reject most rows of a batch, for the message of the gate that it stops at."""
    rows = [row for row in fetch(conn, "report/broken_rules", {"batch_id": batch_id}) if row["severity"] == "reject"]
    return "; ".join(map(_rule, rows[:most]))


def visible(text: str) -> str:
    """Return a text in which spaces and signs that nobody sees are written as escapes, such as \\xa0."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _rule(row: dict[str, Any]) -> str:
    became = "rejected" if row["severity"] == "reject" else "kept"
    value = "" if row["example_value"] is None else f" holds '{visible(row['example_value'])}'"
    more = " and others" if row["is_no_row"] else ""
    return (
        f"{row['source']}: {row['broken_rows']:,} of {row['rows']:,} rows of {row['piece']} ({row['table_name']}) are "
        f"{became}, against the rule {row['rule']}{more}: {row['sentence']}; row {row['example_row']}{value}"
    )


def _scale(row: dict[str, Any]) -> str:
    scale = RatingScale(row["low"], row["high"], tuple(row["unrated"]))
    views = f"; {row['unrated_rows']:,} rows are seen and not rated, and became views" if row["unrated_rows"] else ""
    sure = "" if row["basis"] == "declared" else f", {row['certainty']}"
    return f"Ratings of {row['source']} go from {scale} ({row['basis']}{sure}; {row['ratings']:,} ratings){views}."
