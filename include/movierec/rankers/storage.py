"""Models on disk: a JSON card that says what it is, and arrays beside it. Nothing is ever unpickled."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import numpy as np
from scipy import sparse
from upath import UPath

from movierec.errors import ModelError

FORMAT = 1
CARD = "ranker.json"
ARRAYS = "arrays.npz"

Arrays = dict[str, np.ndarray[Any, Any]]


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
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        found, ranker, parameters = card["format"], str(card["ranker"]), dict(card["parameters"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CARD} is not a ranker's card ({error!r}); train the model again") from error
    if found != FORMAT:
        raise ModelError(f"{folder / CARD} has format {found}; this version reads format {FORMAT}; train again")
    return ranker, parameters


def write_arrays(folder: UPath, arrays: Arrays) -> None:
    """Write named arrays as one `.npz`; equal arrays give equal bytes."""
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    (folder / ARRAYS).write_bytes(buffer.getvalue())


def read_arrays(folder: UPath) -> Arrays:
    """Read what `write_arrays` wrote.

    Raises:
        ModelError: the file is missing, cut short or not of plain arrays.
    """
    try:
        with np.load(BytesIO((folder / ARRAYS).read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ModelError(f"{folder / ARRAYS} is not a readable model ({error}); train the model again") from error


def pack(matrix: sparse.csr_matrix) -> Arrays:
    """Take a sparse matrix apart into arrays that `unpack` puts together again."""
    return {
        "data": matrix.data,
        "indices": matrix.indices,
        "indptr": matrix.indptr,
        "shape": np.array(matrix.shape, np.int64),
    }


def unpack(arrays: Arrays) -> sparse.csr_matrix:
    """Put a sparse matrix together again."""
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_matrix(parts, shape=tuple(arrays["shape"]))
