"""Remove a viewer from the artifact store: from snapshots, splits, lists and the histories that models carry.

What a model has learned (weights of movies, trees) holds nobody's rows; it stays, and its training is marked for refit.
Training sets hold rows of single viewers without naming them: those go whole, and are made again where they are needed.
"""

import logging
from collections.abc import Iterator

import numpy as np
from upath import UPath

from movierec.artifacts import Arrays, load_arrays, load_frame, remove_unfinished, save_arrays, save_frame
from movierec.config import Settings
from movierec.data.arrays import Ints
from movierec.data.columns import USER
from movierec.data.history import History
from movierec.rankers.building_blocks.cold_start import PREFIX as COLD_START
from movierec.rankers.saved_models import saved_history
from movierec.rankers.saved_models.manifest import MANIFEST, write_manifest
from movierec.rankers.saved_models.model_card import CARD, history_folder
from movierec.training.fit_store import MARK
from movierec.training.folder import TrainingFolder, training_folders, trainings

log = logging.getLogger(__name__)

OF_RATINGS = tuple(name for name in saved_history.FIELDS if name not in ("user_ids", "movie_ids"))
TRAINING_SET = "grades"  # an array that only a training set has


def forget_in_artifacts(settings: Settings, user: int) -> list[int]:
    """Remove a viewer from the folder of every kept training; return the trainings that had the viewer, ascending."""
    remove_unfinished(trainings(settings))  # they are searched by nobody
    trained = []
    for folder in training_folders(settings):
        files = [path for path in _files(folder.path) if _forget(path, user)]
        _unmark_fits(folder, files)
        if files:
            trained.append(folder.training_id)
            log.info("forget: training %d, %d files written anew", folder.training_id, len(files))
    return trained


def _unmark_fits(folder: TrainingFolder, files: list[UPath]) -> None:
    """Let nobody take a fit that these files are part of: it is of a viewer less than its key says."""
    changed = {folder.fit(path.relative_to(folder.fits).parts[0]) for path in files if folder.fits in path.parents}
    for mark in list(folder.fits.glob(f"*/{MARK}")) if changed else ():
        fit = mark.parent
        if fit in changed or ((fit / CARD).exists() and history_folder(fit) in changed):
            mark.unlink(missing_ok=True)


def viewers_in_artifacts(settings: Settings) -> Ints:
    """Return the ids of all viewers of whom kept trainings hold rows, ascending."""
    viewers = [_viewers(path) for folder in training_folders(settings) for path in _files(folder.path)]
    return np.unique(np.concatenate([np.empty(0, np.int64), *viewers]))


def files_with(folder: TrainingFolder, user: int) -> list[str]:
    """Return the files of a training that hold rows of a viewer."""
    return [path.path for path in _files(folder.path) if _has(path, user)]


def _files(folder: UPath) -> Iterator[UPath]:
    yield from sorted((path for path in folder.rglob("*") if path.suffix in (".parquet", ".npz")), key=str)


def _forget(path: UPath, user: int) -> bool:
    if not path.exists():  # went with its training set
        return False
    if path.suffix == ".parquet":
        return _forget_in_frame(path, user)
    return _forget_in_arrays(path, user)


def _forget_in_arrays(path: UPath, user: int) -> bool:
    arrays, manifest = load_arrays(path), path.with_name(MANIFEST)
    if TRAINING_SET in arrays:
        path.fs.rm(path.parent.path, recursive=True)
        return True
    without_rows = without_viewer(arrays, user)
    if without_rows is None:
        return False
    # Without a manifest a model is taken as it is: whenever this is interrupted, no manifest is wrong.
    has_manifest = manifest.exists()
    manifest.unlink(missing_ok=True)
    path.with_name(MARK).unlink(missing_ok=True)  # and in no new manifest
    save_arrays(path, without_rows)
    saved_history.unshare(path.parent)
    if has_manifest:
        write_manifest(path.parent)
    return True


def _forget_in_frame(path: UPath, user: int) -> bool:
    frame = load_frame(path)
    if USER not in frame or not (frame[USER] == user).any():
        return False
    save_frame(path, frame[frame[USER] != user].reset_index(drop=True))
    return True


def _has(path: UPath, user: int) -> bool:
    if path.suffix == ".parquet":
        frame = load_frame(path)
        return USER in frame and bool((frame[USER] == user).any())
    return without_viewer(load_arrays(path), user) is not None


def _viewers(path: UPath) -> Ints:
    if path.suffix == ".parquet":
        frame = load_frame(path)
        viewers = [frame[USER].to_numpy()] if USER in frame else []
    else:
        arrays = load_arrays(path)
        history, groups = saved_history.from_arrays(arrays), f"{COLD_START}user_ids"
        viewers = [
            *([history.user_ids] if history is not None else []),
            *([arrays[groups]] if groups in arrays else []),
        ]
    return np.unique(np.concatenate([np.empty(0, np.int64), *viewers])).astype(np.int64)


def without_viewer(arrays: Arrays, user: int) -> Arrays | None:
    """Return the arrays of a saved model without a viewer's history and group, None where the viewer has neither."""
    history, groups = saved_history.from_arrays(arrays), f"{COLD_START}user_ids"
    has_group = groups in arrays and user in arrays[groups]
    if (history is None or user not in history.user_ids) and not has_group:
        return None
    kept = dict(arrays)
    if history is not None and user in history.user_ids:
        kept |= saved_history.to_arrays(_without(history, user))
    if has_group:
        others = arrays[groups] != user
        kept |= {f"{COLD_START}{name}": arrays[f"{COLD_START}{name}"][others] for name in ("user_ids", "groups")}
    return kept


def _without(history: History, user: int) -> History:
    """Return a history without the ratings and the row of a user; those behind it move up."""
    row = int(np.searchsorted(history.user_ids, user))
    kept = {name: getattr(history, name)[history.users != row] for name in OF_RATINGS}
    kept["users"] = kept["users"] - (kept["users"] > row)
    return History(user_ids=np.delete(history.user_ids, row), movie_ids=history.movie_ids, **kept)
