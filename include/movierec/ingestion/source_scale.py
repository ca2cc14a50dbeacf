"""One rating scale for all that a source brings: declared, kept from the night before, or inferred from every rating.

A scale that is wrong makes every rating wrong, so that a source fails where its parts disagree, where more than a few
ratings lie off the scale, or where the ratings speak for several scales. The message names files and values.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from movierec import rating_scale
from movierec.db import Connection, fetch, run_sql
from movierec.errors import SourceError
from movierec.ingestion.rating_tallies import record_tally
from movierec.rating_scale import MIN_RATINGS, STARS, WIDEST_SCALE, RatingScale, ScaleError, Tally

log = logging.getLogger(__name__)

MAX_OFF_SHARE = 0.05  # of a part's ratings; what is off the scale is rejected row by row, and the gate counts it


@dataclass(frozen=True)
class SettledScale:
    """The scale of a source, what it rests on (`declared`, `inferred` or `kept`), how sure, and the one before."""

    scale: RatingScale
    basis: str
    certainty: str
    before: RatingScale | None = None


def settle_scale(conn: Connection, batch_id: int, source: str, declared: RatingScale | None) -> list[str]:
    """Settle the scale of a source's ratings in a batch, in the open transaction; without ratings there is none.

    Returns a sentence where the scale is another one than on the night before, or hardly the one that was declared.

    Raises:
        SourceError: its parts disagree, ratings lie off the scale, or the scale cannot be told.
    """
    key = {"batch_id": batch_id, "source": source}
    parts, has_events_only = _tallies(conn, key)
    if not parts:
        return []
    if declared:
        settled = SettledScale(declared, "declared", "certain")
    else:
        settled = _settle(source, parts, _kept_scale(conn, key), STARS if has_events_only else None)
    _require_on_scale(source, parts, settled)
    scale, rows = settled.scale, sum(sum(tally.values()) for tally in parts.values())
    values = {"scale_low": scale.low, "scale_high": scale.high, "unrated": list(scale.unrated), "rows": rows}
    run_sql(conn, "extract/record_scale", {**key, **values, "basis": settled.basis, "certainty": settled.certainty})
    log.info("extract %s: ratings from %s (%s, %s)", source, scale, settled.basis, settled.certainty)
    if declared and (doubt := rating_scale.unused_part(declared, _sum(parts.values()))):
        return [doubt]
    if settled.before is None:
        return []
    return [f"the scale of the ratings was {settled.before} and is now {scale}, as all of them tell"]


def _tallies(conn: Connection, key: Mapping[str, object]) -> tuple[dict[str, Tally], bool]:
    """Count the ratings of the slices that are new; return those of all pieces, and whether all of them are events."""
    slices = fetch(conn, "extract/rating_slices", key)
    for loaded in slices:
        if not loaded["is_tallied"]:
            record_tally(conn, loaded["slice_id"], loaded["table_name"])
    parts: dict[str, dict[float, int]] = {}
    for row in fetch(conn, "extract/rating_tallies", key):
        parts.setdefault(row["piece"], {})[row["value"]] = row["rows"]
    return dict(parts), all(loaded["table_name"] == "feedback_event" for loaded in slices)


def _kept_scale(conn: Connection, key: Mapping[str, object]) -> SettledScale | None:
    """Return the scale of the night before, unless it rested on a few ratings alone."""
    rows = fetch(conn, "extract/kept_scale", key)
    if not rows or rows[0]["certainty"] == "few ratings":
        return None
    scale = RatingScale(rows[0]["low"], rows[0]["high"], tuple(rows[0]["unrated"]))
    return SettledScale(scale, "kept", rows[0]["certainty"])


def _settle(
    source: str, parts: Mapping[str, Tally], kept: SettledScale | None, few: RatingScale | None
) -> SettledScale:
    total = _sum(parts.values())
    _require_agreement(source, parts)
    try:
        inference = rating_scale.infer(total, few)
    except ScaleError as error:
        if kept:
            return kept
        raise SourceError(f"{_names(parts)}: {error} (setting MOVIEREC_RATING_SCALE{_prefix(source)})") from error
    if not kept or inference.certainty == "few ratings":
        return kept or SettledScale(inference.scale, "inferred", inference.certainty)
    if inference.scale.high > kept.scale.high and inference.certainty == "certain":
        return SettledScale(inference.scale, "inferred", inference.certainty, kept.scale)
    if kept.scale.is_stars != inference.scale.is_stars and inference.certainty == "certain":
        raise SourceError(
            f"{_names(parts)}: the ratings speak for a scale from {inference.scale}, {rating_scale.describe(total)}; "
            f"until now {source} had {kept.scale}; {_declare(source, inference.scale, kept.scale)}"
        )
    marks = tuple(dict.fromkeys((*kept.scale.unrated, *inference.scale.unrated)))
    return SettledScale(RatingScale(kept.scale.low, kept.scale.high, marks), "kept", kept.certainty)


def _require_agreement(source: str, parts: Mapping[str, Tally]) -> None:
    if told := rating_scale.disagreement(parts):
        raise SourceError(f"parts are on different scales: {told}; put all on one scale, or {_declare(source)}")


def _require_on_scale(source: str, parts: Mapping[str, Tally], settled: SettledScale) -> None:
    """Require that no more ratings lie off the scale than accidents explain; a few are rejected row by row."""
    for name, tally in parts.items():
        stray = rating_scale.stray_rows(settled.scale, tally)
        total = sum(tally.values())
        possible = sum(rows for value, rows in stray.items() if WIDEST_SCALE[0] <= value <= WIDEST_SCALE[1])
        if total >= MIN_RATINGS and not rating_scale.is_stray(possible, total) and possible > MAX_OFF_SHARE * total:
            raise SourceError(
                f"{name}: {sum(stray.values()):,} of {total:,} ratings lie off the scale from {settled.scale} "
                f"({settled.basis}): {rating_scale.describe(stray)}; {_declare(source)}"
            )


def _declare(source: str, *scales: RatingScale) -> str:
    choices = " or ".join(f"{_prefix(source, '')}{scale.low:g}-{scale.high:g}" for scale in scales)
    return f"declare the scale that holds by MOVIEREC_RATING_SCALE={choices or _prefix(source, '') + 'LOW-HIGH'}"


def _prefix(source: str, lead: str = ", for this source after ") -> str:
    return "" if source == "movielens" else f"{lead}{source}="


def _names(parts: Mapping[str, Tally]) -> str:
    return ", ".join(list(parts)[:3]) + (" and others" if len(parts) > 3 else "")  # noqa: PLR2004


def _sum(tallies: Iterable[Tally]) -> dict[float, int]:
    total: dict[float, int] = {}
    for tally in tallies:
        for value, rows in tally.items():
            total[value] = total.get(value, 0) + rows
    return total
