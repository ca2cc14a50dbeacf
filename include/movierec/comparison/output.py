"""The files that a comparison writes: all results as JSON, every user's metrics as CSV."""

import csv
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from movierec.comparison.inputs import Files
from movierec.data.columns import USER
from movierec.errors import ConfigError
from movierec.scratch import naming_the_folder


def check_writable(path: Path, files: Files) -> None:
    """Refuse, before hours of work, a path that their results could not be written to.

    Raises:
        ConfigError: it is one of the files to read, no file, or may not be written.
    """
    if path.resolve() in {Path(file).resolve() for file in vars(files).values() if file}:
        raise ConfigError(f"{path} is one of the files to read; the results need a file of their own")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{path} cannot be written; allowed is a file in a folder that exists and may be written to")
    if path.exists() and not os.access(path, os.W_OK):
        raise ConfigError(f"{path} exists and may not be written to")


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write the results as JSON; a number that is not finite is null."""
    _write(path, json.dumps(_without_nan(results), indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def write_values(path: Path, values: Mapping[str, pd.DataFrame], user_names: pd.Index | None) -> None:
    """Write ranker, user_id, k and every metric as CSV, the users under the ids they came with.

    Args:
        path: the file.
        values: by ranker: `Evaluation.values`.
        user_names: the ids of users by their numbers, where the ids were text.
    """
    frames = [frame.assign(ranker=name) for name, frame in values.items()]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({USER: []})
    if user_names is not None:
        table[USER] = user_names[table[USER].to_numpy(int)]
    columns = ["ranker", *(name for name in table if name != "ranker")]
    _write(path, table.reindex(columns=columns).to_csv(index=False, quoting=csv.QUOTE_MINIMAL))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        DiskFullError: there is no room for it.
    """
    with naming_the_folder(path.parent):
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
