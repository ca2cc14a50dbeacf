"""Parts of a table must be parts of one dataset: where the same movies have other ratings or titles, they are not."""

import re
from pathlib import PurePosixPath
from typing import Any

from movierec.db import Connection, fetch
from movierec.errors import SourceError

MIN_CONFLICTS = 20  # so many may be accidents of any file
MAX_CONFLICT_SHARE = 0.01  # of the rows of the smaller part
MAX_TITLE_SHARE = 0.5  # of the movies that two parts share; one may be an older edition of the other
MIN_REPEATS = 20
_COPY = re.compile(r"(small|sample|subset|mini|tiny|demo|test|copy|old|backup|bak|full|all)")


def check_parts(conn: Connection, batch_id: int, source: str) -> list[str]:
    """Compare the parts of a source's ratings and movies; return a sentence for each that repeats another.

    Raises:
        SourceError: two parts contradict each other, or one is named as a copy of the other and has viewers of it.
    """
    return [*_check_ratings(conn, batch_id, source), *_check_movies(conn, batch_id, source)]


def _check_movies(conn: Connection, batch_id: int, source: str) -> list[str]:
    remarks = []
    for row in fetch(conn, "extract/shared_movies", {"batch_id": batch_id, "source": source}):
        conflict = (
            f"{row['earlier_piece']} and {row['later_piece']} give different titles to {row['conflicts']:,} of the "
            f"{row['shared_movies']:,} movies that stand in both"
        )
        if row["conflicts"] >= MIN_CONFLICTS and row["conflicts"] > MAX_TITLE_SHARE * row["shared_movies"]:
            raise SourceError(f"{conflict}: they are not parts of one dataset; {_leave_out(row['later_piece'])}")
        if row["conflicts"]:
            remarks.append(f"{conflict}; the last one counts")
    return remarks


def _check_ratings(conn: Connection, batch_id: int, source: str) -> list[str]:
    shared = fetch(conn, "extract/shared_ratings", {"batch_id": batch_id, "source": source})
    for row in shared:
        if _is_contradiction(row) or _is_named_as_copy(row):
            raise SourceError(_refusal(row))
    return [
        f"{row['smaller_piece']} repeats {row['larger_piece']}: {row['shared_pairs']:,} of {row['looked_at']:,} pairs "
        "of viewer and movie stand in both, which count once"
        for row in shared
        if row["shared_pairs"] >= MIN_REPEATS and row["shared_pairs"] * 10 > _comparable_rows(row)
    ]


def _comparable_rows(row: dict[str, Any]) -> float:
    """Return how many rows of the smaller part could be found in what is looked at of the larger one."""
    return float(row["looked_at"] * row["fraction"])


def _is_contradiction(row: dict[str, Any]) -> bool:
    enough = row["conflicts"] >= MIN_CONFLICTS and row["conflicts"] > MAX_CONFLICT_SHARE * _comparable_rows(row)
    return enough and not row["is_chronological"]


def _is_named_as_copy(row: dict[str, Any]) -> bool:
    """Tell whether the names differ by a word such as `small` alone, and viewers of one are in the other, too."""
    names = [PurePosixPath(row[piece]).stem.lower() for piece in ("smaller_piece", "larger_piece")]
    short, long = sorted(names, key=len)
    rest = long.removeprefix(short).strip("-_. ()") if long.startswith(short) else ""
    is_repeat = row["shared_pairs"] >= 0.9 * _comparable_rows(row) and not row["conflicts"]
    return bool(_COPY.fullmatch(rest)) and row["shared_users"] > 0 and not is_repeat


def _refusal(row: dict[str, Any]) -> str:
    smaller, larger = row["smaller_piece"], row["larger_piece"]
    return (
        f"{smaller} and {larger} are not parts of one dataset: of {row['looked_at']:,} pairs of viewer and movie in "
        f"{smaller}, {row['shared_pairs']:,} stand in {larger}, too, {row['conflicts']:,} of them with another rating, "
        f"and {row['shared_users']:,} of its {row['users']:,} viewers; allowed are at most {MAX_CONFLICT_SHARE:.0%} of "
        f"contradictions; {_leave_out(smaller)}"
    )


def _leave_out(piece: str) -> str:
    return f"leave one of the files out, such as by MOVIEREC_EXCLUDE={piece}"
