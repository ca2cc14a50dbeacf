"""The artifact store: a folder by default, S3, GCS or Azure by its URL. Snapshots, features and models live here."""

import logging
from collections.abc import Collection
from io import BytesIO

import pandas as pd
from upath import UPath

from movierec.config import Settings
from movierec.errors import ModelError

log = logging.getLogger(__name__)


def training_folder(settings: Settings, training_id: int) -> UPath:
    """Return the folder of a training."""
    return UPath(settings.artifacts) / "trainings" / f"{training_id:06d}"


def save_frame(path: UPath, frame: pd.DataFrame) -> None:
    """Write a frame as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False)
    path.write_bytes(buffer.getvalue())


def load_frame(path: UPath) -> pd.DataFrame:
    """Read a frame that `save_frame` wrote.

    Raises:
        ModelError: the file is missing or not Parquet.
    """
    try:
        return pd.read_parquet(BytesIO(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}); train again") from error


def prune_trainings(settings: Settings, kept: Collection[int]) -> list[int]:
    """Remove the folders of all trainings but these, and return which were removed."""
    root = UPath(settings.artifacts) / "trainings"
    folders = [folder for folder in root.iterdir() if folder.name.isdecimal()] if root.exists() else []
    removed = [folder for folder in folders if int(folder.name) not in kept]
    for folder in removed:
        folder.fs.rm(folder.path, recursive=True)
    return sorted(int(folder.name) for folder in removed)
