"""Pictures of a training: who leads and how surely, for whom, at what price, by which features, and how truly.

Matplotlib takes a second to import, so only `draw` does it.
"""

import logging
from collections.abc import Callable, Iterator

from movierec.artifacts import write_bytes
from movierec.db import Connection
from movierec.errors import ModelError
from movierec.plots.page import PAGE, Picture, page
from movierec.plots.results import TrainingResults
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder

__all__ = ["draw"]

log = logging.getLogger(__name__)

Draw = Callable[[TrainingResults], tuple[str, str, bytes] | None]


def draw(conn: Connection, folder: TrainingFolder) -> list[str]:
    """Draw what a training stored, write the pictures and a page into its folder, and return the pictures' names.

    A picture for which there is no data, or whose data is unreadable, is left out with a line in the log.
    """
    pictures = list(_pictures(TrainingResults(conn, TrainingData(folder))))
    for picture in pictures:
        write_bytes(folder.plots / picture.name, picture.data)
    write_bytes(folder.plots / PAGE, page(folder.training_id, pictures).encode())
    names = [picture.name for picture in pictures]
    # An earlier try may have left pictures that could not be drawn again; they do not show this training any more.
    for path in [path for path in folder.plots.iterdir() if path.suffix == ".png" and path.name not in names]:
        path.unlink()
    log.info("pictures of training %d: %s", folder.training_id, ", ".join(names) or "none")
    return names


def _pictures(results: TrainingResults) -> Iterator[Picture]:
    for name, draw_one in _functions().items():
        try:
            picture = draw_one(results)
        except ModelError as error:
            log.warning("picture %s is left out: %s", name, error)
            continue
        if picture is None:
            log.info("picture %s is left out: the training stored nothing that it could show", name)
        else:
            yield Picture(f"{name}.png", *picture)


def _functions() -> dict[str, Draw]:
    """Import matplotlib, and name the functions that give a title, an explanation and a PNG."""
    from movierec.plots import activity, calibration, coverage, gains, leaderboard  # noqa: PLC0415

    return {
        "leaderboard": leaderboard.draw,
        "activity": activity.draw,
        "coverage": coverage.draw,
        "features": gains.draw,
        "calibration": calibration.draw,
    }
