"""The card of a saved model: which ranker it is, with which hyper-parameters, in which version of the format."""

import json
from collections.abc import Mapping
from typing import Any

from upath import UPath

from movierec.artifacts import read_bytes
from movierec.errors import ModelError

FORMAT = 2
CARD = "ranker.json"
ARRAYS = "arrays.npz"


def write_card(folder: UPath, ranker: str, parameters: Mapping[str, Any]) -> None:
    """Write which ranker this is, its hyper-parameters and the version of the format."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {"format": FORMAT, "ranker": ranker, "parameters": dict(parameters)}
    (folder / CARD).write_text(json.dumps(card, indent=2, sort_keys=True), encoding="utf-8")


def read_card(folder: UPath) -> tuple[str, dict[str, Any]]:
    """Read the ranker's name and hyper-parameters.

    Raises:
        ModelError: no card, not a card, or one of another format.
    """
    data = read_bytes(folder / CARD)
    try:
        card = json.loads(data)
        version, ranker, parameters = card["format"], str(card["ranker"]), dict(card["parameters"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CARD} is not a ranker's card ({error!r}); train again") from error
    if version != FORMAT:
        raise ModelError(f"{folder / CARD} has format {version}; this version reads format {FORMAT}; train again")
    return ranker, parameters
