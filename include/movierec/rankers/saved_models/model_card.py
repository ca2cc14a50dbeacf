"""The card of a saved model: which ranker it is, with which hyper-parameters, in which version of the format."""

import json
import posixpath
from collections.abc import Mapping
from typing import Any

from upath import UPath

from movierec.artifacts import read_bytes, write_bytes
from movierec.errors import ModelError

FORMAT = 2
CARD = "ranker.json"
ARRAYS = "arrays.npz"
# in a card: relative paths of the folder with the arrays, and of that with the history
KEPT_IN, HISTORY_IN = "kept_in", "history_in"


def write_card(
    folder: UPath,
    ranker: str,
    parameters: Mapping[str, Any],
    kept_in: UPath | None = None,
    history_in: UPath | None = None,
) -> None:
    """Write which ranker this is, its hyper-parameters, the version of the format, and which folders hold the rest."""
    card = {"format": FORMAT, "ranker": ranker, "parameters": dict(parameters)}
    for name, other in ((KEPT_IN, kept_in), (HISTORY_IN, history_in)):
        if other is not None:
            card[name] = posixpath.relpath(other.path, folder.path)
    write_bytes(folder / CARD, json.dumps(card, indent=2, sort_keys=True).encode())


def model_folder(folder: UPath) -> UPath:
    """Return the folder that holds the arrays of a saved model: its own, or the one that its card names.

    Raises:
        ModelError: no card, not a card, or one of another format.
    """
    return _named(folder, KEPT_IN) or folder


def history_folder(folder: UPath) -> UPath | None:
    """Return the folder that holds the history of a saved model, None where that is among its arrays or its parent's.

    Raises:
        ModelError: no card, not a card, or one of another format.
    """
    return _named(folder, HISTORY_IN)


def _named(folder: UPath, name: str) -> UPath | None:
    """Return the folder that a card names."""
    other = _card(folder).get(name)
    if other is None:
        return None
    path = posixpath.normpath(posixpath.join(folder.path, str(other)))  # object stores know no ".."
    return UPath(path, protocol=folder.protocol, **folder.storage_options)


def read_card(folder: UPath) -> tuple[str, dict[str, Any]]:
    """Read the ranker's name and hyper-parameters.

    Raises:
        ModelError: no card, not a card, or one of another format.
    """
    card = _card(folder)
    return str(card["ranker"]), dict(card["parameters"])


def _card(folder: UPath) -> dict[str, Any]:
    data = read_bytes(folder / CARD)
    try:
        card = json.loads(data)
        version, _, _ = card["format"], str(card["ranker"]), dict(card["parameters"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CARD} is not a ranker's card ({error!r}); train again") from error
    if version != FORMAT:
        raise ModelError(f"{folder / CARD} has format {version}; this version reads format {FORMAT}; train again")
    return dict(card)
