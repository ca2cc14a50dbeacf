"""Pictures of a training: who leads and how surely, for whom, at what price, by which features, and how truly.

Matplotlib takes a second to import, so that only `draw` does it.
"""

import logging
from collections.abc import Callable, Iterator

from upath import UPath

from movierec.db import Connection
from movierec.errors import ModelError
from movierec.plots.given import Given
from movierec.plots.page import PAGE, Picture, page

__all__ = ["FOLDER", "draw"]

FOLDER = "plots"

log = logging.getLogger(__name__)


def draw(conn: Connection, training_id: int, folder: UPath) -> list[str]:
    """Draw what the training stored into `folder`/plots, with a page that shows it, and return the pictures' names.

    A picture for which there is no data, or whose data is unreadable, is left out with a line in the log.

    Args:
        conn: the warehouse.
        training_id: the training.
        folder: of its artifacts.
    """
    given = Given(conn, training_id, folder)
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    pictures = list(_drawn(given))
    for picture in pictures:
        (place / picture.name).write_bytes(picture.data)
    (place / PAGE).write_text(page(training_id, pictures), encoding="utf-8")
    names = [picture.name for picture in pictures]
    # Of an earlier try: what could not be drawn again is not of this training any more.
    for path in [path for path in place.iterdir() if path.suffix == ".png" and path.name not in names]:
        path.unlink()
    log.info("pictures of training %d: %s", training_id, ", ".join(names) or "none")
    return names


def _drawn(given: Given) -> Iterator[Picture]:
    for name, make in _painters().items():
        try:
            picture = make(given)
        except ModelError as error:
            log.warning("picture %s is left out: %s", name, error)
            continue
        if picture is None:
            log.info("picture %s is left out: the training stored nothing that it could show", name)
        else:
            yield Picture(f"{name}.png", *picture)


def _painters() -> dict[str, Callable[[Given], tuple[str, str, bytes] | None]]:
    """Import matplotlib, and name the functions that give a title, an explanation and a PNG."""
    from movierec.plots import activity, calibration, coverage, gains, leaderboard  # noqa: PLC0415

    return {
        "leaderboard": leaderboard.draw,
        "activity": activity.draw,
        "coverage": coverage.draw,
        "features": gains.draw,
        "calibration": calibration.draw,
    }
