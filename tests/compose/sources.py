"""What the night in containers reads: ratings, events and, in the demo shop, a database of another kind."""

import json
from pathlib import Path

from tests import movielens

EVENTS = [
    {"event_id": f"seen-{user}", "user_id": user, "movie_id": 1 + user % 50, "kind": "like"} for user in range(1, 21)
]
CREATED_AT = "2020-02-02T20:20:00Z"


def write(folder: Path) -> dict[str, str]:
    """Write the sources into a folder, and return the settings that name them."""
    ratings, events = folder / "ratings", folder / "events"
    if not ratings.exists():
        movielens.generate(ratings)
    events.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({**event, "created_at": CREATED_AT}) for event in EVENTS]
    (events / "first.ndjson").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return {
        "MOVIEREC_SOURCES": str(folder),
        "MOVIEREC_DATASET": str(ratings),
        "MOVIEREC_EVENTS": str(events),
        "MOVIEREC_CONNECTIONS": "app=movierec_app,shop=shop_db",
    }
