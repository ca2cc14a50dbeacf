"""A history on disk: in the file of its model, or once for all models that were fitted on it.

Of what a simple ranker keeps, nine tenths are the ratings that it was fitted on; a training keeps some fifty fits.
"""

from dataclasses import fields
from weakref import WeakValueDictionary

from upath import UPath

from movierec.artifacts import Arrays, load_arrays, save_arrays
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.rankers.saved_models.manifest import MANIFEST, check_manifest, write_manifest
from movierec.rankers.saved_models.model_card import ARRAYS

FIELDS = tuple(field.name for field in fields(History))
PREFIX = "history."  # in front of the arrays

_by_folder: "WeakValueDictionary[str, History]" = WeakValueDictionary()


def to_arrays(history: History) -> Arrays:
    """Return the arrays of a history by the names that saved models use."""
    return {f"{PREFIX}{name}": getattr(history, name) for name in FIELDS}


def from_arrays(arrays: Arrays) -> History | None:
    """Return the history that is among the arrays of a model, None where it is elsewhere.

    A KeyError says that a part of it is missing.
    """
    if f"{PREFIX}{FIELDS[0]}" not in arrays:
        return None
    return History(**{name: arrays[f"{PREFIX}{name}"] for name in FIELDS})


def keep(folder: UPath, history: History) -> None:
    """Write a history into a folder of its own, unless it is there already."""
    if not is_kept(folder):
        save_arrays(folder / ARRAYS, to_arrays(history))
        write_manifest(folder)
    share(folder, history)


def is_kept(folder: UPath) -> bool:
    """Tell whether a whole history is there."""
    return (folder / MANIFEST).exists()


def share(folder: UPath, history: History) -> None:
    """Let whoever loads what is kept there have this object, as long as somebody holds it."""
    _by_folder[str(folder)] = history


def unshare(folder: UPath) -> None:
    """Have what is kept there read again: it has changed."""
    _by_folder.pop(str(folder), None)


def load(folder: UPath) -> History:
    """Read what `keep` wrote, once for all who need it at the same time.

    Raises:
        ModelError: it is missing, damaged or not what was written.
    """
    history = _by_folder.get(str(folder))
    if history is None:
        check_manifest(folder)
        history = from_arrays(load_arrays(folder / ARRAYS))
        if history is None:
            raise ModelError(f"{folder} holds no history; train again")
        share(folder, history)
    return history
