"""The fits of a training, each made once and kept in its folder under its key.

Learned rankers, the second split and the champion's refit take what is there from any process; what an earlier training
fitted from the same facts is copied, so that every training's folder stands by itself.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from upath import UPath

from movierec.artifacts import copy_folder, read_bytes, write_bytes
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import KEY_DIGITS, Fits, Fitted, Part, SavedWhole, fit_key
from movierec.rankers.saved_models import saved_history
from movierec.rankers.saved_models.manifest import MANIFEST
from movierec.rankers.saved_models.model_card import CARD, history_folder, model_folder
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)

HISTORY = "history-"  # what the folder of a history begins with
MARK = "fit.json"  # written last: what has it is whole
LONG_SECONDS = 3.0  # what took less is made again in about the time that it takes to be kept and read


class FitStore(Fits):
    """Takes a fit from a training's folder, or from an earlier one's; makes and keeps it where neither has it."""

    def __init__(self, folder: TrainingFolder, kept_from: float = 0.0) -> None:
        """Remember the folder, and after how many seconds a fit is worth keeping; nothing is read before that."""
        self.folder = folder
        self.kept_from = kept_from

    @property
    def sparing(self) -> Fits:
        """The same for fits that hardly anybody else needs: of what is made anew, only what took long is kept."""
        return FitStore(self.folder, LONG_SECONDS)

    def ranker(self, unfitted: Fitted, dataset: Dataset, features: MovieFeatures) -> Fitted:
        """Return the ranker, fitted on a dataset and the features that were built from it."""
        history = self._history_folder(dataset)
        if saved_history.is_kept(history):
            saved_history.share(history, History.of(dataset))
        fitted = super().ranker(unfitted, dataset, features)
        kept_in = self.folder.fit(fit_key(unfitted.name, unfitted.parameters(), dataset, features))
        if (kept_in / MARK).exists():
            fitted.kept_in_ = kept_in
        return fitted

    def part(
        self,
        name: str,
        parameters: Mapping[str, Any],
        dataset: Dataset,
        features: MovieFeatures,
        make: Callable[[], Part],
        load: Callable[[UPath], Part],
    ) -> Part:
        """Return what `make` makes of a dataset by these parameters, or what `load` reads where it was kept."""
        key = fit_key(name, parameters, dataset, features)
        kept_in = self.folder.fit(key)
        if self._is_kept(key, name):
            return load(kept_in)
        started = time.monotonic()
        made = make()
        seconds = time.monotonic() - started
        if seconds < self.kept_from:
            return made
        (kept_in / MARK).unlink(missing_ok=True)  # of what is written over now, so that no manifest names it
        if isinstance(made, Ranker):  # a training set has no history
            saved_history.keep(self._history_folder(dataset), History.of(dataset))
            made.save(kept_in, history_in=self._history_folder(dataset))
        else:
            made.save(kept_in)
        _mark(kept_in, made, name, seconds)
        log.info("fit %s: %s ratings, %.1f s, %s", name, f"{len(dataset.ratings):,}", seconds, key)
        return made

    def _history_folder(self, dataset: Dataset) -> UPath:
        """Return where the history of a dataset is kept, once for all fits on it."""
        return self.folder.fit(f"{HISTORY}{dataset.fingerprint[:KEY_DIGITS]}")

    def _is_kept(self, key: str, name: str) -> bool:
        """Tell whether a fit is here; one that an earlier training has is copied first."""
        if _is_whole(self.folder.fit(key)):
            log.info("fit %s: taken, %s", name, key)
            return True
        for earlier in self.folder.earlier():
            if not _is_whole(earlier.fit(key)):
                continue
            try:
                _copy(earlier, self.folder, key)
            except ModelError:  # another run is pruning it
                continue
            log.info("fit %s: taken from training %d, %s", name, earlier.training_id, key)
            return True
        return False


def prune_fits(folder: TrainingFolder, champion: str) -> int:
    """Remove all fits of a training but those that its champion is made of, and the other rankers' models with them.

    A training of an earlier night is needed for one thing: its champion may be published again.

    Returns:
        How many folders were removed.
    """
    champions = (folder.final_model(champion), folder.model(champion))
    needed = {fit.path for fit in _fits_of(champions).values()} | {champions[1].path}
    folders = [path for parent in (folder.models, folder.fits) if parent.exists() for path in parent.iterdir()]
    removed = [path for path in folders if path.path not in needed]
    for path in removed:
        (path / MARK).unlink(missing_ok=True)  # first, so that nobody takes the half of it
        path.fs.rm(path.path, recursive=True)
    return len(removed)


def _fits_of(models: Iterable[UPath]) -> dict[str, UPath]:
    """Return the folders in `fits/` that saved models are made of, by name; each after those that it needs itself."""
    fits: dict[str, UPath] = {}
    for card in (card for model in models if model.exists() for card in model.rglob(CARD)):
        for other in (history_folder(card.parent), model_folder(card.parent)):
            if other is not None and other != card.parent and other.name not in fits:
                fits |= {**_fits_of([other]), other.name: other}
    return fits


def seconds_of(fitted: Ranker) -> float:
    """Return how long a fit took, when it was made; 0 where it is not kept."""
    if fitted.kept_in_ is None:
        return 0.0
    return float(json.loads(read_bytes(fitted.kept_in_ / MARK))["seconds"])


def _copy(source: TrainingFolder, target: TrainingFolder, key: str) -> None:
    """Copy a fit, and first those that it builds on: what is marked can be loaded."""
    for name, fit in _fits_of([source.fit(key)]).items():
        last = MANIFEST if name.startswith(HISTORY) else MARK
        if not (target.fit(name) / last).exists():
            copy_folder(fit, target.fit(name), last=last)
    copy_folder(source.fit(key), target.fit(key), last=MARK)


def _is_whole(kept_in: UPath) -> bool:
    """Tell whether all of a fit is there; one that had to go on without a base ranker is better tried again."""
    return (kept_in / MARK).exists() and not json.loads(read_bytes(kept_in / MARK))["left_out"]


def _mark(kept_in: UPath, made: SavedWhole, name: str, seconds: float) -> None:
    mark = {"name": name, "seconds": round(seconds, 3), "left_out": sorted(made.left_out)}
    write_bytes(kept_in / MARK, json.dumps(mark).encode())
